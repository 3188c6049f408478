import numpy as np
import pytest

from kinesynth.dynamics.cutoffs import MAX_NOISE, MIN_HZ, OWN, angle_cutoffs, path_cutoffs

RATE = 100.0
TIMES = np.arange(600) / RATE
ROTATION = np.array([2, 0, 1])


def angles() -> np.ndarray:
    """Return (T, 5): a calm pelvis, one axis of it shaken, and two joints, slow and quick, all with a little noise."""
    slow, quick = np.sin(2.0 * np.pi * TIMES), np.exp(-0.5 * ((TIMES % 1.0 - 0.5) / 0.03) ** 2)
    noise = 2e-3 * np.random.default_rng(0).normal(size=(len(TIMES), 5))
    return np.stack([slow, slow, quick, slow, quick], axis=1) + noise


def test_a_stated_cutoff_holds_for_all() -> None:
    np.testing.assert_array_equal(angle_cutoffs(angles(), RATE, 8.0, ROTATION), 8.0)
    path = angles()[:, :3]
    np.testing.assert_array_equal(path_cutoffs(path, RATE, 8.0, falls=False), 8.0)
    assert (path_cutoffs(path, RATE, 8.0, falls=True) >= 8.0).all()


def test_a_quick_angle_asks_for_more_than_a_slow_one() -> None:
    found = angle_cutoffs(angles(), RATE, OWN, ROTATION)
    assert found[3] == pytest.approx(MIN_HZ, abs=1.5)
    assert found[4] >= found[3] + 4.0
    assert (found >= MIN_HZ).all()


def test_the_pelvis_turns_with_the_least_of_its_three() -> None:
    found = angle_cutoffs(angles(), RATE, OWN, ROTATION)
    np.testing.assert_array_equal(found[ROTATION], found[ROTATION[0]])
    assert found[0] < found[4]


def test_noise_that_would_be_a_force_is_not_let_through() -> None:
    bounce = 0.04 * np.exp(-0.5 * ((TIMES % 1.0 - 0.5) / 0.03) ** 2)
    found = {}
    for noise in (2e-5, 1e-3):
        path = np.stack([bounce + noise * np.random.default_rng(1).normal(size=len(TIMES))] * 3, axis=1)
        found[noise] = path_cutoffs(path, RATE, OWN, falls=False)[1]
    assert found[1e-3] < found[2e-5]
    passing = 1e-3 * (2.0 * np.pi * found[1e-3]) ** 2 * np.sqrt(2.0 * found[1e-3] / RATE)
    assert found[1e-3] == MIN_HZ or passing < 1.3 * MAX_NOISE


@pytest.mark.parametrize("rate_hz", [30.0, 240.0])
def test_no_cutoff_is_beyond_what_the_rate_holds(rate_hz: float) -> None:
    jerky = np.random.default_rng(2).normal(size=(300, 3)).cumsum(axis=0)
    found = angle_cutoffs(jerky, rate_hz, OWN, np.arange(3))
    assert (found < rate_hz / 2.0).all()
    assert (found >= MIN_HZ).all()
