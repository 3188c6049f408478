"""Levenberg-Marquardt over many small problems at once, each with bounds on its unknowns.

A step is taken in the unknowns that are free: those not at a bound towards which the cost falls. It is cut off at the
bounds, and taken only where the cost falls (projected Levenberg-Marquardt: Kanzow, Yamashita and Fukushima, J. Comput.
Appl. Math. 172, 2004; Marquardt's scaling by the diagonal).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

FIRST_DAMPING = 1e-3  # of the matrix's diagonal
DAMPING_STEPS = (0.1, 10.0)  # after a success and a failure
MAX_DAMPING = 1e8
MIN_CURVATURE = 1e-6  # of the diagonal's mean: what an unknown that changes no cost gets


@dataclass(frozen=True)
class Quadratic:
    """N costs near N points: cost + 2 gradient' d + d' matrix d for a change d of the P unknowns.

    Attributes:
        cost: (N,).
        gradient: (N, P), half the derivative of the cost.
        matrix: (N, P, P) Gauss-Newton's J'J.
    """

    cost: Tensor
    gradient: Tensor
    matrix: Tensor

    def select(self, index: Tensor) -> "Quadratic":
        """Return some of the N."""
        return Quadratic(self.cost[index], self.gradient[index], self.matrix[index])


def minimize(
    quadratic: Callable[[Tensor, Tensor], Quadratic],
    start: Tensor,
    bounds: Tensor,
    tolerance: float,
    min_cost: Tensor,
    max_iterations: int,
) -> tuple[Tensor, Tensor]:
    """Return the unknowns (N, P) and the costs (N,) of N problems' minima near `start` (N, P).

    Args:
        quadratic: gives, for unknowns (K, P) of the problems with indices (K,), their costs near these.
        start: where to begin, (N, P).
        bounds: (P, 2) minimum and maximum.
        tolerance: a problem whose cost falls by less than this fraction is done.
        min_cost: (N,) as is one whose cost falls by less than this.
        max_iterations: when to stop in any case.
    """
    solved = start.clamp(bounds[:, 0], bounds[:, 1])
    costs = torch.empty_like(solved[:, 0])
    index = torch.arange(len(solved))
    here, unknowns = quadratic(solved, index), solved.clone()
    damping = torch.full_like(costs, FIRST_DAMPING)
    costs[:] = here.cost
    for _ in range(max_iterations):
        trial = (unknowns + _step(here, unknowns, bounds, damping)).clamp(bounds[:, 0], bounds[:, 1])
        there = quadratic(trial, index)
        better = there.cost < here.cost
        fall = (here.cost - there.cost).abs()
        small = fall <= tolerance * here.cost + min_cost[index]
        unknowns = torch.where(better[:, None], trial, unknowns)
        here = _merged(better, there, here)
        damping = damping * torch.where(better, *DAMPING_STEPS)
        solved[index], costs[index] = unknowns, here.cost
        todo = torch.nonzero(~small & (damping < MAX_DAMPING))[:, 0]
        if not len(todo):
            break
        if len(todo) < len(index):
            index, unknowns, damping, here = index[todo], unknowns[todo], damping[todo], here.select(todo)
    return solved, costs


def _step(here: Quadratic, unknowns: Tensor, bounds: Tensor, damping: Tensor) -> Tensor:
    """Return the step (N, P) of the free unknowns; the others stay."""
    falls_out = ((unknowns <= bounds[:, 0]) & (here.gradient > 0)) | ((unknowns >= bounds[:, 1]) & (here.gradient < 0))
    free = (~falls_out).to(unknowns.dtype)
    matrix = here.matrix * free[:, :, None] * free[:, None, :]
    diagonal = here.matrix.diagonal(dim1=1, dim2=2)
    added = damping[:, None] * diagonal + MIN_CURVATURE * diagonal.mean(dim=1, keepdim=True)
    matrix.diagonal(dim1=1, dim2=2).add_(torch.where(falls_out, diagonal + 1.0, added))
    factor, _ = torch.linalg.cholesky_ex(matrix)
    return -torch.cholesky_solve((here.gradient * free)[..., None], factor)[..., 0]


def _merged(mask: Tensor, first: Quadratic, second: Quadratic) -> Quadratic:
    """Return `first` where the mask (N,) holds and `second` elsewhere."""
    if mask.all():
        return first
    return Quadratic(
        torch.where(mask, first.cost, second.cost),
        torch.where(mask[:, None], first.gradient, second.gradient),
        torch.where(mask[:, None, None], first.matrix, second.matrix),
    )
