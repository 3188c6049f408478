"""Levenberg-Marquardt for bodies that follow points: the shape of a subject, then the pose of every frame.

Both minimise, over the correction x_t of each frame t (and betas b in the first),

    sum_t sum_p rho(|p(x_t, b) - target|)  +  prior |x_t|^2  +  rate fps^2 |x_t - x_(t-1)|^2  +  shape |b - b_0|^2

with the Geman-McClure rho of MoSh++ (Mahmood 2019), which stops trusting a point that stays far from its target.
What changes smoothly is the correction, not the motion: shape and markers are off by much the same from one frame to
the next, whereas the motion itself may be as quick as it was.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.linalg import solveh_banded
from torch import Tensor

from kinesynth.fitting.points import BodyState, SkinnedPoints

_FRAMES_AT_ONCE = 32  # keeps the Jacobian of a batch in the processor's cache
_MAX_STEPS = 20  # a sound clip needs four to six
_RELATIVE_GAIN = 1e-4  # of the objective, below which a step ends the search
_FIRST_DAMPING, _MAX_DAMPING = 1e-6, 1e4


@dataclass(frozen=True)
class Weights:
    """What the objective's terms weigh against the squared distances, which are in square metres."""

    robust_scale_m: float = 0.1  # a point this far off counts a quarter
    prior: float = 3e-3  # m^2/rad^2; lower, and collars and shoulders wring the skin to gain a millimetre
    rate: float = 3e-5  # m^2 s^2/rad^2; lower, and what inverse kinematics cannot observe jitters
    shape: float = 1e-3  # m^2 per frame: betas one standard deviation off cost as much as ten points 1 cm off


def fit_shape(points: SkinnedPoints, start: BodyState, targets: Tensor, weights: Weights) -> BodyState:
    """Fit betas and the pose of T unrelated frames together.

    Each frame's correction meets the others only in betas, so it is eliminated by a Schur complement.
    `targets` (T, P, 3) are in metres, NaN where unknown.
    """
    stiffness = weights.shape * len(targets)

    def cost(state: BodyState) -> float:
        far = (state.betas - start.betas).square().sum()
        return float(_misfit(points, state, targets, weights) + stiffness * far + _prior(state, weights))

    def step(state: BodyState, damping: float) -> BodyState:
        residual, J, trust = _linearised(points, state, targets, weights)
        S = points.shape_derivative(state).flatten(1, 2)  # (T, 3P, S)
        H, g = _normalised(residual, J, trust, state, weights)
        cross = (J * trust).mT @ S  # (T, 69, S)
        inner = torch.linalg.solve(_damped(H, damping), torch.cat([cross, g[..., None]], -1))
        shape = ((S * trust).mT @ S).sum(0) + stiffness * torch.eye(S.shape[-1], dtype=S.dtype)
        pull = ((S * trust).mT @ residual[..., None]).sum(0)[:, 0] + stiffness * (state.betas - start.betas)
        reduced = _damped(shape, damping) - (cross.mT @ inner[..., :-1]).sum(0)
        betas = -torch.linalg.solve(reduced, pull - (cross.mT @ inner[..., -1:]).sum(0)[:, 0])
        change = -inner[..., -1] - inner[..., :-1] @ betas
        return replace(state, correction=state.correction + change, betas=state.betas + betas)

    return _minimise(start, cost, step)


def fit_pose(points: SkinnedPoints, start: BodyState, targets: Tensor, weights: Weights, fps: float) -> BodyState:
    """Fit the pose of the T successive frames of a clip, betas as they are.

    A frame meets its two neighbours only through the rate term, so one banded Cholesky factorisation solves all.
    `targets` (T, P, 3) are in metres, NaN where unknown.
    """
    rate = weights.rate * fps**2

    def cost(state: BodyState) -> float:
        jumps = state.correction.diff(dim=0).square().sum()
        return float(_misfit(points, state, targets, weights) + rate * jumps + _prior(state, weights))

    def step(state: BodyState, damping: float) -> BodyState:
        batches = [slice(first, first + _FRAMES_AT_ONCE) for first in range(0, len(targets), _FRAMES_AT_ONCE)]
        systems = [_normal_equations(points, state[frames], targets[frames], weights) for frames in batches]
        H, g = (torch.cat(parts) for parts in zip(*systems, strict=True))
        jumps = state.correction.diff(dim=0)
        g[1:] += rate * jumps
        g[:-1] -= rate * jumps
        change = -_solve_chain(_damped(H, damping).numpy(), g.numpy(), rate)
        return replace(state, correction=state.correction + torch.from_numpy(change))

    return _minimise(start, cost, step)


def _minimise(
    state: BodyState, cost: Callable[[BodyState], float], step: Callable[[BodyState, float], BodyState]
) -> BodyState:
    """Take damped steps as long as they lower `cost` by more than a hair."""
    damping, best = _FIRST_DAMPING, cost(state)
    for _ in range(_MAX_STEPS):
        trial = step(state, damping)
        value = cost(trial)
        if value >= best:
            damping *= 10
            if damping > _MAX_DAMPING:
                break
            continue
        gain, state, best = best - value, trial, value
        damping = max(damping / 10, _FIRST_DAMPING)
        if gain <= _RELATIVE_GAIN * best:
            break
    return state


def _misfit(points: SkinnedPoints, state: BodyState, targets: Tensor, weights: Weights) -> Tensor:
    squared = (points.points(state) - targets).square().sum(-1).nan_to_num(0.0)
    scale = weights.robust_scale_m**2
    return (scale * squared / (scale + squared)).sum()


def _prior(state: BodyState, weights: Weights) -> Tensor:
    return weights.prior * state.correction.square().sum()


def _linearised(
    points: SkinnedPoints, state: BodyState, targets: Tensor, weights: Weights
) -> tuple[Tensor, Tensor, Tensor]:
    """Return residual (T, 3P), its derivative (T, 3P, 69) and how far it is trusted (T, 3P, 1), zero where unknown."""
    posed, J = points.linearise(state)
    offset = posed - targets
    known = offset.isfinite().all(-1)
    offset = torch.where(known[..., None], offset, 0.0)
    scale = weights.robust_scale_m**2
    trust = (scale / (scale + offset.square().sum(-1))).square() * known
    return offset.flatten(1), J.flatten(1, 2), trust.repeat_interleave(3, 1)[..., None]


def _normal_equations(
    points: SkinnedPoints, state: BodyState, targets: Tensor, weights: Weights
) -> tuple[Tensor, Tensor]:
    """Return each frame's Gauss-Newton matrix (T, 69, 69) and gradient (T, 69), prior included."""
    return _normalised(*_linearised(points, state, targets, weights), state, weights)


def _normalised(
    residual: Tensor, J: Tensor, trust: Tensor, state: BodyState, weights: Weights
) -> tuple[Tensor, Tensor]:
    trusted = (J * trust).mT
    H = trusted @ J + weights.prior * torch.eye(J.shape[-1], dtype=J.dtype)
    return H, (trusted @ residual[..., None])[..., 0] + weights.prior * state.correction


def _damped(H: Tensor, damping: float) -> Tensor:
    return H + damping * torch.diag_embed(H.diagonal(dim1=-2, dim2=-1))


def _solve_chain(H: np.ndarray, g: np.ndarray, rate: float) -> np.ndarray:
    """Solve (diag(H_t) + rate L) x = g, with L the Laplacian of the chain of T frames; H (T, n, n), g (T, n)."""
    n_frames, size = g.shape
    column, below = np.arange(size), np.arange(size + 1)[:, None]
    row = column + below  # entry (below, column) of LAPACK's band is H[row, column]
    inside = row < size
    band = np.where(inside[:, None], H[:, np.minimum(row, size - 1), column].transpose(1, 0, 2), 0.0)
    neighbours = (np.arange(n_frames) > 0) + (np.arange(n_frames) < n_frames - 1) * 1.0
    band[0] += rate * neighbours[:, None]
    band[size, :-1] = -rate
    solution = solveh_banded(band.reshape(size + 1, -1), g.reshape(-1), lower=True, overwrite_ab=True)
    return np.asarray(solution).reshape(g.shape)
