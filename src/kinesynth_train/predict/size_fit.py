"""Fits the size of the body whose poses are nearest to the lines of sight.

A bone's length by itself, from the distance of two unsure points, is off by a few millimetres; in a nearly straight leg
that is a bend of ten degrees. So the factors of all measurements are searched together with the poses: of the
Gauss-Newton matrix over both, the poses of each frame are eliminated (variable projection: Golub and Pereyra 2003,
Inverse Problems 19, R1), and what is left tells the factors, all frames together.
"""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from kinesynth.skeleton import SkeletonDefinition, SkeletonLayer
from kinesynth_train.predict.landmarks import generic_skeleton, table
from kinesynth_train.predict.proportions import Proportions, scales_of
from kinesynth_train.predict.refine import SightFit, SightLines
from kinesynth_train.predict.scaled import scaled, stature

MAX_FRAMES = 120  # looked at, evenly spread
INDEPENDENT_FRAMES = 10.0  # as many count: a detector errs alike in neighbouring frames
STEP = 1e-4  # of the logarithm of a factor, for its differences
MAX_CHANGE = 0.05  # of it, in one go


def refit_size(
    marked: SkeletonDefinition, size: Proportions, lines: SightLines, angles: np.ndarray, height: float | None
) -> Proportions:
    """Return the person's size, given poses that were found with the size before.

    Args:
        marked: the generic skeleton with the M points as its markers.
        size: the one before, about which the factors are likely.
        lines: of sight, at T frames.
        angles: (T, J) poses, NaN where not believed.
        height: m, which the skeleton keeps; None where it is measured.
    """
    known = np.flatnonzero(np.isfinite(angles).all(axis=1))
    chosen = known[np.linspace(0, len(known) - 1, min(len(known), MAX_FRAMES)).astype(int)]
    spread = {row["measurement"]: float(row["spread"]) for row in table("proportions")}
    names = list(spread)
    fit = SightFit(scaled(marked, size.scales), lines.select(torch.tensor(chosen)), angles[chosen])
    pull, matrix = _reduced(marked, size, names, fit, angles[chosen])
    fraction = min(INDEPENDENT_FRAMES / len(chosen), 1.0)
    precision = torch.diag(torch.tensor([spread[name] ** -2 for name in names], dtype=torch.float64))
    change = -torch.linalg.solve(fraction * matrix + precision, fraction * pull)
    logs = change.clamp(-MAX_CHANGE, MAX_CHANGE).numpy()
    factors = {name: size.factors[name] * float(np.exp(log)) for name, log in zip(names, logs, strict=True)}
    tall = stature(scaled(generic_skeleton(), scales_of(marked, factors)))
    if height is not None:
        factors = {name: factor * height / tall for name, factor in factors.items()}
        return replace(size, scales=scales_of(marked, factors), factors=factors)
    return replace(size, scales=scales_of(marked, factors), factors=factors, height=tall, measured=tall)


def _reduced(
    marked: SkeletonDefinition, size: Proportions, names: list[str], fit: SightFit, angles: np.ndarray
) -> tuple[Tensor, Tensor]:
    """Return gradient (S,) and matrix (S, S) of the cost over the S factors' logarithms, the poses eliminated."""
    unknowns = torch.tensor(angles[:, fit.free])
    by_angle, pull, stiffness, here = fit.linear(unknowns)
    by_size = _slopes(marked, size, names, angles)  # (K, 3M, S)
    pull_size = (by_size.mT @ pull[..., None])[..., 0]
    stiff_size = stiffness @ by_size
    both = by_angle.mT @ stiff_size  # (K, P, S)
    solved = torch.linalg.solve(here.matrix, torch.cat([both, here.gradient[..., None]], dim=-1))
    gradient = pull_size - (both.mT @ solved[..., -1:])[..., 0]
    matrix = by_size.mT @ stiff_size - both.mT @ solved[..., :-1]
    return gradient.sum(dim=0), matrix.sum(dim=0)


def _slopes(marked: SkeletonDefinition, size: Proportions, names: list[str], angles: np.ndarray) -> Tensor:
    """Return by how much the points (K, 3M, S) move with the logarithm of each factor."""
    layer, poses = SkeletonLayer(marked), torch.tensor(angles)

    def points(factors: dict[str, float]) -> Tensor:
        markers: Tensor = layer(poses, torch.tensor(scales_of(marked, factors))).markers
        return markers.flatten(1)

    here = points(size.factors)
    ahead = [points(size.factors | {name: size.factors[name] * np.exp(STEP)}) for name in names]
    return torch.stack([(each - here) / STEP for each in ahead], dim=-1)
