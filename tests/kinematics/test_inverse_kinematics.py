from pathlib import Path

import numpy as np
import pytest
from model_motion import markers_of, turning

from kinesynth.config import InverseKinematics
from kinesynth.errors import BadInput, ClipRejected
from kinesynth.isolation import isolated
from kinesynth.kinematics.inverse_kinematics import check_markers, inverse_kinematics
from kinesynth.stage_file import Clip, StageFile, read_stage, write_stage

pytest.importorskip("opensim")

FRAMES = 6
FPS = 30.0
PHASE = np.linspace(0.0, 1.0, FRAMES)
MOTION = turning(FRAMES, knee_angle_l=0.3 - 0.1 * PHASE, arm_flex_r=2.0 + 0.5 * PHASE, elbow_flex_l=0.3 + 1.2 * PHASE)


@pytest.fixture(scope="module")
def solved(skeleton: Path, tmp_path_factory: pytest.TempPathFactory):
    """A clip of known angles, the same with a marker lost, and one in millimetres, through the stage."""
    folder = tmp_path_factory.mktemp("ik")
    names, positions, coordinates, angles = isolated(
        markers_of, skeleton, MOTION, FRAMES, timeout_seconds=60, log=folder / "log"
    )
    lost = positions.copy()
    lost[2:4, names.index("RLEL")] = np.nan
    clips = {"known": positions, "lost": lost, "millimetres": 1000 * positions}
    stage = StageFile(
        {name: Clip(name, {"markers": array}, {"fps": FPS, "subject": "s"}) for name, array in clips.items()},
        attrs={"marker_names": names},
    )
    write_stage(folder / "markers.h5", stage)
    inverse_kinematics(
        markers=folder / "markers.h5",
        model=skeleton,
        output=folder / "ik.h5",
        log=folder / "log",
        ik=InverseKinematics(
            "opensim", accuracy=1e-6
        ),  # tighter, the tool gives frames up without a word: nine couplers are hard constraints to it
    )
    return read_stage(folder / "ik.h5"), names, positions, coordinates, angles


@pytest.mark.parametrize("clip", ["known", "lost"])
def test_angles_are_found_in_radians(solved, clip: str) -> None:
    stage, _, _, coordinates, angles = solved
    assert stage.attrs["coordinate_names"] == coordinates
    apart = np.rad2deg(np.abs(stage.clips[clip].arrays["angles"] - angles))
    ends = [name.startswith(("mtp_", "pro_sup", "wrist_")) for name in coordinates]  # few markers tell them
    assert apart[:, ends].max() < 1.5
    assert apart[:, ~np.array(ends)].max() < 0.5


def test_dependent_coordinates_follow_their_couplers(solved) -> None:
    stage, _, _, coordinates, _ = solved
    found = stage.clips["known"].arrays["angles"]
    np.testing.assert_allclose(
        found[:, coordinates.index("knee_angle_r_beta")], found[:, coordinates.index("knee_angle_r")], atol=1e-12
    )


def test_errors_and_keypoints_are_the_models(solved) -> None:
    stage, names, positions, _, _ = solved
    arrays = stage.clips["known"].arrays
    bodies = len(stage.attrs["body_names"])
    assert arrays["keypoints"].shape == (FRAMES, 2 * bodies, 3)
    np.testing.assert_allclose(arrays["marker_error"], np.linalg.norm(arrays["markers"] - positions, axis=-1))
    assert arrays["marker_error_max"].max() < 1e-3
    hip = arrays["keypoints"][:, stage.attrs["body_names"].index("femur_r")]
    assert np.linalg.norm(hip - positions[:, names.index("RGTR")], axis=-1).max() < 0.15


def test_a_lost_marker_has_no_error(solved) -> None:
    stage, names, _, _, _ = solved
    arrays = stage.clips["lost"].arrays
    assert np.isnan(arrays["marker_error"]).sum() == 2
    assert np.isnan(arrays["marker_error"][2:4, names.index("RLEL")]).all()
    assert np.isfinite(arrays["marker_error_rms"]).all()


def test_a_clip_in_the_wrong_unit_is_rejected_and_the_rest_delivered(solved) -> None:
    stage = solved[0]
    assert list(stage.clips) == ["known", "lost"]
    assert stage.rejected["millimetres"].reason == "markers not the size of a person in metres"


def test_markers_without_counterpart_are_bad_input(skeleton: Path, tmp_path: Path) -> None:
    clip = Clip("c", {"markers": np.zeros((2, 1, 3))}, {"fps": FPS})
    write_stage(tmp_path / "m.h5", StageFile({"c": clip}, attrs={"marker_names": ["Nose"]}))
    with pytest.raises(BadInput, match="marker_names"):
        inverse_kinematics(markers=tmp_path / "m.h5", model=skeleton, output=tmp_path / "o.h5", log=tmp_path / "log")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda x: x[0], "shape"),
        (lambda x: x[:0], "shape"),
        (lambda x: x[:, :19], "shape"),
        (lambda x: np.where(np.arange(20)[:, None] < 10, np.nan, x), "missing"),
        (lambda x: np.where(np.arange(4)[:, None, None] == 2, np.nan, x), "no markers"),
        (lambda x: 0.01 * x, "size of a person"),
        (lambda x: x + 1000.0, "far"),
    ],
)
def test_unusable_markers_are_rejected(spoil, reason: str) -> None:
    positions = np.random.default_rng(0).uniform(-1, 1, size=(4, 20, 3))
    check_markers(positions, 20)
    with pytest.raises(ClipRejected, match=reason):
        check_markers(spoil(positions), 20)


def _with_factor(skeleton: Path) -> tuple[float, float]:
    """Return a dependent coordinate before and after its coupler's factor is doubled."""
    import opensim

    from kinesynth.opensim_models.couplers import coupled, couplers

    model = opensim.Model(str(skeleton))
    names = [coordinate.getName() for coordinate in model.getCoordinateSet()]
    coupler = couplers(model)[0]
    angles = np.zeros((1, len(names)))
    angles[0, [names.index(name) for name in coupler.independent]] = 0.8
    column = names.index(coupler.dependent)
    before = coupled(model, angles)[0, column]
    path = skeleton.with_name("doubled.osim")
    model.printToXML(str(path))
    head = f'<CoordinateCouplerConstraint name="{coupler.dependent}_coupler">'
    path.write_text(path.read_text().replace(head, head + "<scale_factor>2</scale_factor>", 1))
    return before, coupled(opensim.Model(str(path)), angles)[0, column]


def test_a_couplers_factor_counts(skeleton: Path, tmp_path: Path) -> None:
    copy = tmp_path / "model.osim"
    copy.write_bytes(skeleton.read_bytes())
    before, after = isolated(_with_factor, copy, timeout_seconds=60.0, log=tmp_path / "log")
    assert before != 0.0
    assert after == pytest.approx(2.0 * before)
