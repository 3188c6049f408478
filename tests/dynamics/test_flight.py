import numpy as np
import pytest

from kinesynth.dynamics.filters import low_pass
from kinesynth.dynamics.flight import SMEAR_CYCLES, airborne, frames_of, free_fall_shift, near_ends
from kinesynth.gravity import GRAVITY

RATE = 100.0
SPAN = slice(40, 70)


def likelihood(frames: int, *spans: slice) -> np.ndarray:
    result = np.ones((frames, 2, 6))
    for span in spans:
        result[span] = 0.0
    return result


def test_flights_are_neither_too_short_nor_too_long() -> None:
    found = airborne(likelihood(400, slice(10, 12), SPAN, slice(200, 350)), RATE)
    assert found == [SPAN]


def test_one_foot_on_the_floor_is_no_flight() -> None:
    down = likelihood(100, SPAN)
    down[:, 1, 0] = 0.9
    assert airborne(down, RATE) == []


def smeared_support(frames: int = 120) -> np.ndarray:
    """Weight and momentum's support whose edges run into the flight."""
    support = np.full((frames, 3), [0.5, GRAVITY, 0.0])
    rows = np.arange(frames)
    depth = np.minimum(rows - SPAN.start, SPAN.stop - 1 - rows)
    support *= np.where(depth >= 0, np.exp(-np.maximum(depth, 0) / 2.0), 1.0)[:, None]
    return support


def test_nothing_supports_a_flight_and_the_rest_stays_where_it_was() -> None:
    support = smeared_support()
    shift = free_fall_shift(support, [SPAN], RATE)
    acceleration = np.zeros_like(shift)
    acceleration[1:-1] = np.diff(shift, 2, axis=0) * RATE**2
    np.testing.assert_allclose((support + acceleration)[SPAN], 0.0, atol=1e-8)
    np.testing.assert_allclose(shift[:24], 0.0, atol=1e-12)
    np.testing.assert_allclose(shift[86:], 0.0, atol=1e-9)
    assert 1e-4 < np.abs(shift).max() < 0.02
    assert acceleration.sum(axis=0) == pytest.approx(0.0, abs=1e-8)  # the impulse is given back


def test_a_body_that_something_carries_is_left_alone() -> None:
    sitting = np.tile([0.0, GRAVITY, 0.0], (120, 1))
    assert (free_fall_shift(sitting, [SPAN], RATE) == 0.0).all()


def test_a_clip_all_in_the_air_is_left_alone() -> None:
    assert (free_fall_shift(smeared_support()[SPAN], [slice(0, 30)], RATE) == 0.0).all()


def test_the_smear_is_that_of_the_filter() -> None:
    """99 % of the area of its response to an impulse, at two cut-offs."""
    for cutoff in (6.0, 12.0):
        impulse = np.zeros(2401)
        impulse[1200] = 1.0
        area = np.abs(low_pass(impulse, 1200.0, cutoff))
        reach = round(SMEAR_CYCLES / cutoff * 1200.0)
        assert area[1200 - reach : 1201 + reach].sum() / area.sum() == pytest.approx(0.99, abs=0.002)


def test_frames_near_the_ends_of_a_flight() -> None:
    near = near_ends(frames_of([SPAN], 120), 11.6, RATE)  # 0.1 s, 10 frames
    assert np.flatnonzero(near).tolist() == [*range(30, 50), *range(60, 80)]
    assert not near_ends(np.zeros(120, dtype=bool), 11.6, RATE).any()
    assert not near_ends(np.ones(120, dtype=bool), 11.6, RATE).any()
