"""A seat is found where the feet need one, and how the load is shared is known no better than statics tells."""

import numpy as np
import pytest

from kinesynth.dynamics.other_contacts import POINTS, SEAT, OtherMotion, doubtful, near_others, resting, split_error

RATE = 100.0
FRAMES = 200
WEIGHT = 700.0
STANDS = np.ones(FRAMES, dtype=bool)
LEVER = 0.2 * WEIGHT  # N m: what the feet alone leave of a sitting body


def moving(height: np.ndarray, bent: bool = True) -> OtherMotion:
    """Hips that go up and down over one place, hands at rest."""
    points = np.zeros((len(height), len(POINTS), 3))
    points[:, SEAT, 1] = height[:, None]
    still = np.zeros((len(height), 5, 3))
    return OtherMotion(points, still, np.zeros((len(height), 5, 6, 1)), np.full(len(height), 0.1 if bent else 1.0))


def rising() -> np.ndarray:
    """0.45 m high for a second, then up by half a metre and there for good."""
    times = np.arange(FRAMES) / RATE
    return np.asarray(0.45 + 0.25 * (1.0 + np.tanh((times - 1.3) / 0.1)))


def left_over(frames: slice) -> np.ndarray:
    unexplained = np.zeros((FRAMES, 6))
    unexplained[frames, 5] = LEVER
    return unexplained


def test_a_seat_stays_where_it_was_found() -> None:
    """Feet need it for the first half second; until the hips rise it bears on, and no hand does."""
    found = resting(moving(rising()), left_over(slice(0, 50)), STANDS, WEIGHT, RATE)
    assert (found[:100, SEAT] > 0.9).all()
    assert (found[130:, SEAT] < 1e-3).all()
    assert (found[:, ~SEAT] == 0.0).all()


def test_feet_that_need_no_help_get_none() -> None:
    assert (resting(moving(rising()), left_over(slice(0, 0)), STANDS, WEIGHT, RATE) == 0.0).all()
    assert (resting(moving(rising()), left_over(slice(0, 10)), STANDS, WEIGHT, RATE) == 0.0).all(), (
        "a tenth of a second"
    )


def test_whoever_stands_leans_on_his_hands() -> None:
    found = resting(moving(rising(), bent=False), left_over(slice(0, 50)), STANDS, WEIGHT, RATE)
    assert (found[:, SEAT] == 0.0).all()
    assert (found[:, ~SEAT] > 0.9).all()
    hanging = resting(moving(rising(), bent=False), left_over(slice(0, 50)), ~STANDS, WEIGHT, RATE)
    assert (hanging == 0.0).all()


def test_hips_that_are_low_and_still_are_in_doubt() -> None:
    assert doubtful(moving(np.full(FRAMES, 0.4)), RATE).all()
    assert not doubtful(moving(np.full(FRAMES, 0.9), bent=False), RATE).any()
    squat = 0.5 + 0.3 * np.cos(np.arange(FRAMES) / RATE * np.pi)
    assert not doubtful(moving(squat), RATE).any()


def test_just_before_and_after_is_in_doubt() -> None:
    touch = np.zeros((FRAMES, 2), dtype=bool)
    touch[100:120, 1] = True
    assert np.flatnonzero(near_others(touch, RATE)).tolist() == [*range(80, 100), *range(120, 140)]


def shared(heel: float, toe: float, front: float, back: float, on_seat: float) -> float:
    """Return the doubt, in weights, about feet from `heel` to `toe` and a seat from `front` to `back` m behind them."""
    feet = np.array([[[-toe, 0.0, 0.0], [heel, 0.0, 0.0]]])
    seat = np.array([[[front, 0.5, 0.0], [back, 0.5, 0.0]]])
    half = np.array([[0.5, 0.5]])
    touch = np.ones((1, 4), dtype=bool)
    return float(split_error(feet, (1.0 - on_seat) * half, seat, on_seat * half, touch)[0])


def test_two_points_share_by_the_lever() -> None:
    assert shared(0.0, 0.0, 0.5, 0.5, 0.7) == pytest.approx(0.0, abs=1e-12)


def test_the_doubt_is_that_of_the_lever() -> None:
    """Pressure at 0.7 of 0.5 m; feet of 0.2 m length: the seat bears from 0.25/0.4 to 0.45/0.6 of the weight."""
    assert shared(0.1, 0.1, 0.5, 0.5, 0.7) == pytest.approx(0.5 * (0.45 / 0.6 - 0.25 / 0.4))
    assert shared(0.1, 0.1, 0.5, 0.5, 1.0) == pytest.approx(0.0)


def test_supports_that_overlap_share_as_they_like() -> None:
    assert shared(0.1, 0.1, 0.1, 0.3, 0.5) == pytest.approx(0.5)


def test_whoever_has_one_support_is_in_no_doubt_and_nothing_is_divided_by_nothing() -> None:
    feet, seat = np.zeros((3, 1, 3)), np.full((3, 1, 3), 0.5)
    touch = np.array([[True, False], [False, True], [False, False]])
    with np.errstate(all="raise"):
        assert split_error(feet, np.ones((3, 1)), seat, np.ones((3, 1)), touch).tolist() == [0.0, 0.0, 0.0]
