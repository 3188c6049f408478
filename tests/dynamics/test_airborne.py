import numpy as np
import pytest

from kinesynth.dynamics.airborne import (
    airborne,
    falling_path,
    falls,
    frames_of,
    free_fall_shift,
    held_contact,
)
from kinesynth.dynamics.filters import low_pass
from kinesynth.gravity import GRAVITY

RATE = 100.0
SPAN = slice(40, 70)


def likelihood(frames: int, *spans: slice) -> np.ndarray:
    result = np.ones((frames, 2, 6))
    for span in spans:
        result[span] = 0.0
    return result


def test_flights_are_neither_too_short_nor_too_long() -> None:
    spans = [slice(10, 12), SPAN, slice(200, 350)]
    support = np.where(np.any([frames_of([span], 400) for span in spans], axis=0), 0.0, 1.0)
    assert airborne(likelihood(400, *spans), support, RATE) == [SPAN]


def test_one_foot_on_the_floor_is_no_flight() -> None:
    down = likelihood(100, SPAN)
    down[:, 1, 0] = 0.9
    assert airborne(down, np.ones(100), RATE) == []


def test_a_body_that_is_carried_does_not_fly() -> None:
    """No foot is seen to touch, and yet the mass centre is held up."""
    assert airborne(likelihood(100, SPAN), np.ones(100), RATE) == []
    carried = np.zeros(100)
    carried[50:60] = 2.0
    assert airborne(likelihood(100, SPAN), carried, RATE) == [slice(40, 50), slice(60, 70)]


def test_feet_and_body_meet_half_way() -> None:
    """The feet see the flight from frame 40 to 70, the body falls from 36 on and is caught at 66."""
    support = np.ones(100)
    support[36:66] = 0.0
    assert airborne(likelihood(100, SPAN), support, RATE) == [slice(38, 66)]
    held = held_contact(likelihood(100, SPAN), [slice(38, 66)], RATE)
    assert (held[38:66] == 0.0).all()
    assert (held[:38] == 1.0).all()
    assert (held[66:] == 1.0).all()


def test_a_body_that_falls_for_long_flies_though_its_feet_graze_the_floor() -> None:
    support = np.ones(100)
    support[40:54] = 0.0
    assert airborne(likelihood(100), support, RATE) == [slice(40, 54)]
    support[42:54] = 1.0
    assert airborne(likelihood(100), support, RATE) == []


def test_a_short_fall_in_which_no_foot_leaves_the_floor_is_no_flight() -> None:
    support = np.ones(100)
    support[40:48] = 0.0  # a slow runner's, just before the other foot lands
    assert airborne(likelihood(100), support, RATE) == []
    assert falls(support, RATE)
    seen = likelihood(100)
    seen[48:52] = 0.0
    support[48:52] = 0.2
    assert airborne(seen, support, RATE) == [slice(40, 50)]  # half way between feet and body


def test_a_foot_that_grazes_the_floor_does_not_part_a_flight() -> None:
    seen = likelihood(100)
    seen[40:45] = seen[47:60] = 0.0
    support = np.ones(100)
    support[40:60] = 0.0
    assert airborne(seen, support, RATE) == [slice(40, 60)]


def test_who_falls_only_at_an_end_of_the_clip_is_not_said_to_fall() -> None:
    support = np.ones(100)
    support[:5] = support[95:] = 0.0
    assert not falls(support, RATE)


def bouncing(rate_hz: float = RATE) -> tuple[np.ndarray, np.ndarray, list[slice]]:
    """Return the force (T,) in weights, the path (T, 3) m and the flights of a mass that hops on a spring."""
    frames, ground, air = 400, 24, 14
    phase = np.arange(frames) % (ground + air)
    down = phase < ground
    force = np.where(down, np.sin(np.pi * (phase + 0.5) / ground), 0.0)
    force /= force[: ground + air].mean()
    steps = np.zeros((frames, 3))
    steps[:, 1] = (force - 1.0) * GRAVITY / rate_hz**2
    path = np.zeros((frames, 3))
    path[1:] = np.cumsum(np.cumsum(steps, axis=0), axis=0)[:-1]
    path -= np.linspace(0.0, 1.0, frames)[:, None] * (path[-1] - path[0])
    firsts = range(ground, frames - air, ground + air)
    return force, path, [slice(first, first + air) for first in firsts]


def test_a_hop_keeps_its_peak_and_its_impulse() -> None:
    """A filter at 6 Hz alone takes a third of the peak; that nothing holds a flying body gives it back."""
    force, path, flights = bouncing()

    def found(smooth: np.ndarray) -> np.ndarray:
        return np.asarray(np.diff(smooth[:, 1], 2) * RATE**2 / GRAVITY + 1.0)

    noisy = path + 5e-4 * np.random.default_rng(1).standard_normal(path.shape)
    inner, truth = slice(38, -50), force[1:-1]
    told, blunt = found(falling_path(noisy, flights, RATE, [6.0] * 3)), found(low_pass(noisy, RATE, 6.0))
    assert np.sqrt(np.mean((told - truth)[inner] ** 2)) < 0.4 * np.sqrt(np.mean((blunt - truth)[inner] ** 2))
    assert told[inner].max() == pytest.approx(force.max(), rel=0.1)
    assert told[inner].mean() == pytest.approx(truth[inner].mean(), abs=0.02)
    np.testing.assert_allclose(told[frames_of(flights, len(path))[1:-1]], 0.0, atol=1e-3)


def hop() -> np.ndarray:
    """A hop forward (T, 3): carried by 1.5 weights but for SPAN, in which it falls."""
    force = np.full(120, 1.5)
    force[SPAN] = 0.0
    height = np.cumsum(np.cumsum((force - 1.0) * GRAVITY)) / RATE**2
    return np.stack([1.2 * np.arange(120) / RATE, height, np.zeros(120)], axis=1)


def test_feet_that_hardly_carry_hardly_push_sideways() -> None:
    """A path that strays in flight is bent where feet carry the body, not where they have just met the floor."""
    straying, inside = hop(), slice(SPAN.start + 1, SPAN.stop - 1)
    straying[SPAN, 0] += 0.01 * np.sin(np.linspace(0.0, np.pi, 30)) ** 2
    x, y = (np.diff(path, 2) * RATE**2 / GRAVITY for path in falling_path(straying, [SPAN], RATE, [12.0] * 3).T[:2])
    np.testing.assert_allclose(x[inside], 0.0, atol=1e-3)
    barely = ~frames_of([SPAN], 120)[1:-1] & (y + 1.0 < 0.5)
    assert barely.any()
    assert np.abs(x[barely]).max() < 0.1
    assert np.abs(x).max() < 0.4


def test_a_path_that_falls_freely_already_keeps_its_pushes() -> None:
    """Nothing holds down sideways forces where the flights show a path without error."""
    path = hop()
    path[: SPAN.start, 0] += 0.004 * np.cos(2.0 * np.pi * np.arange(SPAN.start) / SPAN.start) - 0.004
    smooth = falling_path(path, [SPAN], RATE, [20.0] * 3)
    push, truth = (np.diff(each[:, 0], 2)[3 : SPAN.start - 6] * RATE**2 for each in (smooth, path))
    np.testing.assert_allclose(push, truth, atol=0.05 * np.abs(truth).max())


def test_without_flights_the_path_is_only_smoothed() -> None:
    times = np.arange(300) / RATE
    slow, edge = np.sin(2.0 * np.pi * 0.5 * times), np.sin(2.0 * np.pi * 6.0 * times)
    path = np.stack([slow, edge, times**3], axis=1)
    smooth = falling_path(path, [], RATE, [6.0] * 3)
    np.testing.assert_allclose(smooth[50:-50, 0], slow[50:-50], atol=1e-4)
    assert np.abs(smooth[100:-100, 1]).max() == pytest.approx(np.sqrt(0.5), abs=0.03)
    np.testing.assert_allclose(smooth[:, 2], path[:, 2], atol=1e-6)


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
