import numpy as np
import pytest

from kinesynth.dynamics.airborne import vertical_support
from kinesynth.dynamics.falls import MIN_GAIN, calm_notes, calmed, oscillation_gain
from kinesynth.dynamics.filters import low_pass
from kinesynth.gravity import GRAVITY

STEP, STANCE = 0.36, 0.24  # s
STEPS = 8


def run(rate_hz: float, gain: float) -> tuple[np.ndarray, list[slice]]:
    """Return the height (T,) m of a runner who pushes in half sines, oscillating by 1 / `gain`, and his flights."""
    fine = 12  # of a frame
    times = np.arange(round(STEPS * STEP * rate_hz) * fine) / (rate_hz * fine)
    phase = times % STEP
    force = np.where(phase < STANCE, 0.5 * np.pi * STEP / STANCE * np.sin(np.pi * phase / STANCE), 0.0)
    speed = np.cumsum(force - 1.0) * GRAVITY / (rate_hz * fine)
    height = np.cumsum(speed - speed.mean()) / (rate_hz * fine)
    flying = np.flatnonzero(phase[::fine] >= STANCE)
    spans = [
        slice(int(part[0]), int(part[-1]) + 1) for part in np.split(flying, np.flatnonzero(np.diff(flying) > 1) + 1)
    ]
    return height[::fine] / gain, spans


def gain_of(height: np.ndarray, flights: list[slice], rate_hz: float) -> float:
    return oscillation_gain(
        vertical_support(low_pass(height, rate_hz, min(15.0, 0.45 * rate_hz)), rate_hz), flights, rate_hz
    )


@pytest.mark.parametrize("rate_hz", [30.0, 100.0, 240.0])
@pytest.mark.parametrize("gain", [0.93, 1.0])
def test_a_runner_who_falls_too_fast_tells_by_how_much(rate_hz: float, gain: float) -> None:
    height, flights = run(rate_hz, gain)
    assert gain_of(height, flights, rate_hz) == pytest.approx(gain, abs=0.02)
    assert gain_of(height, [], rate_hz) <= gain + 0.04  # flights that were not found tell themselves


def test_no_more_than_a_tenth_is_taken_away_and_nothing_added() -> None:
    assert gain_of(*run(100.0, 0.7), 100.0) == MIN_GAIN
    assert gain_of(*run(100.0, 1.2), 100.0) == 1.0


def test_who_jumps_or_walks_is_believed() -> None:
    height, flights = run(100.0, 0.9)
    steps = round(3 * STEP * 100.0)  # two flights and a bit
    assert gain_of(height[:steps], flights[:3], 100.0) == 1.0
    slowly = np.ones(1000)
    for first in range(100, 900, 150):  # skips, one and a half seconds apart
        slowly[first : first + 10] = -0.2
    assert oscillation_gain(slowly, [], 100.0) == 1.0
    assert oscillation_gain(np.full(300, 0.4), [], 100.0) == 1.0


def test_only_the_oscillation_is_calmed() -> None:
    height, _ = run(100.0, 0.9)
    times = np.arange(len(height)) / 100.0
    uphill = 1.0 + 0.3 * times
    found = calmed(height + uphill, 100.0, 0.9)
    inner = slice(50, -50)
    expected = height.mean() + 0.9 * (height - height.mean())
    np.testing.assert_allclose((found - uphill)[inner], expected[inner], atol=1e-3)


def test_it_is_said() -> None:
    assert calm_notes(1.0) == []
    assert calm_notes(0.9) == [
        "the mass centre falls 11% or more too fast between stances: 0.90 of its oscillation taken"
    ]
