"""Which foot is on which plate."""

import numpy as np

from kinesynth.dynamics.plate_feet import REACH_M, steps

FRAMES = 200
FOOT = np.array([[0.0, 0.0, 0.0], [0.15, 0.0, -0.03], [0.15, 0.0, 0.03], [0.22, 0.0, 0.0]])


def feet(right: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Return the points (T, 2, K, 3) of feet whose heels are at `right` and `left` (T, 3)."""
    return np.stack([right[:, None] + FOOT, left[:, None] + FOOT], axis=1)


def still(x: float, z: float) -> np.ndarray:
    return np.tile([x, 0.0, z], (FRAMES, 1))


def test_one_plate_is_stepped_on_by_one_foot_after_the_other() -> None:
    load = np.zeros((FRAMES, 1))
    load[10:80] = load[120:180] = 600.0
    cop = np.zeros((FRAMES, 1, 3))
    cop[:100, 0] = [0.1, 0.0, 0.1]
    cop[100:, 0] = [0.1, 0.0, -0.1]
    found = steps(load, cop, feet(still(0.0, 0.1), still(0.0, -0.1)))
    assert [(step.first, step.last, step.foot) for step in found] == [(10, 80, 0), (120, 180, 1)]


def test_the_foot_that_swings_past_does_not_take_the_load() -> None:
    load, cop = np.full((FRAMES, 1), 700.0), np.tile([0.1, 0.0, 0.05], (FRAMES, 1, 1))
    swing = np.stack([np.linspace(-0.6, 0.6, FRAMES), np.full(FRAMES, 0.15), np.full(FRAMES, 0.05)], axis=1)
    (step,) = steps(load, cop, feet(still(0.0, 0.05), swing))
    assert step.foot == 0


def test_both_feet_on_one_plate_are_not_told_apart() -> None:
    load = np.full((FRAMES, 1), 700.0)
    cop = np.zeros((FRAMES, 1, 3))
    cop[:, 0, 0], cop[:, 0, 2] = 0.1, np.linspace(-0.1, 0.1, FRAMES)
    (step,) = steps(load, cop, feet(still(0.0, 0.1), still(0.0, -0.1)))
    assert step.foot is None
    assert step.distance_m < REACH_M


def test_what_stands_far_from_both_feet_is_no_foots() -> None:
    load, cop = np.full((FRAMES, 1), 300.0), np.tile([2.0, 0.0, 0.0], (FRAMES, 1, 1))
    (step,) = steps(load, cop, feet(still(0.0, 0.1), still(0.0, -0.1)))
    assert step.foot is None
    assert step.distance_m > 1.0


def test_a_hidden_foot_leaves_a_step_to_nobody() -> None:
    load, cop = np.full((FRAMES, 1), 300.0), np.zeros((FRAMES, 1, 3))
    (step,) = steps(load, cop, feet(still(0.0, 0.1), np.full((FRAMES, 3), np.nan)))
    assert step.foot is None
