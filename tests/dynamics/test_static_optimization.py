from pathlib import Path

import numpy as np
import pytest
from motions import planted, write_angles

from kinesynth.dynamics.ground_reaction import ground_reaction
from kinesynth.dynamics.static_optimization import solution_grid, static_optimization
from kinesynth.stage_file import StageFile, read_stage, write_stage

FPS = 30.0
FRAMES = 7


@pytest.fixture(scope="module")
def crouched(skeleton: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Angles and ground reaction of a crouch held still, and of the same without valid dynamics."""
    folder = tmp_path_factory.mktemp("so")
    bend = {f"{joint}_{side}": 0.5 * share for joint, share in _CROUCH.items() for side in "rl"}
    names, angles = planted(skeleton, bend, FRAMES)
    ik = write_angles(folder / "ik.h5", {"crouch": angles, "seat": angles}, names, FPS)
    ground_reaction(ik=ik, model=skeleton, output=folder / "grf.h5", log=folder / "log")
    grf = read_stage(folder / "grf.h5")
    seat = grf.clips["seat"]
    masked = type(seat)("seat", seat.arrays, {**seat.attrs, "dynamics_valid": False, "dynamics_reason": "a chair"})
    write_stage(folder / "grf.h5", StageFile({"crouch": grf.clips["crouch"], "seat": masked}, {}, grf.attrs))
    return ik, folder / "grf.h5"


_CROUCH = {"hip_flexion": 1.0, "knee_angle": 1.3, "ankle_angle": 0.55}


@pytest.fixture(scope="module")
def solved(skeleton: Path, crouched: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> StageFile:
    folder = tmp_path_factory.mktemp("so_output")
    ik, grf = crouched
    static_optimization(ik=ik, grf=grf, model=skeleton, output=folder / "so.h5", log=folder / "log", rate=5.0)
    return read_stage(folder / "so.h5")


def test_muscles_hold_a_crouch(solved: StageFile) -> None:
    clip = solved.clips["crouch"]
    names = solved.attrs["muscle_names"]
    activations = clip.arrays["activations"]
    assert activations.shape == (FRAMES, len(names))
    assert activations.min() > 0.009
    assert activations.max() < 1.01
    np.testing.assert_allclose(activations, activations[:1].repeat(FRAMES, axis=0), atol=0.02)
    vasti = [names.index(f"vas{part}_{side}") for part in ("lat", "med", "int") for side in "rl"]
    assert activations[:, vasti].max() > 0.1
    assert clip.arrays["so_violation"].max() < 1e-3
    assert clip.attrs["so_rate"] == pytest.approx(5.0)
    assert clip.attrs["dynamics_valid"]


def test_reserves_are_a_last_resort_where_muscles_work(solved: StageFile) -> None:
    assert {"hip_flexion_r", "knee_angle_l", "ankle_angle_r"} <= set(solved.attrs["muscle_driven"])
    assert {"pelvis_ty", "lumbar_extension", "elbow_flex_r"}.isdisjoint(solved.attrs["muscle_driven"])
    assert np.abs(solved.clips["crouch"].arrays["reserves"][:, 6:10]).max() < 2.0


def test_without_valid_forces_there_are_no_activations(solved: StageFile) -> None:
    clip = solved.clips["seat"]
    assert not clip.attrs["dynamics_valid"]
    assert clip.attrs["dynamics_reason"] == "a chair"
    np.testing.assert_array_equal(clip.arrays["activations"], 0.0)


def test_a_clip_that_hangs_is_masked(skeleton: Path, crouched: tuple[Path, Path], tmp_path: Path) -> None:
    ik, grf = crouched
    output = tmp_path / "so.h5"
    static_optimization(ik=ik, grf=grf, model=skeleton, output=output, log=tmp_path / "log", timeout_seconds=0.01)
    clip = read_stage(output).clips["crouch"]
    assert not clip.attrs["dynamics_valid"]
    assert "hung" in clip.attrs["dynamics_reason"]


@pytest.mark.parametrize(
    ("frames", "fps", "rate"), [(45, 30.0, 10.0), (46, 30.0, 7.0), (10, 30.0, 60.0), (2, 60.0, 1.0)]
)
def test_grid_spans_the_clip(frames: int, fps: float, rate: float) -> None:
    times, stride = solution_grid(frames, fps, rate)
    solved = times[::stride]
    assert solved[0] == 0.0
    assert solved[-1] == pytest.approx((frames - 1) / fps)
    assert np.diff(times).max() <= 1.0 / fps + 1e-12
    assert min(rate, fps) <= (len(solved) - 1) / solved[-1] + 1e-9
