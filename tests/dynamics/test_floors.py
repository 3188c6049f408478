"""Feet find support on floors of several heights, and a foot that is held up finds none."""

import numpy as np
import pytest

from kinesynth.dynamics.floors import floor_under, support_heights

RATE = 100.0
HALF = 100
BELOW = np.full((2 * HALF, 2), 0.05)
RESTS = np.ones((2 * HALF, 2), dtype=bool)


def heights(first: tuple[float, float], then: tuple[float, float]) -> np.ndarray:
    return np.array([first] * HALF + [then] * HALF)


def test_a_box_is_a_support() -> None:
    """Both feet stand on it, then on the floor."""
    lowest = heights((0.31, 0.31), (0.0, 0.005))
    found = support_heights(lowest, RESTS, BELOW, RATE)
    assert found == pytest.approx([0.0, 0.31])
    np.testing.assert_allclose(floor_under(lowest, found), heights((0.31, 0.31), (0.0, 0.0)))


def test_a_step_is_a_support_once_it_alone_carries() -> None:
    lowest = heights((0.0, 0.18), (0.4, 0.18))
    moving = RESTS.copy()
    moving[HALF:, 0] = False
    assert support_heights(lowest, moving, BELOW, RATE) == pytest.approx([0.0, 0.18])
    assert support_heights(lowest[:HALF], RESTS[:HALF], BELOW[:HALF], RATE) == [0.0]


def test_a_leg_held_up_stands_on_nothing() -> None:
    assert support_heights(heights((0.0, 0.3), (0.0, 0.3)), RESTS, BELOW, RATE) == [0.0]


def test_where_no_floor_is_seen_there_is_no_box() -> None:
    assert support_heights(heights((0.5, 0.5), (0.5, 0.5)), RESTS, BELOW, RATE) == [0.0]


def test_feet_that_dangle_from_a_chair_stand_on_nothing() -> None:
    assert support_heights(heights((0.0, 0.0), (0.2, 0.2)), RESTS, BELOW + 0.3, RATE) == [0.0]
