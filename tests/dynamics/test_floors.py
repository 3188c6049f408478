"""Feet find support on floors of several heights, and a foot that is held up finds none."""

from dataclasses import replace

import numpy as np
import pytest

from kinesynth.dynamics.floors import Footing, boxes, floor_under

RATE = 100.0
HALF = 100
HELD = np.ones(2 * HALF)
ABOVE = np.zeros((2 * HALF, 2))  # where the mass centre is over the floor


def footing(first: tuple[float, float], then: tuple[float, float]) -> Footing:
    """Feet at rest at two heights in turn, beneath the body."""
    lowest = np.array([first] * HALF + [then] * HALF)
    return Footing(lowest, np.ones(lowest.shape, dtype=bool), np.full((*lowest.shape, 2), 0.05))


def heights(feet: Footing, support: np.ndarray = HELD) -> list[float]:
    return [box.height for box in boxes(feet, ABOVE[: len(support)], support, RATE)]


def test_a_box_is_a_support_where_it_stands() -> None:
    """Both feet stand on it, then half a metre before it on the floor."""
    feet = footing((0.31, 0.31), (0.0, 0.005))
    feet.places[HALF:, :, 0] += 0.5
    found = boxes(feet, ABOVE, HELD, RATE)
    assert [box.height for box in found] == pytest.approx([0.31])
    assert floor_under(feet, found)[[0, -1]].tolist() == [[0.31, 0.31], [0.0, 0.0]]
    hop = replace(feet, lowest=np.full_like(feet.lowest, 0.25))
    assert floor_under(hop, found)[[0, -1]].tolist() == [[0.31, 0.31], [0.0, 0.0]]


def test_a_step_is_a_support_once_it_alone_carries() -> None:
    feet = footing((0.0, 0.18), (0.4, 0.18))
    feet.resting[HALF:, 0] = False
    assert heights(feet) == pytest.approx([0.18])
    before = Footing(feet.lowest[:HALF], feet.resting[:HALF], feet.places[:HALF])
    assert heights(before, HELD[:HALF]) == []


def test_a_leg_held_up_stands_on_nothing() -> None:
    assert heights(footing((0.0, 0.3), (0.0, 0.3))) == []


def test_where_no_floor_is_seen_there_is_no_box() -> None:
    assert heights(footing((0.5, 0.5), (0.5, 0.5))) == []


def test_feet_that_dangle_from_a_chair_stand_on_nothing() -> None:
    feet = footing((0.0, 0.0), (0.2, 0.2))
    assert heights(replace(feet, places=feet.places + 0.3)) == []


def test_the_top_of_a_jump_is_no_box() -> None:
    """Both feet are slow there, and nothing holds the body."""
    assert heights(footing((0.0, 0.0), (0.25, 0.25)), np.repeat([1.0, 0.05], HALF)) == []
