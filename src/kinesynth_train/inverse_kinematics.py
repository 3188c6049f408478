"""Inverse kinematics of markers, in torch: the least-squares problem of OpenSim's tool, on a subject's own skeleton.

All frames are searched at once from the training set's mean pose by projected Levenberg-Marquardt, each with a damping
of its own (Marquardt 1963); the weights and the clamped coordinates are those that the labels were made with.
"""

import torch
from torch import Tensor

from kinesynth.skeleton import SkeletonDefinition, SkeletonLayer
from kinesynth.skeleton.marker_weights import marker_weights
from kinesynth_train.rotations import rotation_to_root
from kinesynth_train.skeleton import CoordinateStats

MAX_ITERATIONS = 80
STILL = 1e-7  # rad, m: a step that moves nothing by more ends the search
FIRST_DAMPING, LESS, MORE = 1e-3, 0.2, 5.0
DIFFERENCE = 1e-6  # rad, m, of the forward differences, in double precision
WORSE = 2.0  # times the usual cost: such a frame is searched again, from its nearest better neighbour


def inverse_kinematics(markers: Tensor, layer: SkeletonLayer, stats: CoordinateStats) -> Tensor:
    """Return the angles (T, J) float64 whose markers are nearest to `markers` (T, M, 3), within their limits.

    Args:
        markers: m, in the order of the skeleton's.
        layer: the subject's skeleton, in float64.
        stats: of the training set; the search begins at its mean pose, turned as the pelvis' markers are.
    """
    search = Search(markers.double(), layer)
    angles, cost = search.run(search.upright(stats))
    for _ in range(2):  # a frame that is stuck far above its neighbours' cost starts from the best of these
        stuck = cost > WORSE * cost.median() + 1e-12
        if not stuck.any() or stuck.all():
            break
        indices = torch.arange(len(angles), device=angles.device)
        good = indices[~stuck]
        nearest = good[(indices[stuck, None] - good).abs().argmin(dim=1)]
        again, cheaper = Search(search.markers[stuck], layer).run(angles[nearest])
        better = cheaper < cost[stuck]
        angles[stuck] = again.where(better[:, None], angles[stuck])
        cost[stuck] = cheaper.where(better, cost[stuck])
    return angles


class Search:
    """The search for the poses of T frames.

    Attributes:
        markers: (T, M, 3) m, float64.
    """

    def __init__(self, markers: Tensor, layer: SkeletonLayer) -> None:
        self.markers, self._layer = markers, layer
        definition, device = layer.definition, markers.device
        weights = marker_weights(definition.marker_names, "motion")
        self._roots = torch.tensor(list(weights.values()), dtype=torch.float64, device=device).sqrt()[:, None]
        low, high = search_limits(definition).T
        self._low, self._high = low.to(device), high.to(device)
        self._unknown = torch.tensor(definition.coupled_to < 0, device=device).nonzero()[:, 0]

    def upright(self, stats: CoordinateStats) -> Tensor:
        """Return the mean pose (T, J) with the pelvis laid on its markers."""
        angles = stats.mean.double().repeat(len(self.markers), 1)
        definition = self._layer.definition
        pelvis = torch.tensor(definition.marker_bodies == 0, device=angles.device)
        own = torch.tensor(definition.marker_places, device=angles.device)[pelvis]
        here, there = own - own.mean(dim=0), self.markers[:, pelvis]
        middle = there.mean(dim=1, keepdim=True)
        left, _, right = torch.linalg.svd((there - middle).mT @ here)
        sign = torch.ones_like(middle[:, 0])
        sign[:, 2] = torch.linalg.det(left @ right)
        rotation = (left * sign[:, None]) @ right
        angles[:, stats.root] = rotation_to_root(rotation, stats.root_axes.double())
        where = self._layer(angles[:, None]).markers[:, 0, pelvis].mean(dim=1)
        angles[:, stats.root_place] += middle[:, 0] - where
        return angles

    def run(self, start: Tensor) -> tuple[Tensor, Tensor]:
        """Return angles (T, J) and costs (T,) found from `start` (T, J)."""
        angles = start.clone()
        residual = self._residual(angles)
        damping = torch.full_like(residual[:, :1], FIRST_DAMPING)
        for _ in range(MAX_ITERATIONS):
            step = self._step(angles, residual, damping)
            tried = angles.index_add(1, self._unknown, step).clamp(self._low, self._high)
            left = self._residual(tried)
            better = left.square().sum(dim=1, keepdim=True) < residual.square().sum(dim=1, keepdim=True)
            moved = (tried - angles).abs().amax(dim=1, keepdim=True) > STILL
            angles, residual = tried.where(better, angles), left.where(better, residual)
            damping = (damping * torch.where(better, LESS, MORE)).clamp(1e-9, 1e6)
            if not (moved & (better | (damping < 1e6))).any():
                break
        return angles, residual.square().sum(dim=1)

    def _step(self, angles: Tensor, residual: Tensor, damping: Tensor) -> Tensor:
        """Return the change (T, U) of the unknowns; those at a limit that would go beyond it stay."""
        slope = self._slopes(angles, residual)
        gradient = (slope @ residual[..., None])[..., 0]
        here, low, high = angles[:, self._unknown], self._low[self._unknown], self._high[self._unknown]
        held = ((here <= low) & (gradient < 0)) | ((here >= high) & (gradient > 0))
        slope, gradient = slope.masked_fill(held[..., None], 0.0), gradient.masked_fill(held, 0.0)
        normal = slope @ slope.mT
        diagonal = normal.diagonal(dim1=-2, dim2=-1)
        damped = normal + torch.diag_embed(damping * (diagonal + diagonal.amax(dim=-1, keepdim=True) * 1e-3) + 1e-12)
        step: Tensor = torch.linalg.solve(damped, gradient)
        return step

    def _slopes(self, angles: Tensor, residual: Tensor) -> Tensor:
        """Return by how much the weighted markers move with each unknown (T, U, 3M)."""
        shifts = DIFFERENCE * torch.eye(angles.shape[1], dtype=angles.dtype, device=angles.device)[self._unknown]
        ahead = self._weighted(self._layer(angles[:, None] + shifts).markers)  # (T, U, 3M)
        here = self._weighted(self.markers) - residual
        return (ahead - here[:, None]) / DIFFERENCE

    def _residual(self, angles: Tensor) -> Tensor:
        return self._weighted(self.markers - self._layer(angles[:, None]).markers[:, 0])

    def _weighted(self, markers: Tensor) -> Tensor:
        return (self._roots * markers).flatten(-2)


def search_limits(definition: SkeletonDefinition) -> Tensor:
    """Return the limits (J, 2) float64 within which coordinates are searched: none for those that turn freely."""
    limits = torch.tensor(definition.coordinate_ranges, dtype=torch.float64)
    limits[torch.tensor(definition.coordinate_free)] = torch.tensor([-torch.inf, torch.inf], dtype=torch.float64)
    return limits
