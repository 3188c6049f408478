"""Refines a motion against the pictures: by lines of sight instead of points in space, and smoothly in time.

A point in space made of two views is unsure along the line of sight, and there is none where one view alone sees it.
So each point of the skeleton is drawn to each line of sight on its own, robustly (Geman and McClure's loss), and each
coordinate to a smooth course: in turn, the poses of all frames at once are drawn to the smoothed course of the ones
before, and that course is taken anew.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from kinesynth.geometry.levenberg_marquardt import Quadratic, minimize
from kinesynth.runs import runs
from kinesynth.skeleton import SkeletonDefinition
from kinesynth_train.inverse_kinematics import search_limits
from kinesynth_train.predict.flat_feet import FlatFeet
from kinesynth_train.predict.gaps import smooth
from kinesynth_train.predict.landmarks import priors
from kinesynth_train.predict.point_motion import PointMotion

OUTLIER_M = 0.06  # from a line of sight, at which a point weighs a quarter
ROUNDS = 3
COURSE_SPREAD_RAD, COURSE_SPREAD_M = np.radians(2.0), 0.01  # from the smooth course
TOLERANCE, MAX_ITERATIONS = 1e-5, 15


@dataclass(frozen=True, eq=False)
class SightLines:
    """Lines of sight of V views at the frames.

    Attributes:
        origins: (V, 3) m.
        directions: (V, T, M, 3), zero where there is none.
        weights: (V, T, M) 1/m^2, zero where there is none.
    """

    origins: Tensor
    directions: Tensor
    weights: Tensor

    def select(self, index: Tensor) -> "SightLines":
        """Return those of some frames."""
        return SightLines(self.origins, self.directions[:, index], self.weights[:, index])


class SightFit:
    """The cost of a skeleton's poses, as `minimize` wants it."""

    def __init__(self, skeleton: SkeletonDefinition, lines: SightLines, start: np.ndarray) -> None:
        """Prepare the fit of T frames to lines of sight, from angles (T, J)."""
        self._motion, self._lines = PointMotion(skeleton, start), lines
        self.free, self.bounds = self._motion.free, self._motion.bounds
        mean, precision = priors(skeleton)
        self._likely, self._precision = torch.tensor(mean[self.free]), torch.tensor(precision[self.free])
        spread = np.where(skeleton.coordinate_translational[self.free], COURSE_SPREAD_M, COURSE_SPREAD_RAD)
        self._steady = torch.tensor(spread**-2)
        self.course = torch.tensor(start[:, self.free])
        self._feet = FlatFeet(skeleton, start)

    def settle(self, angles: np.ndarray, fps: float) -> None:
        """Draw the poses to a motion (T, J), and level the soles that rest in it."""
        self.course = torch.tensor(angles[:, self.free])
        self._feet.look(angles, fps)

    def quadratic(self, unknowns: Tensor, index: Tensor) -> Quadratic:
        """Return cost, gradient and Gauss-Newton matrix at unknowns (K, P) of the frames (K,)."""
        points, slopes = self._motion(unknowns, index)
        cost, pull, stiffness = towards(points, self._lines.select(index))
        stiff = (stiffness @ slopes.reshape(*stiffness.shape[:3], -1)).flatten(1, 2)
        gradient = (slopes.mT @ pull.flatten(1)[..., None])[..., 0]
        matrix = slopes.mT @ stiff
        away, off = unknowns - self._likely, unknowns - self.course[index]
        cost = cost + (self._precision * away.square() + self._steady * off.square()).sum(dim=1)
        gradient = gradient + self._precision * away + self._steady * off
        feet = self._feet.quadratic(unknowns, index)
        matrix = matrix + torch.diag(self._precision + self._steady)
        return Quadratic(cost + feet.cost, gradient + feet.gradient, matrix + feet.matrix)

    def linear(self, unknowns: Tensor) -> tuple[Tensor, Tensor, Tensor, Quadratic]:
        """Return what a search of more than the poses needs at unknowns (T, P) of all frames.

        Returns:
            By how much the points (T, 3M, P) move with each coordinate; half the derivative (T, 3M) and the stiffness
            (T, 3M, 3M) of the cost by the points; and the cost near the unknowns.
        """
        index = torch.arange(len(unknowns))
        points, slopes = self._motion(unknowns, index)
        _, pull, stiffness = towards(points, self._lines)
        frames, count = stiffness.shape[:2]
        blocks = stiffness.new_zeros(frames, count, 3, count, 3)
        place = torch.arange(count)
        blocks[:, place, :, place] = stiffness.movedim(1, 0)
        return slopes, pull.flatten(1), blocks.reshape(frames, 3 * count, -1), self.quadratic(unknowns, index)


def towards(points: Tensor, lines: SightLines) -> tuple[Tensor, Tensor, Tensor]:
    """Return the cost (K,) of points (K, M, 3), half its derivative (K, M, 3) and its stiffness (K, M, 3, 3)."""
    away = points - lines.origins[:, None, None]
    along = (away * lines.directions).sum(dim=-1, keepdim=True)
    miss = away - along * lines.directions
    ratio = 1.0 / (1.0 + miss.square().sum(dim=-1) / OUTLIER_M**2)
    cost = (lines.weights * miss.square().sum(dim=-1) * ratio).sum(dim=(0, 2))
    weight = (lines.weights * ratio.square())[..., None]
    across = torch.eye(3, dtype=points.dtype) - lines.directions[..., :, None] * lines.directions[..., None, :]
    return cost, (weight * miss).sum(dim=0), (weight[..., None] * across).sum(dim=0)


def refine(
    skeleton: SkeletonDefinition, lines: SightLines, angles: np.ndarray, fps: float, smooth_hz: float
) -> np.ndarray:
    """Return angles (T, J) near those given, whose points are near to the lines of sight, and which do not jump.

    Args:
        skeleton: of the person's size, with the M points as its markers.
        lines: of sight, at the T frames.
        angles: (T, J) rad and m, where the search begins; NaN in frames that are left out.
        fps: frames per second.
        smooth_hz: cut-off of the smooth course; 0 smooths nothing.
    """
    result = angles.copy()
    for first, last in runs(np.isfinite(angles).all(axis=1)):
        part = angles[first:last]
        fit = SightFit(skeleton, lines.select(torch.arange(first, last)), part)
        unknowns = torch.tensor(part[:, fit.free])
        min_cost = torch.full((last - first,), 1e-9, dtype=torch.float64)
        for _ in range(ROUNDS):
            smooth_part = part.copy()
            smooth_part[:, fit.free] = course(skeleton, fit.free, unknowns.numpy(), fps, smooth_hz)
            fit.settle(skeleton.coupled(smooth_part), fps)
            unknowns, _ = minimize(fit.quadratic, unknowns, fit.bounds, TOLERANCE, min_cost, MAX_ITERATIONS)
        solved = part.copy()
        solved[:, fit.free] = course(skeleton, fit.free, unknowns.numpy(), fps, smooth_hz)
        result[first:last] = skeleton.coupled(solved)
    return result


def course(
    skeleton: SkeletonDefinition, free: np.ndarray, unknowns: np.ndarray, fps: float, cutoff_hz: float
) -> np.ndarray:
    """Return the smooth course (T, P) of coordinates, within their limits."""
    turns = ~skeleton.coordinate_translational[free]
    whole = np.where(turns, np.unwrap(unknowns, axis=0), unknowns)
    course = smooth(whole[:, None, :], fps, cutoff_hz)[:, 0] if len(whole) > 1 else whole
    low, high = search_limits(skeleton).numpy()[free].T
    return np.asarray(course.clip(low, high))
