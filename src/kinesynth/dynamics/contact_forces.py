"""Shares the load of a moving body between the contact points under its feet: one convex problem a frame."""

from dataclasses import dataclass
from itertools import product

import daqp
import numpy as np

MAX_FORCE, LIKELIHOOD_POWER = 4.0, 0.7
"""Body weights that a point may bear which is surely in contact; others bear as much times this power of likelihood.

It is steep at zero, and has no step. With one, a foot about to land would carry at one frame rate and not at another;
on a straight line, a walker about to land would be held by too little for a thirtieth of a second.
"""

NEIGHBOUR_SECONDS = 1.0 / 30.0


@dataclass(frozen=True)
class Weights:
    """What good sharing is: weights on squares of forces in body weights and of moments in body weights times metres.

    `root` holds the whole body to its motion. The others choose among the ways to do that: `joints` keeps the joint
    moments small, which decides how two feet on the ground push against each other; `unlikely` keeps force off points
    that are hardly in contact; `smooth` keeps each force near the mean of those NEIGHBOUR_SECONDS before and after, so
    that the result does not depend on the frame rate. Set by hand on one measured gait trial (see tests/dynamics).
    """

    root: float = 100.0
    joints: float = 0.1
    unlikely: float = 0.025
    smooth: float = 0.3


DEFAULT_WEIGHTS = Weights()


@dataclass(frozen=True)
class Load:
    """What the ground is asked for, and what its forces do.

    Attributes:
        demand: (T, J) N m and N, the generalised forces that move the body without the ground.
        effect: (T, J, ..., 3), generalised force per force on each contact point.
        root: the six columns of J that no joint can drive.
        body_weight: N.
    """

    demand: np.ndarray
    effect: np.ndarray
    root: list[int]
    body_weight: float


def point_effect(jacobian: np.ndarray, arms: np.ndarray) -> np.ndarray:
    """Return the generalised force (T, J, B, P, 3) per force on points of bodies.

    Args:
        jacobian: (T, B, 6, J) of the bodies' frames, angular above linear.
        arms: (T, B, P, 3) m from those frames' origins to the points.
    """
    angular, linear = jacobian[:, :, None, :3], jacobian[:, :, None, 3:]
    velocity = linear + np.cross(angular, arms[..., None], axis=3)
    return np.moveaxis(velocity, -1, 1)


def share_load(
    load: Load,
    likelihood: np.ndarray,
    friction: float,
    rate_hz: float,
    weights: Weights = DEFAULT_WEIGHTS,
    sweeps: int = 2,
) -> np.ndarray:
    """Return the forces (T, ..., 3) N on the contact points, at `rate_hz` frames per second.

    A point's normal force is non-negative and vanishes with its `likelihood` (T, ...); its friction stays in a
    four-sided pyramid inside the cone of `friction`. The first pass solves every frame alone, `sweeps` more pull it
    towards its neighbours in time: neither direction is preferred.
    """
    frames = len(likelihood)
    problem = _Problem.of(load, likelihood, friction, weights)
    forces = np.stack([problem.solve(frame) for frame in range(frames)])
    for _ in range(sweeps):
        target = _mean_of_neighbours(forces, NEIGHBOUR_SECONDS * rate_hz)
        forces = np.stack([problem.solve(frame, weights.smooth, target[frame]) for frame in range(frames)])
    return forces.reshape(*likelihood.shape, 3) * load.body_weight


def _mean_of_neighbours(values: np.ndarray, distance: float) -> np.ndarray:
    """Return the mean (T, N) of the rows `distance` frames before and after, interpolated; the ends are repeated."""
    last = len(values) - 1
    before, after = (np.clip(np.arange(last + 1) + step, 0.0, last) for step in (-distance, distance))
    return np.asarray((_at(values, before) + _at(values, after)) / 2.0)


def _at(values: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Return the rows (K, N) at fractional `positions` (K,) among `values` (T, N)."""
    low = positions.astype(int)
    fraction = (positions - low)[:, None]
    return np.asarray(values[low] * (1.0 - fraction) + values[np.minimum(low + 1, len(values) - 1)] * fraction)


@dataclass(frozen=True)
class _Problem:
    """Every frame's quadratic program over forces in body weights, without smoothness."""

    hessian: np.ndarray
    gradient: np.ndarray
    limit: np.ndarray
    pyramid: np.ndarray

    @classmethod
    def of(cls, load: Load, likelihood: np.ndarray, friction: float, weights: Weights) -> "_Problem":
        frames, coordinates = load.demand.shape
        effect = load.effect.reshape(frames, coordinates, -1)
        row_weights = np.full(coordinates, weights.joints)
        row_weights[load.root] = weights.root
        weighted = np.swapaxes(effect * row_weights[:, None], 1, 2)
        likely = np.repeat(likelihood.reshape(frames, -1), 3, axis=1)
        hessian = weighted @ effect + np.eye(likely.shape[1]) * (weights.unlikely / (likely + 1e-3))[:, None]
        gradient = -(weighted @ load.demand[..., None])[..., 0] / load.body_weight
        limit = MAX_FORCE * likely**LIKELIHOOD_POWER
        return cls(hessian, gradient, limit, _friction_pyramid(likelihood[0].size, friction))

    def solve(self, frame: int, smooth: float = 0.0, target: np.ndarray | float = 0.0) -> np.ndarray:
        upper, lower = self.limit[frame], -self.limit[frame]
        lower[1::3] = 0.0
        hessian = self.hessian[frame] + smooth * np.eye(len(upper))
        gradient = self.gradient[frame] - smooth * target
        slack = np.zeros(len(self.pyramid))
        above, below = np.concatenate([upper, slack]), np.concatenate([lower, slack - 1e30])
        forces, _, flag, _ = daqp.solve(hessian, gradient, self.pyramid, above, below)
        if flag < 1:
            raise RuntimeError(f"the sharing problem of frame {frame} ended with flag {flag}")
        return np.asarray(np.clip(forces, lower, upper))  # zero means zero, also where the solver says 1e-16


def _friction_pyramid(points: int, friction: float) -> np.ndarray:
    """Return rows (4 P, 3 P) that are <= 0 where the friction stays in the pyramid inscribed in the cone."""
    rows = np.zeros((4 * points, 3 * points))
    for row, (point, axis, sign) in enumerate(product(range(points), (0, 2), (1.0, -1.0))):
        rows[row, 3 * point + axis] = sign
        rows[row, 3 * point + 1] = -friction / np.sqrt(2.0)
    return rows
