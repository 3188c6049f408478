"""Static optimization's problem, for all frames at once.

Per frame: the activations a and reserve moments r that

    minimise  |a|^2 + |r / w|^2   subject to   C a + r = m,  lower <= a <= upper,

with C the muscles' moments at full activation, m the joint moments and w the reserves' optimal moments. For given
multipliers y of the moments the minimiser is known, a = clip(C'y / 2) and r = w^2 y / 2, so that what remains is to
minimise the dual, convex and smooth but for its second derivative, over as many unknowns as there are coordinates. A
semismooth Newton method does it exactly in a few steps (Qi and Sun 1993, "A nonsmooth version of Newton's method").
"""

from dataclasses import dataclass

import numpy as np

MOST_STEPS = 100
SHORTEST_STEP = 1e-6
TOLERANCE = 1e-9  # of the joint moments, relative to the largest


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


def share_moments(capacity: np.ndarray, moments: np.ndarray, bounds: np.ndarray, reserve: np.ndarray) -> Sharing:
    """Share joint moments between muscles and reserves.

    Args:
        capacity: (T, J, A) N m, the moment of each muscle at activation 1.
        moments: (T, J) N m.
        bounds: (A, 2) least and greatest activation.
        reserve: (J,) N m, the reserves' optimal moments w.
    """
    problem = _Dual(capacity, moments, bounds[:, 0], bounds[:, 1], reserve**2 / 2.0)
    multipliers = problem.start()
    scale = np.maximum(np.abs(moments).max(axis=1, initial=0.0), 1.0)
    todo = np.arange(len(moments))
    for _ in range(MOST_STEPS):
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

    def frames(self, rows: np.ndarray) -> "_Dual":
        if len(rows) == len(self.moments):
            return self
        return _Dual(self.capacity[rows], self.moments[rows], self.lower, self.upper, self.reserve)

    def start(self) -> np.ndarray:
        """Return the multipliers that would solve the problem without bounds."""
        free = np.ones((len(self.moments), len(self.lower)), dtype=bool)
        return np.asarray(np.linalg.solve(self._curvature(free), self.moments[..., None])[..., 0])

    def activations(self, multipliers: np.ndarray) -> np.ndarray:
        return np.clip(self._pull(multipliers) / 2.0, self.lower, self.upper)

    def value(self, multipliers: np.ndarray) -> np.ndarray:
        pull = self._pull(multipliers)
        activations = np.clip(pull / 2.0, self.lower, self.upper)
        muscles = np.sum(activations * (pull - activations), axis=1)
        others = np.sum(multipliers * (0.5 * self.reserve * multipliers - self.moments), axis=1)
        return np.asarray(muscles + others)

    def gradient(self, multipliers: np.ndarray) -> np.ndarray:
        """Return how far muscles and reserves overshoot the moments, (T, J) N m."""
        muscles = (self.capacity @ self.activations(multipliers)[..., None])[..., 0]
        return np.asarray(muscles + self.reserve * multipliers - self.moments)

    def step(self, multipliers: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Return Newton's steps (T, J), each halved until it leads down."""
        half = self._pull(multipliers) / 2.0
        free = (half > self.lower) & (half < self.upper)
        step = -np.linalg.solve(self._curvature(free), gradient[..., None])[..., 0]
        slope = np.sum(step * gradient, axis=1)
        value, length = self.value(multipliers), np.ones(len(step))
        high = np.arange(len(step))
        while len(high) and length.min() > SHORTEST_STEP:
            part, trial = self.frames(high), multipliers[high] + length[high, None] * step[high]
            allowed = value[high] + 1e-4 * length[high] * slope[high] + 1e-12 * np.abs(value[high])
            high = high[part.value(trial) > allowed]
            length[high] *= 0.5
        return np.asarray(step * length[:, None])

    def _pull(self, multipliers: np.ndarray) -> np.ndarray:
        return np.asarray((multipliers[:, None] @ self.capacity)[:, 0])

    def _curvature(self, free: np.ndarray) -> np.ndarray:
        muscles = (self.capacity * (0.5 * free[:, None])) @ self.capacity.swapaxes(1, 2)
        return np.asarray(muscles + np.diag(self.reserve))
