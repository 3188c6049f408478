"""Motions whose ground reaction is known by physics."""

from pathlib import Path

import numpy as np
import pytest
from motions import jump, planted, squat, standing, write_angles

from kinesynth.config import GroundReaction
from kinesynth.dynamics.ground_reaction import ground_reaction
from kinesynth.dynamics.inverse_dynamics import inverse_dynamics
from kinesynth.errors import BadInput
from kinesynth.gravity import GRAVITY
from kinesynth.stage_file import Clip, StageFile, read_stage, write_stage

FPS = 60.0


@pytest.fixture(scope="module")
def clips(skeleton: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Clip, Clip]]:
    """Ground reaction and inverse dynamics of the known motions."""
    folder = tmp_path_factory.mktemp("dynamics")
    names, stand = standing(skeleton, 40)
    hover = stand.copy()
    hover[:, names.index("pelvis_ty")] += 0.5
    seat = planted(skeleton, {f"{joint}_{side}": 1.5 for joint in ("hip_flexion", "knee_angle") for side in "rl"}, 40)
    motions = {
        "stand": stand,
        "squat": squat(skeleton, FPS)[1],
        "jump": jump(skeleton, FPS)[1],
        "hover": hover,
        "seat": seat[1],
    }
    ik = write_angles(folder / "ik.h5", motions, names, FPS)
    log = folder / "log"
    (folder / "scale.json").write_text('{"mass_kg": 75.0, "mass_error_kg": 8.1}')
    ground_reaction(ik=ik, model=skeleton, scale=folder / "scale.json", output=folder / "grf.h5", log=log)
    inverse_dynamics(grf=folder / "grf.h5", model=skeleton, output=folder / "id.h5", log=log)
    grf, moments = read_stage(folder / "grf.h5"), read_stage(folder / "id.h5")
    assert not grf.rejected
    assert not moments.rejected
    return {clip_id: (grf.clips[clip_id], moments.clips[clip_id]) for clip_id in motions}


@pytest.fixture(scope="module")
def own(skeleton: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Clip]:
    """Ground reaction of two motions that are low-passed at their own cut-offs."""
    folder = tmp_path_factory.mktemp("own_cutoffs")
    names, motion = squat(skeleton, FPS)
    ik = write_angles(folder / "ik.h5", {"squat": motion, "jump": jump(skeleton, FPS)[1]}, names, FPS)
    output = folder / "grf.h5"
    ground_reaction(ik=ik, model=skeleton, output=output, grf=GroundReaction(cutoff_hz=0.0), log=folder / "log")
    return dict(read_stage(output).clips)


def vertical(clip: Clip) -> np.ndarray:
    """Return the vertical force of both feet (T,) in body weights."""
    return np.asarray(clip.arrays["force"][..., 1].sum(axis=1) / (clip.attrs["mass_kg"] * GRAVITY))


def test_standing_carries_the_body_weight_under_the_feet(clips: dict[str, tuple[Clip, Clip]]) -> None:
    clip, _ = clips["stand"]
    np.testing.assert_allclose(vertical(clip), 1.0, atol=0.02)
    assert clip.attrs["dynamics_valid"]
    force, cop = clip.arrays["force"], clip.arrays["cop"]
    np.testing.assert_allclose(force[:, 0, 1], force[:, 1, 1], rtol=0.01)
    assert (cop[:, 0, 2] > 0.03).all()
    assert (cop[:, 1, 2] < -0.03).all()
    np.testing.assert_allclose(cop[..., 1], 0.0)


def test_a_squat_carries_the_body_weight_on_average(clips: dict[str, tuple[Clip, Clip]]) -> None:
    clip, _ = clips["squat"]
    assert vertical(clip).mean() == pytest.approx(1.0, abs=0.02)
    assert vertical(clip).max() > 1.2
    assert clip.attrs["dynamics_valid"]


def test_a_jump_flies_without_force_and_lands_hard(clips: dict[str, tuple[Clip, Clip]]) -> None:
    clip, _ = clips["jump"]
    middle = slice(round(0.85 * FPS), round(1.15 * FPS))
    np.testing.assert_array_equal(clip.arrays["force"][middle], 0.0)
    np.testing.assert_array_equal(clip.arrays["moment"][middle], 0.0)
    assert vertical(clip)[round(1.15 * FPS) :].max() > 1.5
    assert clip.attrs["dynamics_valid"]


def test_a_jump_is_in_doubt_where_it_leaves_and_meets_the_floor(clips: dict[str, tuple[Clip, Clip]]) -> None:
    clip, _ = clips["jump"]
    doubt = clip.arrays["force_doubt"] / (clip.attrs["mass_kg"] * GRAVITY)
    flying = np.flatnonzero(clip.arrays["airborne"])
    assert min(doubt[flying[0] - 1], doubt[flying[-1] + 1]) > 0.15
    assert doubt[flying[2:-2]].max() < 0.15
    assert (clip.arrays["moment_doubt"] > 0.0).sum() <= len(flying)
    assert clip.arrays["moment_doubt"][flying].max() > 0.0
    assert (clips["stand"][0].arrays["force_doubt"] < 1.0).all()  # N
    assert clip.attrs["mass_error_kg"] == 8.1


@pytest.mark.parametrize("clip_id", ["squat", "jump"])
def test_own_cutoffs_are_told_and_keep_the_peak(
    clips: dict[str, tuple[Clip, Clip]], own: dict[str, Clip], clip_id: str
) -> None:
    """A made motion has no noise: its own cut-offs let through all that the rate holds."""
    stated, _ = clips[clip_id]
    np.testing.assert_array_equal(stated.attrs["angle_cutoffs_hz"], 6.0)
    assert (stated.attrs["path_cutoffs_hz"] >= 6.0).all()
    clip = own[clip_id]
    assert (clip.attrs["angle_cutoffs_hz"] >= 6.0).all()
    assert clip.attrs["angle_cutoffs_hz"].max() > 15.0
    assert clip.attrs["path_cutoffs_hz"][1] > 6.0
    assert clip.attrs["oscillation_gain"] == 1.0
    assert vertical(clip).max() > 0.97 * vertical(stated).max()
    assert np.trapezoid(vertical(clip)) / (len(vertical(clip)) - 1) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("clip_id", ["stand", "squat", "jump"])
def test_impulse_is_what_weight_and_momentum_ask(clips: dict[str, tuple[Clip, Clip]], clip_id: str) -> None:
    """These motions begin and end at rest, but for what the filter makes of their first and last frames."""
    clip, _ = clips[clip_id]
    assert np.trapezoid(vertical(clip)) / (len(vertical(clip)) - 1) == pytest.approx(1.0, abs=0.02)


def test_what_holds_a_body_in_the_air_is_told(clips: dict[str, tuple[Clip, Clip]]) -> None:
    clip, _ = clips["hover"]
    assert not clip.attrs["dynamics_valid"]
    assert "cannot carry" in clip.attrs["dynamics_reason"]


def test_a_seat_bears_its_part_and_the_split_is_in_doubt(clips: dict[str, tuple[Clip, Clip]]) -> None:
    """A body at rest on a chair: feet and seat together bear its weight, and more of it the seat, right below it."""
    clip, moments = clips["seat"]
    weight = clip.attrs["mass_kg"] * GRAVITY
    force = clip.arrays["force"]
    assert force.shape == (40, 7, 3)
    np.testing.assert_allclose(force[..., 1].sum(axis=1), weight, rtol=0.02)
    np.testing.assert_allclose(force[..., [0, 2]].sum(axis=1), 0.0, atol=0.02 * weight)
    assert (force[:, 2:5, 1].sum(axis=1) > 0.5 * weight).all()
    assert (force[:, 5:] == 0.0).all()
    assert (clip.arrays["split_error"] > 0.05 * weight).all()
    assert np.abs(moments.arrays["residual"]).max() < 0.05 * weight
    assert clip.attrs["dynamics_valid"]


@pytest.mark.parametrize("clip_id", ["stand", "squat", "jump", "hover"])
def test_feet_alone_have_two_rows_and_no_doubt(clips: dict[str, tuple[Clip, Clip]], clip_id: str) -> None:
    clip, _ = clips[clip_id]
    assert clip.arrays["force"].shape[1] == 2
    assert (clip.arrays["split_error"] == 0.0).all()


def test_inverse_dynamics_leaves_what_the_ground_left(clips: dict[str, tuple[Clip, Clip]]) -> None:
    """Two ways to the same residual: the transposed Jacobian here, external loads in OpenSim's tool there."""
    for ground, moments in clips.values():
        np.testing.assert_allclose(moments.arrays["residual"], ground.arrays["unexplained"], atol=1e-3)


def test_a_model_with_other_coordinates_is_refused(skeleton: Path, tmp_path: Path) -> None:
    ik = write_angles(tmp_path / "ik.h5", {"a": np.zeros((10, 2))}, ["knee", "hip"], FPS)
    with pytest.raises(Exception, match="coordinates"):
        ground_reaction(ik=ik, model=skeleton, output=tmp_path / "grf.h5", log=tmp_path / "log")


def test_a_clip_that_hangs_keeps_its_place(skeleton: Path, tmp_path: Path) -> None:
    names, stand = standing(skeleton, 10)
    ik = write_angles(tmp_path / "ik.h5", {"a": stand}, names, FPS)
    ground_reaction(ik=ik, model=skeleton, output=tmp_path / "grf.h5", log=tmp_path / "log", timeout_seconds=0.01)
    clip = read_stage(tmp_path / "grf.h5").clips["a"]
    assert not clip.attrs["dynamics_valid"]
    assert "hung" in clip.attrs["dynamics_reason"]
    assert clip.arrays["force"].shape == (10, 2, 3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "file: found no JSON"),
        ("[1]", "file: found list"),
        ('{"mass_error_kg": "8 kg"}', "mass_error_kg: found '8 kg', expected a number"),
        ('{"mass_error_kg": NaN}', "mass_error_kg: found nan, expected a number"),
    ],
)
def test_a_report_of_scaling_that_is_none_is_told(content: str, message: str, tmp_path: Path) -> None:
    scale, ik = tmp_path / "scale.json", tmp_path / "ik.h5"
    scale.write_text(content)
    write_stage(ik, StageFile({}, attrs={"coordinate_names": ["pelvis_tx"]}))
    with pytest.raises(BadInput, match=message):
        ground_reaction(ik=ik, model=tmp_path / "a.osim", output=tmp_path / "grf.h5", scale=scale)
