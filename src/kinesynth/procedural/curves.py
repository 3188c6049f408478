"""Smooth curves over time: all of them have continuous acceleration."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import BPoly, make_interp_spline

_AT_REST = [(1, 0.0), (2, 0.0)]


def ease(times: np.ndarray, start: float, end: float) -> np.ndarray:
    """Rise from 0 at `start` to 1 at `end` with minimum jerk (Flash & Hogan 1985), at rest at both ends."""
    s = np.clip((times - start) / (end - start), 0.0, 1.0)
    return np.asarray(s**3 * (10.0 - 15.0 * s + 6.0 * s**2))


def there_and_back(times: np.ndarray, start: float, rise: float, hold: float, fall: float) -> np.ndarray:
    """Ease from 0 to 1 in `rise` seconds from `start`, hold, and ease back in `fall` seconds."""
    back = start + rise + hold
    return np.asarray(ease(times, start, start + rise) - ease(times, back, back + fall))


def bump(times: np.ndarray, start: float, end: float) -> np.ndarray:
    """Rise from 0 at `start` to 1 half-way and back to 0 at `end`, at rest at both ends."""
    s = np.clip((times - start) / (end - start), 0.0, 1.0)
    return np.asarray((4.0 * s * (1.0 - s)) ** 3)


def through(times: np.ndarray, knots: ArrayLike, values: ArrayLike) -> np.ndarray:
    """Run through `values` at `knots` along a quintic spline, at rest at the first and the last; constant outside."""
    at = np.asarray(knots)
    spline = make_interp_spline(at, np.asarray(values), k=5, bc_type=(_AT_REST, _AT_REST))  # type: ignore[arg-type]
    curve: np.ndarray = spline(np.clip(times, at[0], at[-1]))
    return curve


def between(times: np.ndarray, knots: Sequence[float], states: Sequence[np.ndarray]) -> np.ndarray:
    """Join states (position, velocity, acceleration; each (3, D)) at `knots` by quintic polynomials."""
    joined: np.ndarray = BPoly.from_derivatives(np.asarray(knots), np.stack(list(states)))(times)
    return joined


def wander(times: np.ndarray, rng: np.random.Generator, amplitude: float) -> np.ndarray:
    """Drift slowly about 0 as a living body does: three sines of 0.15 to 0.6 Hz, `amplitude` at most."""
    rates, phases = rng.uniform(0.15, 0.6, 3), rng.uniform(0.0, 2.0 * np.pi, 3)
    waves: np.ndarray = np.sin(2.0 * np.pi * rates * times[:, None] + phases).sum(axis=1)
    return amplitude / 3.0 * waves
