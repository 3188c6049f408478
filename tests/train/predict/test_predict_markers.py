"""Points in space: virtual markers and a video tool's keypoints give the motion that they come from."""

import json
import re
import subprocess
import sys
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from made_up_person import FPS, in_world, motion, size
from scipy.spatial.transform import Rotation

from c3d_writer import write_c3d
from kinesynth.dataset import ShardDataset
from kinesynth.errors import BadInput
from kinesynth.kinematics.worn_markers import landmark_places
from kinesynth.opensim_files import read_storage, read_trc, write_trc
from kinesynth.skeleton import SkeletonLayer
from kinesynth_train.calibration.camera import TO_Y_UP
from kinesynth_train.cli import run
from kinesynth_train.predict.landmarks import generic_skeleton, keypoint_sets
from kinesynth_train.predict.marker_files import lines_through, read_marked
from kinesynth_train.predict.network import without_misfits
from kinesynth_train.predict.predict import _marked_motion as marked_motion
from kinesynth_train.predict.scaled import scaled

FRAMES = 30


def errors(path: Path, angles: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    found, coordinates = read_storage(path), generic_skeleton().coordinate_names
    return np.stack([found.column(name) - np.degrees(angles[:, coordinates.index(name)]) for name in names], axis=1)


def worn_trial(
    path: Path,
    angles: np.ndarray,
    *,
    turn: np.ndarray = TO_Y_UP["y"],
    displaced: Mapping[str, tuple[float, float, float]] | None = None,
    without: Collection[str] = (),
) -> Path:
    """Write the markers of angles (T, J) of one who wears them at their landmarks, or displaced (3,) m from there.

    The world is turned by a matrix (3, 3).
    """
    skeleton = scaled(generic_skeleton(), size())
    known = {name: place for name, place in landmark_places().items() if name not in without}
    bodies = np.array([skeleton.body_names.index(body) for body, _ in known.values()])
    places = np.array([place + np.array((displaced or {}).get(name, (0, 0, 0))) for name, (_, place) in known.items()])
    worn = replace(skeleton, marker_names=tuple(known), marker_bodies=bodies, marker_places=places * size()[bodies])
    names = [name if name.startswith(("R", "L")) else f"{name}_study" for name in known]
    write_trc(path, names, SkeletonLayer(worn)(torch.tensor(angles)).markers.numpy() @ turn.T, FPS)
    return path


def test_markers_give_the_motion(tmp_path: Path) -> None:
    """Those of the knees are worn 2 cm in front of their landmarks."""
    angles = motion(FRAMES)
    forward = {f"{side}{place}": (0.02, 0.0, 0.0) for side in "RL" for place in ("LFC", "MFC")}
    path = worn_trial(tmp_path / "walk.trc", angles, displaced=forward)
    assert run(["predict", "--markers", str(path), "--output", str(tmp_path / "out")]) == 0
    names = ("pelvis_tilt", "hip_flexion_r", "knee_angle_l", "ankle_angle_r")
    away = errors(tmp_path / "out/kinematics/walk.mot", angles, names)
    assert np.abs(away).max() < 3.0
    assert not (tmp_path / "out/overlay").exists()


def with_usual_tilt(angles: np.ndarray) -> np.ndarray:
    tilted = angles.copy()
    tilted[:, generic_skeleton().coordinate_names.index("pelvis_tilt")] = np.radians(-5.4)
    return tilted


def standing() -> np.ndarray:
    """Return angles (T, J) of one who stands still, knees 3 degrees bent."""
    names = generic_skeleton().coordinate_names
    angles = np.repeat(motion(1), FRAMES, axis=0)
    for side in "rl":
        for name, degrees in (("hip_flexion", 5.0), ("knee_angle", 3.0), ("ankle_angle", 3.0)):
            angles[:, names.index(f"{name}_{side}")] = np.radians(degrees)
    return generic_skeleton().coupled(with_usual_tilt(angles))


def test_a_static_trial_tells_where_markers_sit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a pelvis without markers behind, those in front of which are worn 3 cm too high, motion tells no tilt.

    The inner markers of the knees are taken off after the static trial.
    """
    angles, high = with_usual_tilt(motion(FRAMES)), {"RASI": (0.0, 0.03, 0.0), "LASI": (0.0, 0.03, 0.0)}
    behind = ("RPSI", "LPSI", "RILC", "LILC")
    walk = worn_trial(tmp_path / "walk.trc", angles, displaced=high, without=(*behind, "RMFC", "LMFC"))
    still = worn_trial(tmp_path / "still.trc", standing(), displaced=high, without=behind)
    given = ["predict", "--markers", str(walk), "--static", str(still), "--output", str(tmp_path / "out")]
    assert run(given) == 0
    assert "no static trial" not in capsys.readouterr().err
    away = errors(tmp_path / "out/kinematics/walk.mot", angles, ("pelvis_tilt", "hip_flexion_r", "knee_angle_l"))
    assert np.abs(away).max() < 2.0
    assert run([*given[:3], *given[5:]]) == 0
    untold = errors(tmp_path / "out/kinematics/walk.mot", angles, ("pelvis_tilt",))
    assert untold.mean() > 2.0


def test_markers_that_were_moved_after_the_static_trial_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both of a wrist, by 8 cm along the forearm: their distances stay."""
    aside = {"RFAR": (0.0, 0.08, 0.0), "RFAU": (0.0, 0.08, 0.0)}
    walk = worn_trial(tmp_path / "walk.trc", with_usual_tilt(motion(FRAMES)), displaced=aside)
    still = worn_trial(tmp_path / "still.trc", standing())
    given = ["predict", "--markers", str(walk), "--static", str(still), "--output", str(tmp_path / "out")]
    assert run(given) == 0
    told = capsys.readouterr().err
    assert re.search(r"RFA[RU].*: over 30 mm from where --static has them", told)
    assert "LFA" not in told


def test_another_persons_static_trial_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Markers on one bone keep their distances; those of somebody a tenth taller do not."""
    walk = worn_trial(tmp_path / "walk.trc", motion(FRAMES))
    still = read_trc(worn_trial(tmp_path / "still.trc", standing()))
    write_trc(tmp_path / "taller.trc", still.names, 1.1 * still.positions, FPS)
    given = ["predict", "--markers", str(walk), "--static", str(tmp_path / "taller.trc")]
    assert run([*given, "--output", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err.strip().splitlines()
    assert len(told) == 1
    assert "taller.trc: static: found markers 9% nearer or farther" in told[0]
    assert "leave --static out" in told[0]


def test_nobody_stands_still_in_a_motion(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = worn_trial(tmp_path / "walk.trc", motion(FRAMES))
    given = ["predict", "--markers", str(path), "--static", str(path), "--output", str(tmp_path / "out")]
    assert run(given) == 2
    assert "nobody who stands still" in capsys.readouterr().err


def test_a_static_trial_needs_a_motion(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["predict", "--static", "a.trc", "--output", str(tmp_path)]) == 2
    assert "--static" in capsys.readouterr().err


def test_a_static_trial_of_keypoints_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where a detector's points sit is told by its table, and by no standing person."""
    points = in_world(motion(FRAMES), "halpe26")
    known = np.isfinite(points).all(axis=(0, 2))
    names = [name for name, there in zip(keypoint_sets()["halpe26"], known, strict=True) if there]
    write_trc(tmp_path / "walk.trc", names, points[:, known], FPS)
    given = ["predict", "--markers", str(tmp_path / "walk.trc"), "--static", str(tmp_path / "walk.trc")]
    assert run([*given, "--output", str(tmp_path / "out")]) == 2
    assert "leave it out" in capsys.readouterr().err


def test_markers_need_neither_opensim_nor_a_body() -> None:
    code = (
        "import sys; import kinesynth_train.predict.worn_motion, kinesynth_train.predict.predict; "
        "print(sorted({'opensim', 'smplx', 'anny'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_keypoints_of_a_trc_give_the_motion(tmp_path: Path) -> None:
    angles = motion(FRAMES)
    points = in_world(angles, "halpe26")
    known = np.isfinite(points).all(axis=(0, 2))
    names = [name for name, there in zip(keypoint_sets()["halpe26"], known, strict=True) if there]
    write_trc(tmp_path / "walk.trc", names, points[:, known], FPS)
    assert read_marked(tmp_path / "walk.trc").skeleton.marker_names == tuple(names)
    assert run(["predict", "--markers", str(tmp_path / "walk.trc"), "--output", str(tmp_path / "out")]) == 0
    away = errors(tmp_path / "out/kinematics/walk.mot", angles, ("hip_flexion_r", "knee_angle_r", "knee_angle_l"))
    assert np.sqrt((away**2).mean()) < 2.0


def test_the_network_that_ships_tells_angles_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of one who wears every landmark; who wears nothing but wands on the legs is refused."""
    angles = motion(FRAMES)
    path = worn_trial(tmp_path / "walk.trc", angles)
    given = ["--method", "neurik", "--output", str(tmp_path / "out")]
    assert run(["predict", "--markers", str(path), *given]) == 0
    assert "angles by the network neurik_any" in capsys.readouterr().err
    assert json.loads((tmp_path / "out/predict.json").read_text())["method"] == "neurik_any"
    names = ("hip_flexion_r", "knee_angle_r", "knee_angle_l", "ankle_angle_r")
    away = errors(tmp_path / "out/kinematics/walk.mot", angles, names)
    assert np.sqrt((away**2).mean()) < 8.0
    wands = {"RTH3": "RTHI", "LTH3": "LTHI", "RTB2": "RTIB", "LTB2": "LTIB"}
    legs = [name for name, (body, _) in landmark_places().items() if body.startswith(("femur", "tibia"))]
    bare = read_trc(worn_trial(tmp_path / "bare.trc", angles, without=set(legs) - wands.keys()))
    write_trc(tmp_path / "bare.trc", [wands.get(name, name) for name in bare.names], bare.positions, FPS)
    assert run(["predict", "--markers", str(tmp_path / "bare.trc"), *given]) == 2
    assert "knees" in capsys.readouterr().err.splitlines()[-1]


def test_frames_whose_markers_are_far_from_the_networks_skeleton_are_not_believed(tmp_path: Path) -> None:
    found = marked_motion(read_marked(worn_trial(tmp_path / "walk.trc", motion(FRAMES))), 6.0, None)
    assert without_misfits(found) is found
    far = np.linspace(0.0, 0.1, FRAMES)
    some = without_misfits(replace(found, poses=replace(found.poses, misfit=far)))
    np.testing.assert_array_equal(some.poses.valid, far <= 0.06)
    assert "12 frames are not believed" in some.notes[-1]
    with pytest.raises(BadInput, match="200 mm from its skeleton"):
        without_misfits(replace(found, poses=replace(found.poses, misfit=np.full(FRAMES, 0.2))))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("--markers", "a.trc", "--method", "keypoints"), "markers or neurik for --markers"),
        (("--video", "cam0=a.mov", "--method", "markers"), "keypoints or neurik for views"),
        (("--markers", "a.trc", "--method", "neurik", "--checkpoint", "b.pt"), "one of the two"),
    ],
)
def test_a_method_must_fit_what_is_given(
    given: tuple[str, ...], expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["predict", *given, "--output", str(tmp_path)]) == 2
    assert expected in capsys.readouterr().err


def test_unknown_names_are_told(tmp_path: Path) -> None:
    write_trc(tmp_path / "a.trc", ["one", "two"], np.ones((9, 2, 3)), FPS)
    with pytest.raises(BadInput, match="0 of known names"):
        read_marked(tmp_path / "a.trc")


def test_markers_stand_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["predict", "--markers", "a.trc", "--cameras", "b.toml", "--output", str(tmp_path)]
    assert run(given) == 2
    assert "markers alone" in capsys.readouterr().err


def test_the_axis_that_is_up_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = worn_trial(tmp_path / "walk.trc", motion(FRAMES), turn=TO_Y_UP["z"].T)
    given = ["predict", "--markers", str(path), "--output", str(tmp_path / "out")]
    assert run(given) == 0
    assert "lies along" not in capsys.readouterr().err
    away = errors(tmp_path / "out/kinematics/walk.mot", motion(FRAMES), ("pelvis_tilt", "knee_angle_l"))
    assert np.abs(away).max() < 2.0


def test_an_odd_axis_that_is_up_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = worn_trial(tmp_path / "walk.trc", motion(FRAMES), turn=TO_Y_UP["-y"])
    given = ["predict", "--markers", str(path), "--output", str(tmp_path / "out")]
    assert run(given) == 0
    assert "up axis taken to be -y" in capsys.readouterr().err
    assert run([*given, "--up", "y"]) == 2
    assert "stands on the head" in capsys.readouterr().err


def test_who_lies_is_asked_about(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    aslant = Rotation.from_euler("z", 45, degrees=True).as_matrix()
    path = worn_trial(tmp_path / "walk.trc", motion(FRAMES), turn=aslant)
    assert run(["predict", "--markers", str(path), "--output", str(tmp_path / "out")]) == 2
    assert "say by --up which axis is up" in capsys.readouterr().err


def test_a_c3d_file_is_read_with_the_mass_that_it_states(tmp_path: Path) -> None:
    path = worn_trial(tmp_path / "walk.trc", motion(FRAMES))
    trial = read_trc(path)
    write_c3d(tmp_path / "walk.c3d", trial.names, positions=trial.positions, rate=FPS, mass=71.5)
    given = ["predict", "--markers", str(tmp_path / "walk.c3d"), "--output", str(tmp_path / "out")]
    assert run(given) == 0
    assert json.loads((tmp_path / "out/predict.json").read_text())["mass_kg"] == 71.5
    away = errors(tmp_path / "out/kinematics/walk.mot", motion(FRAMES), ("pelvis_tilt", "knee_angle_l"))
    assert np.abs(away).max() < 2.0


def test_what_belongs_to_views_is_not_ignored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["predict", "--markers", "a.trc", "--output", str(tmp_path / "out"), "--fps", "60"]) == 2
    assert "--fps: found what belongs to views" in capsys.readouterr().err


def test_lines_meet_in_the_points() -> None:
    points = np.random.default_rng(5 + FRAMES).normal(size=(4, 3, 3))
    points[1, 2] = np.nan
    lines = lines_through(points, np.array([0.01, 0.02, 0.03]))
    place = np.nan_to_num(points) + np.array([0.02, -0.01, 0.03])
    away = torch.tensor(place) - lines.origins[:, None, None]
    miss = away - (away * lines.directions).sum(dim=-1, keepdim=True) * lines.directions
    cost = (lines.weights * miss.square().sum(dim=-1)).sum(dim=0).numpy()
    truth = np.nansum((place - points) ** 2, axis=-1) / np.array([0.01, 0.02, 0.03]) ** 2
    np.testing.assert_allclose(cost, np.where(np.isfinite(points).all(axis=-1), truth, 0.0), rtol=2e-3)


LOST, SWAPPED = slice(40, 70), 85


def table_with_gaps(path: Path) -> dict[str, np.ndarray]:
    """Return the columns of a .sto whose values may be NaN."""
    lines = path.read_text().splitlines()
    start = lines.index("endheader")
    values = np.array([[float(cell) for cell in line.split()] for line in lines[start + 2 :]])
    return dict(zip(lines[start + 1].split(), values.T, strict=True))


def partly_seen(tmp_path: Path, angles: np.ndarray) -> Path:
    """Write a trial without markers on the left arm, in which the right shank's are lost for half a second.

    After that the right foot's foremost and hindmost are taken for each other.
    """
    arm = [
        name for name, (body, _) in landmark_places().items() if body in ("humerus_l", "ulna_l", "radius_l", "hand_l")
    ]
    trial = read_trc(worn_trial(tmp_path / "whole.trc", angles, without=arm))
    positions = trial.positions.copy()
    carriers = [landmark_places()[name.removesuffix("_study")][0] for name in trial.names]
    positions[LOST, [body == "tibia_r" for body in carriers]] = np.nan
    pair = [trial.names.index("RTOE"), trial.names.index("RCAL")]
    positions[SWAPPED:, pair] = positions[SWAPPED:, pair[::-1]]
    write_trc(tmp_path / "walk.trc", trial.names, positions, FPS)
    return tmp_path / "walk.trc"


def test_angles_that_no_marker_told_are_masked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    angles = with_usual_tilt(motion(100))
    path, out = partly_seen(tmp_path, angles), tmp_path / "out"
    still = worn_trial(tmp_path / "still.trc", standing())
    given = ["predict", "--markers", str(path), "--static", str(still), "--output", str(out)]
    assert run(given) == 0
    told = capsys.readouterr().err
    assert "no marker on humerus_l, ulna_l, radius_l, hand_l: their angles are not believed" in told
    believed = table_with_gaps(out / "kinematics/walk_believed.sto")
    assert len(believed["time"]) == 100
    assert np.isnan(believed["elbow_flex_l"]).all()
    assert np.isnan(believed["knee_angle_r"][LOST]).all()
    assert np.isfinite(believed["knee_angle_r"][: LOST.start]).all()
    for name in ("elbow_flex_r", "hip_flexion_l", "ankle_angle_l"):
        assert np.isfinite(believed[name][: SWAPPED - 5]).all()
        assert np.isnan(believed[name][SWAPPED + 3 :]).all()
    (item,) = ShardDataset(out / "walk.h5", window=100, stride=100)
    names = generic_skeleton().coordinate_names
    for name in ("elbow_flex_l", "knee_angle_r", "hip_flexion_l"):
        masked = item["quality"]["angle_valid"][:, names.index(name)]
        np.testing.assert_array_equal(masked, np.isfinite(believed[name]))
    summary = json.loads((out / "predict.json").read_text())
    lost, swapped = summary["angles_not_believed_seconds"]["knee_angle_r"]
    assert lost == pytest.approx([LOST.start / FPS, LOST.stop / FPS], abs=1e-3)
    assert summary["angles_not_believed_seconds"]["hip_flexion_l"] == [swapped]
    assert "frames have the markers on bone more than 20 mm (RMS) off: not believed" in told
