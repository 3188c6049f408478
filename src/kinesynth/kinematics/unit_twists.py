"""The velocities that a skeleton's coordinates give its bodies, in torch."""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from kinesynth.skeleton.definition import SkeletonDefinition, derivative
from kinesynth.skeleton.piecewise import PiecewiseFunctions


class Twists:
    """The twist (angular velocity; linear velocity at the origin) of each degree of freedom.

    A degree of freedom is a joint and a coordinate that moves it; a coordinate with followers moves several joints.
    Joints beyond which there is no marker are left out.

    Attributes:
        bodies: (D,) index of the body that each degree of freedom moves against its parent.
        coordinates: (D,) place, among the searched coordinates, of the one that moves it.
    """

    def __init__(self, definition: SkeletonDefinition, searched: np.ndarray, carriers: np.ndarray) -> None:
        """Prepare the twists of the coordinates `searched` (P,) for bodies `carriers` that have markers."""
        leader = np.where(definition.coupled_to >= 0, definition.coupled_to, np.arange(len(definition.coupled_to)))
        below = descendants(definition.parents)
        moves = (definition.axis_coordinates >= 0) & below[:, carriers].any(axis=1)[:, None]
        moves &= np.isin(leader[definition.axis_coordinates], searched)
        bodies, slots = np.nonzero(moves)
        coordinates = definition.axis_coordinates[bodies, slots]
        pairs, freedom = np.unique(np.stack([leader[coordinates], bodies]), axis=1, return_inverse=True)
        derived = replace(definition, function_coefficients=derivative(definition.function_coefficients))
        following = np.flatnonzero(definition.coupled_to[coordinates] >= 0)
        dependent = np.flatnonzero(definition.coupled_to >= 0)

        self.bodies = torch.tensor(pairs[1])
        self.coordinates = torch.tensor(np.searchsorted(searched, pairs[0]))
        self._freedom = torch.tensor(freedom)
        self._arguments = torch.tensor(coordinates)
        self._slopes = PiecewiseFunctions(derived, definition.axis_functions[bodies, slots])
        self._first_coordinates = torch.tensor(np.maximum(definition.axis_coordinates[bodies, 0], 0))
        self._first_angles = PiecewiseFunctions(definition, definition.axis_functions[bodies, 0])
        self._dependent, self._independent = torch.tensor(dependent), torch.tensor(definition.coupled_to[dependent])
        self._couplings = PiecewiseFunctions(definition, definition.coupling_functions[dependent])
        self._following, self._leaders = torch.tensor(following), torch.tensor(leader[coordinates[following]])
        self._coupler_slopes = PiecewiseFunctions(derived, definition.coupling_functions[coordinates[following]])
        self._turning = torch.tensor(slots < 3)[:, None, None]
        self._bases = torch.tensor(_axis_bases(definition, bodies, slots))
        # The third axis turns with the body; the others are seen from the parent, and the ground's index is the last.
        self._frames = torch.tensor(np.where(slots == 2, bodies, definition.parents[bodies]) % (len(below) + 1))
        self._slot_bodies = torch.tensor(bodies)
        self._child_places = torch.tensor(definition.child_places[bodies])[:, None, :, None]

    def __call__(self, angles: Tensor, transforms: Tensor) -> Tensor:
        """Return the twists (D, N, 6) of coordinates at unit speed.

        Args:
            angles: (N, J) rad and m; dependent coordinates are ignored.
            transforms: (B, N, 3, 4) of the bodies.
        """
        rows = angles.T
        rows = rows.index_copy(0, self._dependent, self._couplings(rows.index_select(0, self._independent)))
        slopes = self._slopes(rows.index_select(0, self._arguments))
        followed = slopes[self._following] * self._coupler_slopes(rows.index_select(0, self._leaders))
        slopes = slopes.index_copy(0, self._following, followed)
        first = self._first_angles(rows.index_select(0, self._first_coordinates))
        waves = torch.stack([torch.ones_like(first), torch.cos(first), torch.sin(first)], dim=-1)
        ground = torch.eye(3, dtype=angles.dtype).expand(1, len(angles), 3, 3)
        frames = torch.cat([transforms[..., :3], ground]).index_select(0, self._frames)
        axes = (frames @ (waves @ self._bases)[..., None])[..., 0] * slopes[..., None]
        own = transforms.index_select(0, self._slot_bodies)
        centres = (own[..., :3] @ self._child_places)[..., 0] + own[..., 3]
        turns = torch.cat([axes, torch.linalg.cross(centres, axes)], dim=-1)
        slides = torch.cat([torch.zeros_like(axes), axes], dim=-1)
        twists = torch.where(self._turning, turns, slides)
        return twists.new_zeros(len(self.bodies), *twists.shape[1:]).index_add(0, self._freedom, twists)


def descendants(parents: np.ndarray) -> np.ndarray:
    """Return (B, B) bool: whether the second body is the first or hangs from it."""
    result = np.eye(len(parents), dtype=bool)
    for body, parent in enumerate(parents):
        above = parent
        while above >= 0:
            result[above, body] = True
            above = parents[above]
    return result


def _axis_bases(definition: SkeletonDefinition, bodies: np.ndarray, slots: np.ndarray) -> np.ndarray:
    """Return (S, 3, 3) such that [1, cos, sin] of the joint's first angle times it is the axis, in parent or body.

    The first rotation turns the second's axis (Rodrigues). The third's is fixed to the body, and the others' are fixed
    to its parent.
    """
    first, own = definition.axes[bodies, 0], definition.axes[bodies, slots]
    along = first * (first * own).sum(axis=1, keepdims=True)
    turned = np.stack([along, own - along, np.cross(first, own)], axis=1)
    fixed = np.stack([own, np.zeros_like(own), np.zeros_like(own)], axis=1)
    bases = np.where((slots == 1)[:, None, None], turned, fixed)
    third = (slots == 2)[:, None, None]
    orientations = np.where(third, definition.child_orientations[bodies], definition.parent_orientations[bodies])
    return np.asarray(bases @ orientations.transpose(0, 2, 1))
