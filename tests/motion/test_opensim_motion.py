"""The real gait trial as SMPL-X motion: knees, hips and ankles bend by the file's angles."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from kinesynth.body.proportions import Proportions
from kinesynth.errors import BadInput
from kinesynth.motion.opensim_motion import coordinate_name, read_opensim
from kinesynth.motion.recording import Recording
from kinesynth.opensim_files import read_storage, write_storage
from kinesynth.skeleton.definition import SkeletonDefinition

TIMEOUT = 120.0
Trial = tuple[Recording, dict[str, np.ndarray]]


@pytest.fixture(scope="module")
def trial(shared: Path, people: list[Proportions], tmp_path_factory: pytest.TempPathFactory) -> Trial:
    """Every tenth row of the trial, in degrees, with plain names; dependent coordinates as wrong as they came."""
    folder = shared / "data/walking"
    storage = read_storage(folder / "coordinates.sto")
    columns = {coordinate_name(label): storage.values[::10, i] for i, label in enumerate(storage.names)}
    degrees = {
        name: values if name.endswith(("_tx", "_ty", "_tz", "_beta")) else np.degrees(values)
        for name, values in columns.items()
    }
    path = tmp_path_factory.mktemp("opensim") / "walk.mot"
    write_storage(path, storage.times[::10], degrees, in_degrees=True, name="walk")
    log = path.with_name("log")
    return read_opensim(path, folder / "subject_walk_scaled.osim", people[0], TIMEOUT, log), columns


def angles(recording: Recording, joint: int, sequence: str = "XYZ") -> np.ndarray:
    pose = recording.poses[:, 3 * joint : 3 * joint + 3]
    return Rotation.from_rotvec(pose).as_euler(sequence, degrees=True)


@pytest.mark.parametrize(
    ("coordinate", "joint", "sign", "most"),
    [
        ("knee_angle_r", 5, 1, 5.0),
        ("knee_angle_l", 4, 1, 5.0),
        ("hip_flexion_r", 2, -1, 4.0),
        ("hip_flexion_l", 1, -1, 4.0),
        ("ankle_angle_r", 8, -1, 4.0),
        ("ankle_angle_l", 7, -1, 4.0),
    ],
)
def test_legs_bend_by_the_files_angles(trial: Trial, coordinate: str, joint: int, sign: int, most: float) -> None:
    recording, columns = trial
    difference = sign * angles(recording, joint)[:, 0] - np.degrees(columns[coordinate])
    assert np.abs(difference).max() < most
    assert np.ptp(difference) < 4.0


def test_elbows_and_direction(trial: Trial) -> None:
    recording, columns = trial
    assert recording.fps == pytest.approx(100.0)
    for name, joint, sign in (("elbow_flex_r", 19, 1), ("elbow_flex_l", 18, -1)):
        difference = sign * angles(recording, joint)[:, 1] - np.degrees(columns[name])
        assert np.abs(difference - difference.mean()).max() < 4.0
    travelled = recording.root[-1] - recording.root[0]
    assert travelled[0] > 1.0
    assert 0.8 < recording.attrs["root_scale"] < 1.2


def test_the_neck_turns_as_the_models_head(people: list[Proportions], skeleton: Path, tmp_path: Path) -> None:
    """Each of the body's two neck joints takes half of the turn; their x axis points left."""
    times, tilt = np.arange(4) / 100, np.linspace(0.0, 0.6, 4)
    still = {name: np.zeros(4) for name in SkeletonDefinition.from_osim(skeleton).coordinate_names}
    write_storage(tmp_path / "nod.mot", times, still | {"neck_extension": tilt}, in_degrees=False, name="nod")
    nod = read_opensim(tmp_path / "nod.mot", skeleton, people[0], TIMEOUT, tmp_path / "log")
    for joint in (12, 15):
        expected = np.outer(-tilt / 2.0, [1.0, 0.0, 0.0])
        np.testing.assert_allclose(nod.poses[:, 3 * joint : 3 * joint + 3], expected, atol=1e-9)


def test_labels() -> None:
    assert coordinate_name("/jointset/hip_r/hip_flexion_r/value") == "hip_flexion_r"
    assert coordinate_name("/jointset/hip_r/hip_flexion_r/speed") == ""
    assert coordinate_name("pelvis_tilt") == "pelvis_tilt"


def test_bad_files(shared: Path, people: list[Proportions], tmp_path: Path) -> None:
    model = shared / "data/walking/subject_walk_scaled.osim"
    times = np.arange(20) / 100
    foreign, uneven, garbage = tmp_path / "foreign.mot", tmp_path / "uneven.mot", tmp_path / "garbage.osim"
    write_storage(foreign, times, {"speed": times}, in_degrees=False, name="x")
    write_storage(uneven, times**2, {"pelvis_tilt": times}, in_degrees=False, name="x")
    garbage.write_text("<OpenSimDocument>")
    for path, file, said in (
        (foreign, model, "columns"),
        (uneven, model, "even steps"),
        (foreign, garbage, "model|tool|process"),
    ):
        with pytest.raises(Exception, match=said) as error:
            read_opensim(path, file, people[0], TIMEOUT, tmp_path / "log")
        assert "\n" not in str(error.value)
    with pytest.raises(BadInput, match="no such file"):
        read_opensim(foreign, tmp_path / "missing.osim", people[0], TIMEOUT, tmp_path / "log")
