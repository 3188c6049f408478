"""What motions tell of shins and collars: made poses give back what they were made with."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from kinesynth.body.proportions import ANKLES, COLLARS, SHOULDERS
from kinesynth.motion.told_anatomy import Poses, hanging_collar, tibial_torsion, turns_about_shank
from small_body import rest_joints

FPS = 30.0
ANKLE, SUBTALAR = np.array([-0.10501355, -0.17402245, 0.97912632]), np.array([0.78717961, 0.60474746, -0.12094949])
TO_BODY = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]]).T  # from ahead, up, right to left, up, ahead


def feet(outwards: np.ndarray, flexion: np.ndarray, inversion: np.ndarray, mirror: float) -> np.ndarray:
    """Return the ankle's rotations (T, 3) rad of feet that a twisted shin, an ankle and a subtalar joint turn."""
    right = (
        Rotation.from_rotvec(-outwards[:, None] * [0.0, 1.0, 0.0])
        * Rotation.from_rotvec(flexion[:, None] * ANKLE)
        * Rotation.from_rotvec(inversion[:, None] * SUBTALAR)
    )
    return np.asarray((right.as_rotvec() * [mirror, mirror, 1.0]) @ TO_BODY.T)


def motion(seconds: float, right: float, left: float, swing: float) -> Poses:
    """Return a motion of ankles that swing, and turn by what swings half as much about the shank."""
    time = np.arange(round(seconds * FPS)) / FPS
    poses = np.zeros((len(time), 66))
    flexion, inversion, wobble = (swing * np.sin(rate * time) for rate in (5.0, 3.0, 7.0))
    for ankle, mirror, outwards in zip(ANKLES, (1.0, -1.0), (right, left), strict=True):
        found = feet(outwards + 0.5 * wobble, flexion, inversion, mirror)
        poses[:, 3 * ankle : 3 * ankle + 3] = found
    return Poses(poses, FPS)


@pytest.mark.parametrize("mirror", [1.0, -1.0])
def test_turns_about_the_shank_are_told_from_those_of_ankle_and_subtalar_joint(mirror: float) -> None:
    rng = np.random.default_rng(3)
    outwards, flexion, inversion = rng.uniform(-0.5, 0.5, 200), rng.uniform(-0.8, 0.5, 200), rng.uniform(-0.5, 0.5, 200)
    found = turns_about_shank(feet(outwards, flexion, inversion, mirror), mirror)
    np.testing.assert_allclose(found, outwards, atol=1e-5)


def test_shins_are_as_twisted_as_a_motion_shows() -> None:
    found = tibial_torsion([motion(60.0, np.radians(20.0), np.radians(4.0), 0.3)])
    assert np.degrees([found.right, found.left]) == pytest.approx([20.0, 4.0], abs=1.0)


def test_one_pose_tells_little() -> None:
    found = tibial_torsion([motion(60.0, np.radians(24.0), np.radians(-4.0), 0.0)])
    assert np.degrees(found.right) == pytest.approx(18.5, abs=1.0)
    assert np.degrees(found.left) == pytest.approx(1.5, abs=1.0)


def test_no_shin_is_twisted_beyond_what_people_have() -> None:
    found = tibial_torsion([motion(60.0, np.radians(50.0), np.radians(-50.0), 0.3)])
    assert np.degrees([found.right, found.left]) == pytest.approx([30.0, -5.0])


def posed(arms_down: float, collar: np.ndarray, frames: int = 30) -> Poses:
    """Return poses with both collars at `collar` (3,), mirrored on the right, and arms down from the T-pose."""
    poses = np.zeros((frames, 66))
    for joints, turn in ((COLLARS, collar), (SHOULDERS, np.array([0.0, 0.0, -arms_down]))):
        for joint, mirror in zip(joints, ((1, -1, -1), (1, 1, 1)), strict=True):
            poses[:, 3 * joint : 3 * joint + 3] = turn * mirror
    return Poses(poses, FPS)


def test_collars_are_told_where_arms_hang() -> None:
    hanging, raised = np.array([0.05, 0.1, -0.2]), np.array([0.0, 0.0, 0.6])
    found = hanging_collar([posed(1.3, hanging), posed(-1.0, raised)], rest_joints())
    np.testing.assert_allclose(found, hanging, atol=1e-9)


def test_collars_are_not_told_where_arms_do_not_hang() -> None:
    assert hanging_collar([posed(0.2, np.zeros(3))], rest_joints()) is None
    assert hanging_collar([posed(1.3, np.zeros(3), frames=3)], rest_joints()) is None
