"""Inverse kinematics of all frames of all clips at once, without OpenSim.

The objective is that of OpenSim's tool: the weighted sum of squared marker errors, within the limits of clamped
coordinates. The tool searches each frame from the frame before. Here each clip's first frame is searched from several
poses, all its other frames from the first one's result, and where neighbours then differ much, one is searched again
from the other, so that no arm stays in a local minimum.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from kinesynth.geometry.levenberg_marquardt import Quadratic, minimize
from kinesynth.kinematics.bounded_skeleton import BoundedSkeleton
from kinesynth.kinematics.initial_poses import (
    ARM_BODIES,
    ARM_POSES,
    ROOT,
    ROOT_BODY,
    arm_start,
    is_arm,
    root_on_markers,
)
from kinesynth.kinematics.marker_fit import MarkerFit, MarkerMoments
from kinesynth.skeleton.layer import SkeletonLayer
from kinesynth.skeleton.trunk import TRUNK_BODIES

BATCH = 256  # frames: their matrices stay in a core's cache
MIN_ERROR_M = 1e-7  # RMS error at which a frame counts as converged
JUMP = 0.5  # rad between neighbouring frames
DEARER = 2.0  # times the cost of a neighbour, or of the clip's median frame,
NEIGHBOUR_ERROR_M = 1e-3  # and besides that by this RMS error: search again from the neighbour
STUCK_ERROR_M = 1e-2  # and by this one: search again from all poses; an arm in a wrong minimum is off by 0.05 and more
SAME_COST = 1e-6  # fraction of the cost that tells one minimum from another
BETTER_COST = 1e-3
CHANGE = 1e-2  # rad, below which a pose found again is the same


@dataclass(frozen=True)
class Effort:
    """When a search ends: at a fall of the cost by less than this fraction of it, or after so many iterations."""

    tolerance: float
    max_iterations: int


FULL = Effort(1e-6, 60)
ROUGH = Effort(1e-2, 8)  # enough to tell one minimum from another


@dataclass(frozen=True, eq=False)
class Prior:
    """What is likely of coordinates that the markers hardly tell: the cost gains precision (q - mean)^2 of each.

    Attributes:
        mean: (J,) rad and m.
        precision: (J,), in the unit of the cost over rad^2 or m^2; 0 says nothing.
    """

    mean: np.ndarray
    precision: np.ndarray


def solve_clips(
    skeleton: BoundedSkeleton, clips: Mapping[str, np.ndarray], weights: np.ndarray, prior: Prior | None = None
) -> dict[str, dict[str, np.ndarray]]:
    """Return angles, keypoints and markers of each clip.

    Args:
        skeleton: with M markers.
        clips: marker positions (T, M, 3) m of each clip, in the skeleton's order; NaN where missing.
        weights: (M,) of the markers, or (N, M) in each of the N frames of all clips.
        prior: of coordinates; none leaves those that no marker tells near where the search began.
    """
    if not clips:
        return {}
    search = _Search(skeleton, np.concatenate(list(clips.values())), weights, prior)
    lengths = [len(positions) for positions in clips.values()]
    angles = search.track(lengths)
    ends = np.cumsum(lengths)[:-1]
    solved = {}
    for name, found in zip(clips, np.split(angles, ends), strict=True):
        unwrapped = skeleton.definition.coupled(unwrap(skeleton, found))
        pose = search.layer(torch.tensor(unwrapped))
        solved[name] = {"angles": unwrapped, "keypoints": pose.keypoints.numpy(), "markers": pose.markers.numpy()}
    return solved


def unwrap(skeleton: BoundedSkeleton, angles: np.ndarray) -> np.ndarray:
    """Return `angles` (T, J) without jumps by whole turns, except where these would leave a coordinate's limits."""
    turns = ~skeleton.definition.coordinate_translational
    low, high = skeleton.bounds.T
    smooth = np.where(turns, np.unwrap(angles, axis=0), angles)
    inside = (low <= smooth.min(axis=0)) & (smooth.max(axis=0) <= high)
    return np.where(inside, smooth, angles)


class _Search:
    """The search for the poses of N frames.

    Attributes:
        layer: the skeleton with its markers.
    """

    def __init__(
        self, skeleton: BoundedSkeleton, positions: np.ndarray, weights: np.ndarray, prior: Prior | None = None
    ) -> None:
        definition = skeleton.definition
        low, high = skeleton.bounds.T
        self.layer = SkeletonLayer(definition)
        self._definition = definition
        self._free = np.flatnonzero((definition.coupled_to < 0) & (low < high))
        self._bounds = torch.tensor(skeleton.bounds[self._free])
        self._fit = MarkerFit(definition, self._free)
        self._moments = MarkerMoments.of(definition, positions, weights)
        self._positions, self._weights = positions, np.broadcast_to(weights, positions.shape[:2])
        nothing = Prior(definition.coordinate_defaults, np.zeros(len(definition.coordinate_names)))
        prior = prior or nothing
        self._likely, self._precision = torch.tensor(prior.mean[self._free]), torch.tensor(prior.precision[self._free])

    def track(self, lengths: Sequence[int]) -> np.ndarray:
        """Return the angles (N, J) of clips of `lengths` frames."""
        clip = np.repeat(np.arange(len(lengths)), lengths)
        firsts = np.cumsum([0, *lengths[:-1]])
        roots = self._roots()
        first_poses = self._best_starts(roots, firsts)
        angles, costs = self.solve(self._with_root(first_poses[clip], roots), np.arange(len(clip)))
        angles, costs = self._fix(angles, costs, clip, roots)
        usual = np.array([np.median(part) for part in np.split(costs, firsts[1:])])[clip]
        stuck = np.flatnonzero(costs > DEARER * usual + self._worth(STUCK_ERROR_M))
        if not len(stuck):
            return angles
        angles[stuck], costs[stuck] = self.solve(self._best_starts(roots, stuck), stuck)
        return self._fix(angles, costs, clip, roots)[0]

    def solve(self, start: np.ndarray, frames: np.ndarray, effort: Effort = FULL) -> tuple[np.ndarray, np.ndarray]:
        """Return angles (K, J) and costs (K,) of the frames with indices `frames` (K,) searched from `start` (K, J)."""
        angles, costs = start.copy(), np.empty(len(frames))
        for first in range(0, len(frames), BATCH):
            batch = slice(first, first + BATCH)
            found, costs[batch] = self._solve_batch(torch.tensor(start[batch]), torch.tensor(frames[batch]), effort)
            angles[batch, self._free] = found
        return angles, costs

    def _solve_batch(self, start: Tensor, frames: Tensor, effort: Effort) -> tuple[np.ndarray, np.ndarray]:
        moments = self._moments.select(frames)
        free = torch.tensor(self._free)

        def quadratic(unknowns: Tensor, index: Tensor) -> Quadratic:
            some = moments if len(index) == len(frames) else moments.select(index)
            return self._with_prior(self._fit.quadratic(start[index].index_copy(1, free, unknowns), some), unknowns)

        min_cost = torch.tensor(self._worth(MIN_ERROR_M))[frames]
        unknowns, costs = minimize(
            quadratic, start[:, free], self._bounds, effort.tolerance, min_cost, effort.max_iterations
        )
        return unknowns.numpy(), costs.numpy()

    def _with_prior(self, markers: Quadratic, unknowns: Tensor) -> Quadratic:
        away = unknowns - self._likely
        return Quadratic(
            markers.cost + (self._precision * away.square()).sum(dim=1),
            markers.gradient + self._precision * away,
            markers.matrix + torch.diag(self._precision),
        )

    def _worth(self, error: float) -> np.ndarray:
        """Return the cost (N,) of an RMS error in m."""
        return np.asarray(error**2 * self._moments.weight.numpy())

    def _best_starts(self, roots: np.ndarray, frames: np.ndarray) -> np.ndarray:
        """Return angles (C, J) near the best of the frames (C,), each arm roughly searched from several poses."""
        names = self._definition.coordinate_names
        starts = np.tile(self._definition.coordinate_defaults, (len(ARM_POSES), len(frames), 1))
        for start, pose in zip(starts, ARM_POSES, strict=True):
            for name, value in arm_start(pose).items():
                if name in names:
                    start[:, names.index(name)] = value
        starts = self._with_root(starts, roots[frames])
        solved, costs = self.solve(starts.reshape(-1, len(names)), np.tile(frames, len(ARM_POSES)), ROUGH)
        solved, costs = solved.reshape(starts.shape), costs.reshape(starts.shape[:2])
        here = np.arange(len(frames))
        best = solved[costs.argmin(axis=0), here]
        for side in "rl":
            arm = [index for index, name in enumerate(names) if is_arm(name) and name.endswith(f"_{side}")]
            chosen = self._arm_costs(solved, frames, side).argmin(axis=0)
            best[:, arm] = solved[chosen, here][:, arm]
        return np.asarray(best)

    def _arm_costs(self, angles: np.ndarray, frames: np.ndarray, side: str) -> np.ndarray:
        """Return the cost (S, C) of one arm's markers in angles (S, C, J) of the frames (C,)."""
        bodies = [self._definition.body_names[body] for body in self._definition.marker_bodies]
        arm = [index for index, body in enumerate(bodies) if body in {f"{part}_{side}" for part in ARM_BODIES}]
        found = self.layer(torch.tensor(angles)).markers.numpy()[..., arm, :]
        squares = ((found - self._positions[frames][:, arm]) ** 2).sum(axis=-1)
        return np.asarray(np.nansum(squares * self._weights[frames][:, arm], axis=-1))

    def _roots(self) -> np.ndarray:
        """Return the root's coordinates (N, 6) from its own markers, NaN where too few are seen.

        Of a root that has fewer than three, the trunk's are taken too, as they stand in the default pose.
        """
        definition, weighed = self._definition, (self._weights > 0).any(axis=0)
        root = definition.body_names.index(ROOT_BODY)
        here = np.flatnonzero((definition.marker_bodies == root) & weighed)
        if len(here) >= 3:
            return root_on_markers(definition.marker_places[here], self._positions[:, here])
        trunk = [index for index, body in enumerate(definition.body_names) if body in TRUNK_BODIES]
        here = np.flatnonzero(np.isin(definition.marker_bodies, [root, *trunk]) & weighed)
        standing = definition.coordinate_defaults.copy()
        standing[[definition.coordinate_names.index(name) for name in ROOT]] = 0.0
        local = self.layer(torch.tensor(standing)[None]).markers[0].numpy()
        return root_on_markers(local[here], self._positions[:, here])

    def _with_root(self, angles: np.ndarray, roots: np.ndarray) -> np.ndarray:
        """Return angles (..., N, J) with the root's coordinates from `roots` (N, 6) where these are known."""
        columns = [self._definition.coordinate_names.index(name) for name in ROOT]
        result = angles.copy()
        result[..., columns] = np.where(np.isnan(roots), angles[..., columns], roots)
        return result

    def _fix(
        self, angles: np.ndarray, costs: np.ndarray, clip: np.ndarray, roots: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return `angles` (N, J) and `costs` (N,), frames unlike a neighbour being searched again from there.

        A frame takes what is found if it costs less, or, from the frame before, if it costs the same: then two poses
        have their markers in the same places, and the one in which the motion is smooth is right. Wherever a frame has
        changed, the search goes on to its neighbours.
        """
        turns = self._free[~self._definition.coordinate_translational[self._free]]
        angles, costs = angles.copy(), costs.copy()
        minimum, worth = self._worth(MIN_ERROR_M), self._worth(NEIGHBOUR_ERROR_M)
        sources = np.arange(len(clip))
        pairs = np.concatenate([np.stack([sources, sources + step], axis=1) for step in (1, -1)])
        for _ in range(np.bincount(clip).max()):
            pairs = pairs[(pairs[:, 1] >= 0) & (pairs[:, 1] < len(clip))]
            source, frame = pairs[clip[pairs[:, 0]] == clip[np.clip(pairs[:, 1], 0, len(clip) - 1)]].T
            apart = _turned(angles[source][:, turns] - angles[frame][:, turns]).max(axis=1) > JUMP
            worse = costs[frame] > DEARER * costs[source] + worth[frame]
            source, frame = source[apart | worse], frame[apart | worse]
            if not len(frame):
                break
            found, cost = self.solve(self._with_root(angles[source], roots[frame]), frame)
            margin = np.where(source < frame, SAME_COST, -BETTER_COST)
            taken = cost <= costs[frame] * (1 + margin) + np.where(source < frame, minimum[frame], -minimum[frame])
            taken &= _turned(found[:, turns] - angles[frame][:, turns]).max(axis=1) > CHANGE
            order = np.flatnonzero(taken)[np.argsort(-cost[taken], kind="stable")]  # the cheaper of two is taken last
            angles[frame[order]], costs[frame[order]] = found[order], cost[order]
            changed = np.unique(frame[order])
            pairs = np.concatenate([np.stack([changed, changed + step], axis=1) for step in (1, -1)])
        return angles, costs


def _turned(difference: np.ndarray) -> np.ndarray:
    """Return the size of turns in rad, less whole turns."""
    return np.asarray(np.abs(np.remainder(difference + np.pi, 2 * np.pi) - np.pi))
