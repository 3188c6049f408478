from dataclasses import dataclass

import numpy as np
import pytest

from kinesynth.body.joints import JOINT_NAMES
from kinesynth.body.static_pose import static_pose
from kinesynth.kinematics.static_pose import looking_ahead


@dataclass(frozen=True)
class Rig:
    """Joints of a T-pose whose collars rise by `collar_rise` rad."""

    collar_rise: float
    joint_names: tuple[str, ...] = JOINT_NAMES

    def rest_joints(self, _betas: np.ndarray) -> np.ndarray:
        joints = np.zeros((len(JOINT_NAMES), 3))
        for side, sign in (("left", 1.0), ("right", -1.0)):
            height = 0.15 * np.tan(self.collar_rise)
            joints[JOINT_NAMES.index(f"{side}_shoulder")] = [sign * 0.15, height, 0.0]
            joints[JOINT_NAMES.index(f"{side}_elbow")] = [sign * 0.45, height, 0.0]
        return joints


@pytest.mark.parametrize("rise", [0.0, 0.45])
def test_bones_end_at_the_same_elevation_whatever_the_rest_pose(rise: float) -> None:
    pose = static_pose(Rig(rise), np.zeros(10)).body_pose.reshape(21, 3)
    left_collar, left_shoulder = (
        pose[JOINT_NAMES.index("left_collar") - 1],
        pose[JOINT_NAMES.index("left_shoulder") - 1],
    )
    assert np.rad2deg(rise + left_collar[2]) == pytest.approx(0.0, abs=1e-9)
    assert np.rad2deg(left_collar[2] + left_shoulder[2]) == pytest.approx(-62.0)
    np.testing.assert_allclose(pose[JOINT_NAMES.index("right_shoulder") - 1], -left_shoulder)


def test_the_head_is_upright_on_an_inclined_trunk() -> None:
    turns = ("extension", "bending", "rotation")
    names = [f"{joint}_{turn}" for joint in ("lumbar", "thoracic", "neck") for turn in turns]
    found = looking_ahead(["knee_angle_r", *names], np.array([0.5, -0.25, 0.0625, 0.125, -0.125, 0.0, 0.25, 0, 0, 0]))
    np.testing.assert_array_equal(found, [0.5, -0.25, 0.0625, 0.125, -0.125, 0.0, 0.25, 0.375, -0.0625, -0.375])
