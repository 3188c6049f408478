"""Motion of one body on another: equal rest poses change nothing, unequal ones leave limbs parallel."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from kinesynth.body.bone_lengths import smplx_rest_joints
from kinesynth.body.forward_kinematics import forward_kinematics
from kinesynth.body.proportions import ANKLES, COLLARS, ELBOWS, FEET, HIPS, KNEES, SHOULDERS, WRISTS
from kinesynth.motion.retarget import between_rests, re_expressed
from small_body import rest_joints

ALONG_HINGE = ((HIPS, KNEES, ANKLES, 0), (SHOULDERS, ELBOWS, WRISTS, 1))
RIGHT, LEFT = 0, 1


@pytest.fixture
def poses() -> np.ndarray:
    return np.random.default_rng(4).uniform(-1.0, 1.0, (20, 156))


def directions(joints: np.ndarray, poses: np.ndarray, start: int, end: int) -> np.ndarray:
    positions, _ = forward_kinematics(joints, np.zeros((len(poses), 3)), poses[:, :66].reshape(-1, 22, 3))
    bone = positions[:, end] - positions[:, start]
    return np.asarray(bone / np.linalg.norm(bone, axis=1, keepdims=True))


def other_body() -> np.ndarray:
    """Collars raised, arms lowered and bent forward, shins bent backward: all about the axes that count."""
    joints = rest_joints()[:22]
    for side in (RIGHT, LEFT):
        joints[[SHOULDERS[side], ELBOWS[side], WRISTS[side]], 1] += 0.06
        joints[ELBOWS[side], 1:] += [-0.05, -0.03]
        joints[WRISTS[side], 1] -= 0.10
        joints[[ANKLES[side], FEET[side]], 2] -= 0.04
        joints[FEET[side], 1] -= 0.02
    return joints


def test_equal_rest_poses_change_nothing(poses: np.ndarray) -> None:
    joints = rest_joints()
    np.testing.assert_allclose(re_expressed(poses, joints, joints), poses, atol=1e-12)


@pytest.mark.parametrize("side", [RIGHT, LEFT])
@pytest.mark.parametrize("bone", [(SHOULDERS, ELBOWS), (ELBOWS, WRISTS), (HIPS, KNEES), (KNEES, ANKLES)])
def test_limbs_take_the_recorded_directions(
    poses: np.ndarray, bone: tuple[tuple[int, int], tuple[int, int]], side: int
) -> None:
    ours, theirs = rest_joints()[:22], other_body()
    start, end = bone[0][side], bone[1][side]
    found = directions(ours, re_expressed(poses, ours, theirs), start, end)
    np.testing.assert_allclose(found, directions(theirs, poses, start, end), atol=1e-9)


@pytest.mark.parametrize("side", [RIGHT, LEFT])
def test_shoulders_travel_as_far_as_recorded(poses: np.ndarray, side: int) -> None:
    """On the trunk, measured along the arc about the collar: its angle times the collar bone's length."""
    ours, theirs = rest_joints()[:22], other_body()
    theirs[COLLARS[side], 0] *= 0.5
    at = slice(3 * COLLARS[side], 3 * COLLARS[side] + 3)
    poses[:, :66] *= 0.3
    turned = between_rests(ours, theirs)[COLLARS[side]].inv()  # what the collar does at rest
    travels = []
    for joints, rotations in ((theirs, poses[:, at]), (ours, re_expressed(poses, ours, theirs)[:, at])):
        angles = Rotation.from_rotvec(rotations) * (turned if joints is ours else Rotation.identity())
        travels.append(angles.magnitude() * np.linalg.norm(joints[SHOULDERS[side]] - joints[COLLARS[side]]))
    np.testing.assert_allclose(*travels, atol=1e-9)


def test_what_is_not_limb_keeps_its_rotation(poses: np.ndarray) -> None:
    found = re_expressed(poses, rest_joints(), other_body())
    for joint in (0, 3, 6, 9, 12, 15):
        at = slice(3 * joint, 3 * joint + 3)
        np.testing.assert_allclose(found[:, at], poses[:, at], atol=1e-12)
    np.testing.assert_array_equal(found[:, 66:], poses[:, 66:])


def test_hands_keep_their_orientation(poses: np.ndarray) -> None:
    ours, theirs = rest_joints()[:22], other_body()
    before = forward_kinematics(theirs, np.zeros((20, 3)), poses[:, :66].reshape(-1, 22, 3))[1]
    after = forward_kinematics(ours, np.zeros((20, 3)), re_expressed(poses, ours, theirs)[:, :66].reshape(-1, 22, 3))[1]
    np.testing.assert_allclose(after[:, WRISTS], before[:, WRISTS], atol=1e-9)


def test_smplx_rest_pose_on_another_body() -> None:
    """Its arms hang and its collars rise, but no leg is bowed and no elbow bent sideways."""
    ours, theirs = rest_joints()[:22], smplx_rest_joints(np.zeros(10))
    rest = re_expressed(np.zeros((1, 66)), ours, theirs)
    for side in (RIGHT, LEFT):
        collar = directions(ours, rest, COLLARS[side], SHOULDERS[side])[0]
        assert 24.0 < np.degrees(np.arcsin(collar[1])) < 29.0
        for starts, hinges, ends, axis in ALONG_HINGE:
            start, end = starts[side], ends[side]
            line = (theirs[end] - theirs[start]) / np.linalg.norm(theirs[end] - theirs[start])
            assert directions(ours, rest, start, end)[0] @ line > np.cos(np.radians(3.0))
            bent = directions(ours, rest, start, hinges[side]) - directions(ours, rest, hinges[side], end)
            was = ours[hinges[side]] - 0.5 * (ours[start] + ours[end])
            assert abs(bent[0, axis]) < 0.02 + 8.0 * abs(was[axis])


def test_turns_are_rotations() -> None:
    turns = between_rests(rest_joints(), other_body()).as_matrix()
    np.testing.assert_allclose(np.linalg.det(turns), 1.0)


@pytest.mark.parametrize("side", [RIGHT, LEFT])
def test_shoulders_hang_where_theirs_do(side: int) -> None:
    """Ours lie level there, and rise from there by what theirs do; the upper arms keep their directions."""
    ours, theirs, hanging = rest_joints()[:22], other_body(), np.array([0.02, 0.1, -0.3])
    ours[COLLARS[side], 1] -= 0.02
    mirror = np.array([1.0, -1.0, -1.0]) if side == RIGHT else np.ones(3)
    at = slice(3 * COLLARS[side], 3 * COLLARS[side] + 3)
    raise_by = Rotation.from_rotvec(np.array([0.0, 0.0, 0.4]) * mirror)
    poses = np.zeros((2, 66))
    poses[0, at] = hanging * mirror
    poses[1, at] = (raise_by * Rotation.from_rotvec(hanging * mirror)).as_rotvec()
    found = re_expressed(poses, ours, theirs, hanging)
    level, raised = directions(ours, found, COLLARS[side], SHOULDERS[side])
    longer = np.linalg.norm(ours[SHOULDERS[side]] - ours[COLLARS[side]]) / np.linalg.norm(
        theirs[SHOULDERS[side]] - theirs[COLLARS[side]]
    )
    assert level[1] == pytest.approx(0.0, abs=1e-9)
    assert np.arcsin(raised[1]) == pytest.approx(0.4 / longer, abs=0.01)
    arms = (directions(body, pose, SHOULDERS[side], ELBOWS[side]) for body, pose in ((ours, found), (theirs, poses)))
    np.testing.assert_allclose(*arms, atol=1e-9)
