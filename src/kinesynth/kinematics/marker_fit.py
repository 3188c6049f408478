"""How well a skeleton in N poses at once fits N frames of markers: cost, gradient and Gauss-Newton matrix.

The moments of a rigid body's markers are sufficient statistics of its cost, so that the markers themselves are read
once, before the search. With [r; 1] a marker's place in its body, m its measured place, w its weight and T = [R | p]
the body's transform, and with A = sum w [r; 1][r; 1]' and C = sum w m [r; 1]', the body's cost is

    sum w |T [r; 1] - m|^2 = <T A, T> - 2 <T, C> + sum w |m|^2.

The markers act on their body like springs: a wrench, and the inertia matrix of point masses w. The gradient and the
matrix J'WJ follow from these as joint torques and the mass matrix do in dynamics, without the Jacobian J of each marker
(the composite rigid body algorithm: Featherstone, Rigid Body Dynamics Algorithms, 2008, chapter 6).
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from torch import Tensor

from kinesynth.geometry.levenberg_marquardt import Quadratic
from kinesynth.kinematics.unit_twists import Twists, descendants
from kinesynth.skeleton.definition import SkeletonDefinition
from kinesynth.skeleton.layer import SkeletonLayer


@dataclass(frozen=True)
class MarkerMoments:
    """The weighted moments of N frames' markers about each frame's centre, by body.

    Attributes:
        centres: (N, 3) weighted mean of the markers, m; all else is relative to it.
        places: (B, N, 4, 4) sum of w [r; 1][r; 1]'.
        crossed: (B, N, 3, 4) sum of w m [r; 1]'.
        spread: (N,) sum of w |m|^2.
        weight: (N,) sum of w.
    """

    centres: Tensor
    places: Tensor
    crossed: Tensor
    spread: Tensor
    weight: Tensor

    @classmethod
    def of(cls, definition: SkeletonDefinition, positions: np.ndarray, weights: np.ndarray) -> Self:
        """Return the moments of markers `positions` (N, M, 3) m, in the definition's order; NaN where missing.

        Args:
            definition: the skeleton, with M markers.
            positions: measured places, m.
            weights: (M,), or (N, M) where they differ by frame.
        """
        seen = ~np.isnan(positions).any(axis=-1)
        weight = torch.tensor(weights * seen)
        measured = torch.tensor(np.where(seen[..., None], positions, 0.0))
        total = weight.sum(dim=1)
        centres = (weight[..., None] * measured).sum(dim=1) / total.clamp(min=1e-12)[:, None]
        measured = measured - centres[:, None]
        local = torch.tensor(np.concatenate([definition.marker_places, np.ones((positions.shape[1], 1))], axis=1))
        weighted = weight[..., None] * measured
        bodies, frames = len(definition.body_names), len(positions)
        places, crossed = local.new_zeros(bodies, frames, 4, 4), local.new_zeros(bodies, frames, 3, 4)
        for body in np.unique(definition.marker_bodies):
            here = np.flatnonzero(definition.marker_bodies == body)
            products = (local[here, :, None] * local[here, None, :]).flatten(1)
            places[body] = (weight[:, here] @ products).reshape(-1, 4, 4)
            crossed[body] = weighted[:, here].mT @ local[here]
        return cls(centres, places, crossed, (weighted * measured).sum(dim=(1, 2)), total)

    def select(self, frames: Tensor) -> Self:
        """Return the moments of some frames (indices)."""
        return type(self)(
            self.centres[frames],
            self.places.index_select(1, frames),
            self.crossed.index_select(1, frames),
            self.spread[frames],
            self.weight[frames],
        )


class MarkerFit:
    """The fit of one skeleton to markers, as a function of its P searched coordinates.

    Attributes:
        searched: (P,) indices of the searched coordinates.
    """

    def __init__(self, definition: SkeletonDefinition, searched: np.ndarray) -> None:
        """Prepare the search of the independent coordinates with indices `searched` (P,)."""
        bare = replace(
            definition, marker_names=(), marker_bodies=np.empty(0, dtype=int), marker_places=np.empty((0, 3))
        )
        self.searched = searched
        self._layer = SkeletonLayer(bare)
        self._twists = Twists(definition, searched, np.unique(definition.marker_bodies))
        moved = self._twists.coordinates.tolist()  # some move two joints, and some none that carries a marker
        self._one_each = moved == list(range(len(searched)))
        hangs = descendants(definition.parents)
        self._hangs = torch.tensor(hangs, dtype=torch.float64)
        bodies = self._twists.bodies.numpy()
        above = hangs[np.ix_(bodies, bodies)]  # (D, D) whether the second's body is the first's or hangs from it
        self._above = torch.tensor(above, dtype=torch.float64)
        self._beyond = torch.tensor(above & ~above.T, dtype=torch.float64)

    def quadratic(self, angles: Tensor, moments: MarkerMoments) -> Quadratic:
        """Return the cost, its gradient and Gauss-Newton's matrix at `angles` (N, J)."""
        transforms = self._layer(angles).transforms[..., :3, :].movedim(1, 0).contiguous()
        transforms[..., 3] -= moments.centres
        moved = transforms @ moments.places
        cost = (transforms * (moved - 2 * moments.crossed)).sum(dim=(0, 2, 3)) + moments.spread
        wrenches = _wrenches(transforms, moments.crossed - moved)
        inertias = torch.cat([(moved @ transforms.mT).flatten(2), moved[..., 3], moments.places[..., 3, 3:]], dim=-1)
        own = torch.cat([wrenches, inertias], dim=-1)
        carried = (self._hangs @ own.flatten(1)).reshape(own.shape).index_select(0, self._twists.bodies)
        twists = self._twists(angles, transforms)
        slope = -(twists * carried[..., :6]).sum(dim=-1).T
        momenta = _momenta(carried[..., 6:], twists)
        products = twists.movedim(0, 1) @ momenta.permute(1, 2, 0)
        matrix = products * self._above + (products * self._beyond).mT
        return Quadratic(cost, self._summed(slope, 1), self._summed(self._summed(matrix, 1), 2))

    def _summed(self, values: Tensor, axis: int) -> Tensor:
        """Return `values` with the degrees of freedom of each searched coordinate summed along `axis`."""
        if self._one_each:
            return values
        shape = [*values.shape[:axis], len(self.searched), *values.shape[axis + 1 :]]
        return values.new_zeros(shape).index_add(axis, self._twists.coordinates, values)


def _wrenches(transforms: Tensor, missing: Tensor) -> Tensor:
    """Return the torques about the origin and the forces (B, N, 6) of springs from the markers to where they should be.

    Args:
        transforms: T (B, N, 3, 4).
        missing: C - T A (B, N, 3, 4), the sum of w (m - T [r; 1]) [r; 1]'.
    """
    turning = transforms @ missing.mT  # sum of w x e', whose antisymmetric part is the torque x cross e
    torque = torch.stack(
        [
            turning[..., 1, 2] - turning[..., 2, 1],
            turning[..., 2, 0] - turning[..., 0, 2],
            turning[..., 0, 1] - turning[..., 1, 0],
        ],
        dim=-1,
    )
    return torch.cat([torque, missing[..., 3]], dim=-1)


def _momenta(inertias: Tensor, twists: Tensor) -> Tensor:
    """Return the angular and linear momenta (D, N, 6) about the origin of point masses that move with `twists`.

    Args:
        inertias: (D, N, 13) sum of w x x' (9), sum of w x (3), sum of w (1).
        twists: (D, N, 6) angular velocity, and linear velocity at the origin.
    """
    second, first, mass = inertias[..., :9].reshape(*inertias.shape[:2], 3, 3), inertias[..., 9:12], inertias[..., 12:]
    spin, speed = twists[..., :3], twists[..., 3:]
    trace = second.diagonal(dim1=-2, dim2=-1).sum(dim=-1, keepdim=True)
    angular = trace * spin - (second @ spin[..., None])[..., 0] + torch.linalg.cross(first, speed)
    linear = mass * speed + torch.linalg.cross(spin, first)
    return torch.cat([angular, linear], dim=-1)
