"""Static optimization's problem, for all frames at once.

Per frame: the activations a and reserve moments r that

    minimise  sum a^p + |r / w|^2   subject to   C a + r = m,  lower <= a <= upper,

with C the muscles' moments at full activation, m the joint moments, w the reserves' optimal moments and p the exponent,
2 or more. For given multipliers y of the moments the minimiser is known, a = clip((C'y / p)^(1 / (p - 1))) and r = w^2
y / 2, so that what remains is to minimise the dual, convex and smooth but for its second derivative, over as many
unknowns as there are coordinates. A semismooth Newton method does it exactly in a few steps (Qi and Sun 1993, "A
nonsmooth version of Newton's method").
"""

from dataclasses import dataclass, replace

import numpy as np

MAX_STEPS = 100
SHORTEST_STEP = 1e-6
TOLERANCE = 1e-9  # of the joint moments, relative to the largest
ALMOST_NONE = 1e-3  # minimum activation with exponents over 2, whose roots are infinitely steep at 0


@dataclass(frozen=True)
class Sharing:
    """How T frames' moments are shared.

    Attributes:
        activations: (T, A).
        reserves: (T, J) N m.
        imbalance: (T,) N m, norm of the moments that are missing: the solver's own error.
    """

    activations: np.ndarray
    reserves: np.ndarray
    imbalance: np.ndarray


def share_moments(
    capacity: np.ndarray, moments: np.ndarray, bounds: np.ndarray, reserve: np.ndarray, exponent: float = 2.0
) -> Sharing:
    """Share joint moments between muscles and reserves.

    Args:
        capacity: (T, J, A) N m, the moment of each muscle at activation 1.
        moments: (T, J) N m.
        bounds: (A, 2) minimum and maximum of the activations.
        reserve: (J,) N m, the reserves' optimal moments w.
        exponent: of the activations in the cost, 2 or more.
    """
    lower = np.maximum(bounds[:, 0], ALMOST_NONE) if exponent > 2.0 else bounds[:, 0]
    problem = _Dual(capacity, moments, lower, bounds[:, 1], reserve**2 / 2.0, exponent)
    multipliers = problem.start()
    scale = np.maximum(np.abs(moments).max(axis=1, initial=0.0), 1.0)
    todo = np.arange(len(moments))
    for _ in range(MAX_STEPS):
        part = problem.frames(todo)
        error = part.gradient(multipliers[todo])
        going = np.abs(error).max(axis=1, initial=0.0) > TOLERANCE * scale[todo]
        todo, error, part = todo[going], error[going], part.frames(np.flatnonzero(going))
        if not len(todo):
            break
        multipliers[todo] += part.step(multipliers[todo], error)
    activations = problem.activations(multipliers)
    imbalance = np.linalg.norm(problem.gradient(multipliers), axis=1)
    return Sharing(activations, problem.reserve * multipliers, imbalance)


@dataclass(frozen=True)
class _Dual:
    """The dual function of T frames; `reserve` is w^2 / 2."""

    capacity: np.ndarray
    moments: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    reserve: np.ndarray
    exponent: float

    def frames(self, rows: np.ndarray) -> "_Dual":
        if len(rows) == len(self.moments):
            return self
        return replace(self, capacity=self.capacity[rows], moments=self.moments[rows])

    def start(self) -> np.ndarray:
        """Return the multipliers that would solve the problem of squares without bounds."""
        slope = np.full((len(self.moments), len(self.lower)), 0.5)
        return np.asarray(np.linalg.solve(self._curvature(slope), self.moments[..., None])[..., 0])

    def activations(self, multipliers: np.ndarray) -> np.ndarray:
        return np.asarray(np.clip(self._unbounded(self._pull(multipliers)), self.lower, self.upper))

    def value(self, multipliers: np.ndarray) -> np.ndarray:
        pull = self._pull(multipliers)
        activations = np.clip(self._unbounded(pull), self.lower, self.upper)
        muscles = np.sum(activations * (pull - activations ** (self.exponent - 1.0)), axis=1)
        others = np.sum(multipliers * (0.5 * self.reserve * multipliers - self.moments), axis=1)
        return np.asarray(muscles + others)

    def gradient(self, multipliers: np.ndarray) -> np.ndarray:
        """Return how far muscles and reserves overshoot the moments, (T, J) N m."""
        muscles = (self.capacity @ self.activations(multipliers)[..., None])[..., 0]
        return np.asarray(muscles + self.reserve * multipliers - self.moments)

    def step(self, multipliers: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Return Newton's steps (T, J), each halved until it leads down."""
        wanted, p = self._unbounded(self._pull(multipliers)), self.exponent
        free = (wanted > self.lower) & (wanted < self.upper)
        slope = free * np.where(free, np.abs(wanted), 1.0) ** (2.0 - p) / (p * (p - 1.0))
        step = -np.linalg.solve(self._curvature(slope), gradient[..., None])[..., 0]
        descent = np.sum(step * gradient, axis=1)
        value, length = self.value(multipliers), np.ones(len(step))
        high = np.arange(len(step))
        while len(high) and length.min() > SHORTEST_STEP:
            part, trial = self.frames(high), multipliers[high] + length[high, None] * step[high]
            allowed = value[high] + 1e-4 * length[high] * descent[high] + 1e-12 * np.abs(value[high])
            high = high[part.value(trial) > allowed]
            length[high] *= 0.5
        return np.asarray(step * length[:, None])

    def _pull(self, multipliers: np.ndarray) -> np.ndarray:
        return np.asarray((multipliers[:, None] @ self.capacity)[:, 0])

    def _unbounded(self, pull: np.ndarray) -> np.ndarray:
        """Return the activations that would be best without bounds."""
        fraction = pull / self.exponent
        return np.asarray(np.sign(fraction) * np.abs(fraction) ** (1.0 / (self.exponent - 1.0)))

    def _curvature(self, slope: np.ndarray) -> np.ndarray:
        """Return the dual's second derivative (T, J, J), of activations that change by `slope` (T, A) per pull."""
        muscles = (self.capacity * slope[:, None]) @ self.capacity.swapaxes(1, 2)
        return np.asarray(muscles + np.diag(self.reserve))
