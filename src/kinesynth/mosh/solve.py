"""Levenberg-Marquardt that fits bodies to points: the shape of a subject, then the pose of every frame.

Both minimise, over the correction x_t of each frame t (and betas b and latent offsets l_p of the points in the first),

    sum_t sum_p rho(|p(x_t, b, l_p) - target|)  +  prior |x_t|^2  +  rate fps^2 |x_t - x_(t-1)|^2
    +  shape |b - b_0|^2  +  sum_p (l_p - m_p)' W_p (l_p - m_p)

with the Geman-McClure rho of MoSh++ (Mahmood 2019), which stops trusting a point that stays far from its target.
What changes smoothly is the correction, not the motion: shape and markers are off by much the same from one frame to
the next, whereas the motion itself may be as quick as it was.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.linalg import solveh_banded
from torch import Tensor

from kinesynth.mosh.points import BodyState, SkinnedPoints

_FRAMES_AT_ONCE = 32  # keeps the Jacobian of a batch in the processor's cache
_MAX_STEPS = 20  # a sound clip needs four to six
_RELATIVE_GAIN = 1e-4  # of the objective, below which a step ends the search
_FIRST_DAMPING, _MAX_DAMPING = 1e-6, 1e4


@dataclass(frozen=True)
class Weights:
    """What the objective's terms weigh against the squared distances, which are in square metres."""

    robust_scale_m: float = 0.1  # a point this far off counts a quarter
    prior: float | Tensor = 3e-3  # m^2/rad^2; lower, and collars and shoulders twist implausibly for a millimetre
    rate: float = 3e-5  # m^2 s^2/rad^2; lower, and what inverse kinematics cannot observe jitters
    shape: float = 1e-3  # m^2 per frame: betas one standard deviation off cost as much as ten points 1 cm off


@dataclass(frozen=True)
class Placement:
    """Where points are held to lie off the mesh: `means` (P, 3) m, in the rest pose, and how firmly.

    `firmness` (P, 3, 3) weighs a squared offset against squared distances of one frame.
    """

    means: Tensor
    firmness: Tensor


def solve_shape(
    points: SkinnedPoints, start: BodyState, targets: Tensor, weights: Weights, placement: Placement | None = None
) -> BodyState:
    """Fit betas, latent offsets if a `placement` frees them, and the pose of T unrelated frames together.

    Each frame's correction meets the others only in what they share, so it is eliminated by a Schur complement.
    `targets` (T, P, 3) are in metres, NaN where unknown.
    """
    shared = _Shared(points, start.betas, len(targets) * weights.shape, len(targets), placement)

    def cost(state: BodyState) -> float:
        far = shared.off(state)
        return float(_misfit(points, state, targets, weights) + far @ shared.stiffness @ far + _prior(state, weights))

    def step(state: BodyState, damping: float) -> BodyState:
        residual, J, trust = _linearised(points, state, targets, weights)
        S = shared.derivative(state)
        H, g = _normalised(residual, J, trust, state, weights)
        cross = (J * trust).mT @ S
        inner = torch.linalg.solve(_damped(H, damping), torch.cat([cross, g[..., None]], -1))
        trusted = (S * trust).mT
        matrix = (trusted @ S).sum(0) + shared.stiffness
        pull = (trusted @ residual[..., None]).sum(0)[:, 0] + shared.stiffness @ shared.off(state)
        reduced = _damped(matrix, damping) - (cross.mT @ inner[..., :-1]).sum(0)
        moved = -torch.linalg.solve(reduced, pull - (cross.mT @ inner[..., -1:]).sum(0)[:, 0])
        change = -inner[..., -1] - inner[..., :-1] @ moved
        return shared.moved(replace(state, correction=state.correction + change), moved)

    return _minimise(start, cost, step)


class _Shared:
    """What all frames share, as one vector: betas, then latent offsets where a placement frees them."""

    def __init__(
        self, points: SkinnedPoints, betas: Tensor, shape: float, n_frames: int, placement: Placement | None
    ) -> None:
        self.points, self.n_betas, self.free = points, len(betas), placement is not None
        self.stiffness = shape * torch.eye(len(betas), dtype=betas.dtype)
        self.rest = betas
        if placement is not None:
            self.rest = torch.cat([betas, placement.means.flatten()])
            self.stiffness = _block_diagonal([self.stiffness, *(n_frames * placement.firmness)])

    def off(self, state: BodyState) -> Tensor:
        """Return how far it is from where its prior has it."""
        if not self.free or state.latents is None:
            return state.betas - self.rest
        return torch.cat([state.betas, state.latents.flatten()]) - self.rest

    def moved(self, state: BodyState, by: Tensor) -> BodyState:
        """Return the state with it moved."""
        state = replace(state, betas=state.betas + by[: self.n_betas])
        if not self.free or state.latents is None:
            return state
        return replace(state, latents=state.latents + by[self.n_betas :].reshape(-1, 3))

    def derivative(self, state: BodyState) -> Tensor:
        """Return the points' derivative by it, (T, 3P, S) or (T, 3P, S + 3P)."""
        by_shape = self.points.shape_derivative(state).flatten(1, 2)
        if not self.free:
            return by_shape
        own = self.points.latent_derivative(state)
        by_latents = own.new_zeros(len(own), self.points.n_points, 3, self.points.n_points, 3)
        rows = torch.arange(self.points.n_points)
        by_latents[:, rows, :, rows] = own.transpose(0, 1)
        return torch.cat([by_shape, by_latents.flatten(3).flatten(1, 2)], -1)


def _block_diagonal(blocks: Sequence[Tensor]) -> Tensor:
    size = sum(len(block) for block in blocks)
    matrix, start = blocks[0].new_zeros(size, size), 0
    for block in blocks:
        own = slice(start, start + len(block))
        matrix[own, own] = block
        start += len(block)
    return matrix


def solve_pose(points: SkinnedPoints, start: BodyState, targets: Tensor, weights: Weights, fps: float) -> BodyState:
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
    return (weights.prior * state.correction.square()).sum()


def _linearised(
    points: SkinnedPoints, state: BodyState, targets: Tensor, weights: Weights
) -> tuple[Tensor, Tensor, Tensor]:
    """Return residual (T, 3P), its derivative (T, 3P, n) and how far it is trusted (T, 3P, 1), zero where unknown."""
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
    """Return each frame's Gauss-Newton matrix (T, n, n) and gradient (T, n), prior included."""
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
