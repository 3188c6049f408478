"""Which way is up in an AMASS file: found where gravity tells it, asked about where it does not, never guessed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from kinesynth.amass import AmassFile, read_amass, write_amass
from kinesynth.errors import BadInput
from kinesynth.subjects.amass_size import mean_joints
from kinesynth.subjects.amass_upright import read_upright, turned, up_axis

BACK = {"x": "-x", "y": "-y", "-x": "x", "-y": "y", "-z": "-z"}


def standing(path: Path, frames: int = 60) -> AmassFile:
    shapes = {"trans": 3, "root_orient": 3, "pose_body": 63, "left_hand": 45, "right_hand": 45}
    arrays = {name: np.zeros((frames, width)) for name, width in shapes.items()}
    arrays["root_orient"][:, 0] = np.pi / 2
    arrays["trans"][:, 2] = 0.93
    return AmassFile(path, 60.0, "neutral", "smplx", np.zeros(10), **arrays)


def lying(file: AmassFile, height: float = 0.08) -> AmassFile:
    """Turn somebody who stands into one who lies on the back, away from the origin."""
    fallen = turned(file, "-y")
    lowest = (Rotation.from_rotvec(fallen.root_orient[0]).apply(mean_joints() - mean_joints()[0]))[:, 2].min()
    return replace(fallen, trans=fallen.trans * [1.0, 0.0, 0.0] + [0.0, 3.0, height - lowest])


@pytest.mark.parametrize("axis", BACK)
@pytest.mark.parametrize("name", ["hbp_sample", "dmpl_sample", "A3-Swing_arms_stageii"])
def test_real_files_turned_any_way_are_turned_back(shared: Path, name: str, axis: str) -> None:
    file = read_amass(shared / f"data/amass/{name}.npz")
    assert up_axis(file) == "z"
    other = turned(file, BACK[axis])
    assert up_axis(other) == axis
    np.testing.assert_allclose(turned(other, axis).trans, file.trans, atol=1e-9)


def test_bedlam_is_y_up(shared: Path) -> None:
    file = read_upright(shared / "data/amass/bedlam_animation.npz")
    assert file.notes == ("up axis: y, found from the motion",)
    assert np.ptp(file.trans[:, 2]) < 0.1


def test_the_case_of_a_y_up_file(shared: Path) -> None:
    file = read_upright(shared / "data/cases/amass_y_up/walk_poses.npz")
    head = Rotation.from_rotvec(file.root_orient).apply([0.0, 1.0, 0.0])
    assert (head[:, 2] > 0.9).all()


def test_who_lies_or_stands_on_the_hands_is_left_so(tmp_path: Path) -> None:
    file = standing(tmp_path / "a.npz")
    assert up_axis(lying(file)) == "z"
    upside_down = turned(file, "-z")
    pelvis_over_head = 0.65
    assert up_axis(replace(upside_down, trans=file.trans * 0.0 + [0.0, 0.0, pelvis_over_head])) == "z"


def test_who_lies_and_moves_the_legs_is_left_so(tmp_path: Path) -> None:
    file = lying(standing(tmp_path / "a.npz", 240))
    cycle = np.sin(np.arange(240) / 60.0 * 2.0 * np.pi)
    file.pose_body[:, 0], file.pose_body[:, 3] = 0.5 * cycle - 0.5, -0.5 * cycle - 0.5
    assert up_axis(file) == "z"


def test_what_cannot_be_told_is_asked_about_and_can_be_stated(tmp_path: Path) -> None:
    file = lying(standing(tmp_path / "a.npz"), height=0.9)
    file = replace(file, trans=file.trans - [0.0, 1.5, 0.0])
    write_amass(file)
    with pytest.raises(BadInput, match=r"up axis: found .*upright along y.*column `up`"):
        read_upright(file.path)
    assert read_upright(file.path, up="z").notes == ()
    assert read_upright(file.path, up="y").notes == ("up axis: y, stated",)


def test_a_stated_rate_overrides_the_files(tmp_path: Path) -> None:
    file = replace(standing(tmp_path / "a.npz"), seconds=1.0)
    write_amass(file)
    assert read_upright(file.path, fps=60.00001).notes == ()
    other = read_upright(file.path, fps=120.0)
    assert (other.fps, other.seconds) == (120.0, None)
    assert other.notes == ("rate: 120 Hz, stated, for the file's 60 Hz",)


def test_mean_joints_grow_about_the_pelvis() -> None:
    np.testing.assert_allclose(mean_joints(2.0)[0], mean_joints()[0])
    np.testing.assert_allclose(np.ptp(mean_joints(2.0), axis=0), 2.0 * np.ptp(mean_joints(), axis=0))
