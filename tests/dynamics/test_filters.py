import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from kinesynth.dynamics.filters import local_fit, low_pass, residual_cutoff
from kinesynth.errors import KinesynthError

RATE, CUTOFF = 100.0, 6.0
TIMES = np.arange(400) / RATE


def test_gain_at_the_cutoff_is_half_power() -> None:
    wave = np.sin(2 * np.pi * CUTOFF * TIMES)
    assert np.std(low_pass(wave, RATE, CUTOFF)[100:300]) / np.std(wave[100:300]) == pytest.approx(
        np.sqrt(0.5), rel=1e-6
    )


def test_agrees_with_a_butterworth_filter_run_both_ways_away_from_the_ends() -> None:
    noise = np.random.default_rng(0).normal(size=(400, 2))
    # Two passes reach half power at the cut-off; the bilinear transform warps it.
    warped = np.tan(np.pi * CUTOFF / RATE) * (np.sqrt(2.0) - 1.0) ** (-1 / 6)
    once = butter(3, np.arctan(warped) * RATE / np.pi, fs=RATE, output="sos")
    both_ways = sosfiltfilt(once, noise, axis=0)
    np.testing.assert_allclose(low_pass(noise, RATE, CUTOFF)[150:-150], both_ways[150:-150], atol=1e-6)


def test_keeps_a_constant_acceleration_to_the_ends() -> None:
    fall = 1.0 + 2.0 * TIMES - 4.9 * TIMES**2
    np.testing.assert_allclose(low_pass(fall, RATE, CUTOFF), fall, atol=1e-9)


def test_keeps_shape_and_input() -> None:
    values = np.random.default_rng(0).normal(size=(30, 2, 3))
    before = values.copy()
    assert low_pass(values, 30.0, 6.0).shape == values.shape
    np.testing.assert_array_equal(values, before)
    np.testing.assert_array_equal(low_pass(values[:3], 30.0, 6.0), values[:3])


@pytest.mark.parametrize("cutoff", [0.0, -1.0, 50.0, np.nan])
def test_refuses_a_cutoff_that_the_rate_cannot_hold(cutoff: float) -> None:
    with pytest.raises(KinesynthError, match="cut-off"):
        low_pass(TIMES, RATE, cutoff)


@pytest.mark.parametrize(("rate_hz", "smooths"), [(30.0, False), (60.0, False), (100.0, True), (240.0, True)])
def test_a_window_in_seconds_smooths_only_where_it_holds_enough_frames(rate_hz: float, smooths: bool) -> None:
    noise = np.random.default_rng(0).normal(size=(50, 3))
    found = local_fit(noise, rate_hz, 0.05, 2)
    assert found.shape == noise.shape
    assert np.array_equal(found, noise) != smooths
    assert (np.std(found) < 0.8 * np.std(noise)) == smooths


def test_local_polynomials_keep_parabolas_and_short_clips() -> None:
    fall = 1.0 + 2.0 * TIMES - 4.9 * TIMES**2
    np.testing.assert_allclose(local_fit(fall, RATE, 0.1, 2), fall, atol=1e-9)
    short = np.random.default_rng(0).normal(size=4)
    np.testing.assert_array_equal(local_fit(short, RATE, 0.05, 2), short)


def test_a_record_tells_its_own_cutoff() -> None:
    """A fast signal keeps more than a slow one, a noisy one less than a clean one."""
    times = np.arange(1000) / 100.0
    noise = np.random.default_rng(1).standard_normal(len(times))

    def cutoff(hz: float, millimetres: float) -> float:
        return residual_cutoff(0.05 * np.sin(2.0 * np.pi * hz * times) + 1e-3 * millimetres * noise, 100.0, 3.0, 1.0)

    assert cutoff(1.0, 0.1) < cutoff(4.0, 0.1)
    assert cutoff(4.0, 0.1) > 5.0
    assert cutoff(4.0, 3.0) < cutoff(4.0, 0.1)
    assert residual_cutoff(noise[:3], 100.0, 6.0, 1.0) == 6.0
