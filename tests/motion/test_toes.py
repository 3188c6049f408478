"""Stiff toes bend where they would sink, and only there."""

import numpy as np
import pytest

from kinesynth.body.forward_kinematics import forward_kinematics
from kinesynth.body.proportions import ANKLES, FEET, Proportions, sole_positions
from kinesynth.motion.ground_alignment import Placed
from kinesynth.motion.toes import are_stiff, bent

FPS = 30.0


def standing(proportions: Proportions, pitch: float) -> Placed:
    """Both heels rise by `pitch` (rad) over half a second, turning about the balls of the feet."""
    poses = np.zeros((16, 156))
    angle = np.linspace(0.0, pitch, 16)
    for ankle in ANKLES:
        poses[:, 3 * ankle] = angle
    ball = proportions.joints[FEET[0]] - proportions.joints[ANKLES[0]]
    rise = (ball[1] - (np.cos(angle) * ball[1] - np.sin(angle) * ball[2])) * (angle > 0)
    ground = proportions.joints[0] - [0.0, proportions.soles[0].height, 0.0]
    return Placed(ground + rise[:, None] * [0.0, 1.0, 0.0], poses, 0.0, 0.0, np.zeros(2), np.zeros(2), np.eye(3, 4))


def lowest_toe(proportions: Proportions, placed: Placed, poses: np.ndarray) -> np.ndarray:
    positions, orientations = forward_kinematics(proportions.joints, placed.pelvis, poses[:, :66].reshape(-1, 22, 3))
    toes = proportions.soles[0].toe_weights > 0.5
    return np.asarray(sole_positions(proportions, positions, orientations, 0)[:, toes, 1].min(axis=1))


def test_flat_feet_keep_their_toes(people: list[Proportions]) -> None:
    placed = standing(people[0], 0.0)
    poses, most = bent(placed, people[0], FPS)
    np.testing.assert_array_equal(poses, placed.poses)
    assert most == 0.0


def test_rising_heels_bend_the_toes(people: list[Proportions]) -> None:
    placed = standing(people[0], np.radians(30.0))
    assert lowest_toe(people[0], placed, placed.poses).min() < -0.02
    poses, most = bent(placed, people[0], FPS)
    assert lowest_toe(people[0], placed, poses).min() > -0.006
    assert np.radians(15.0) < most <= np.radians(60.0)
    others = np.delete(np.arange(156), [3 * foot + axis for foot in FEET for axis in range(3)])
    np.testing.assert_array_equal(poses[:, others], placed.poses[:, others])


@pytest.mark.parametrize(("angle", "stiff"), [(0.0, True), (0.3, False)])
def test_recorded_toes_are_told_from_stiff_ones(angle: float, stiff: bool) -> None:
    poses = np.zeros((5, 156))
    poses[2, 3 * FEET[1]] = angle
    assert are_stiff(poses) is stiff
