"""The transforms of a skeleton's bodies, to their parents and to ground, in torch.

All frames of all sequences are one axis N, and arrays are laid out (bodies, N, ...), so that the bodies of one level of
the tree are one block and one batched matrix product moves them all.
"""

import numpy as np
import torch
from torch import Tensor, nn

from kinesynth.geometry.exponential_map import cross_matrix
from kinesynth.skeleton.definition import SkeletonDefinition
from kinesynth.skeleton.piecewise import PiecewiseFunctions


class Joints(nn.Module):
    """The transforms from each body to its parent.

    With the joint frames P in the parent and C in the body and the joint's rotation R1 R2 R3, the body's rotation is
    P R1 R2 R3 C' = S1 S2 S3 (P C'), where S is the rotation R with its axis expressed in the parent body. Rotations by
    zero are left out, and the constant P C' is folded into the last rotation that is left.
    """

    _coordinates: Tensor
    _bases: Tensor
    _fixed: Tensor
    _slide_bodies: Tensor
    _slide_axes: Tensor
    _slide_stretch: Tensor
    _slide_stretches: Tensor
    _parents: Tensor
    _on_ground: Tensor
    _parent_places: Tensor
    _child_places: Tensor

    def __init__(self, definition: SkeletonDefinition) -> None:
        """Prepare the joints of `definition`."""
        super().__init__()
        orientations = torch.tensor(definition.parent_orientations)
        axes = (orientations[:, None] @ torch.tensor(definition.axes)[..., None])[..., 0]  # in the parent body
        moves = ~_is_zero(definition)
        turning, sliding = np.argwhere(moves[:, :3]), np.argwhere(moves[:, 3:])
        bodies, slots = np.concatenate([turning, sliding + np.array([0, 3])]).T
        self._functions = PiecewiseFunctions(definition, definition.axis_functions[bodies, slots])
        self._turns = len(turning)
        rank = np.cumsum(moves[:, :3], axis=1)[turning[:, 0], turning[:, 1]] - 1  # among its body's rotations
        last = moves[:, :3].sum(axis=1)[turning[:, 0]] - 1 == rank
        fixed = orientations @ torch.tensor(definition.child_orientations).mT
        bases = _rotation_bases(axes[tuple(turning.T)])
        bases[last] = (bases[last].reshape(-1, 3, 3, 3) @ fixed[turning[last, 0]][:, None]).reshape(-1, 3, 9)
        custom = np.array(definition.joint_types)[sliding[:, 0]] == "CustomJoint"
        register(
            self,
            _coordinates=np.maximum(definition.axis_coordinates[bodies, slots], 0),
            _bases=bases,
            _fixed=fixed[:, None],
            _slide_bodies=sliding[:, 0],
            _slide_axes=axes[:, 3:][tuple(sliding.T)][:, None],
            _slide_stretch=np.abs(definition.axes[:, 3:][tuple(sliding.T)])[:, None],
            _slide_stretches=custom[:, None],
            _parents=np.maximum(definition.parents, 0),
            _on_ground=(definition.parents < 0)[:, None, None],
            _parent_places=definition.parent_places[:, None],
            _child_places=definition.child_places[:, None],
        )
        for order in range(3):
            register(
                self,
                **{
                    f"_turns_{order}": np.flatnonzero(rank == order),
                    f"_turn_bodies_{order}": turning[rank == order, 0],
                },
            )

    def forward(self, rows: Tensor, factors: Tensor | None) -> Tensor:
        """Return [R | p] of all bodies in their parents (B, N, 3, 4).

        Args:
            rows: (J, N) coordinates.
            factors: (B, N, 3) scale factors of the bodies.
        """
        values = self._functions(rows.index_select(0, self._coordinates))
        rotations = self._rotations(values[: self._turns])
        slides = values[self._turns :, :, None] * self._slide_axes
        parent_places, child_places = self._parent_places, self._child_places
        if factors is not None:
            parent_factors = torch.where(self._on_ground, 1.0, factors.index_select(0, self._parents))
            parent_places, child_places = parent_places * parent_factors, child_places * factors
            # As OpenSim does: axes as if expressed in the parent body, and custom joints only.
            stretch = (self._slide_stretch * parent_factors.index_select(0, self._slide_bodies)).sum(dim=-1)
            slides = slides * torch.where(self._slide_stretches, stretch, 1.0)[..., None]
        child_origins = (rotations @ child_places.expand(*rotations.shape[:2], 3)[..., None])[..., 0]
        positions = (parent_places - child_origins).index_add(0, self._slide_bodies, slides)
        return torch.cat([rotations, positions[..., None]], dim=-1)

    def _rotations(self, angles: Tensor) -> Tensor:
        """Return the bodies' rotations in their parents (B, N, 3, 3) from the angles (S, N) about the axes."""
        waves = torch.stack([torch.ones_like(angles), torch.cos(angles), torch.sin(angles)], dim=-1)
        turns = (waves @ self._bases).reshape(*angles.shape, 3, 3)
        rotations = self._fixed.expand(-1, angles.shape[1], -1, -1)
        for order in range(3):
            bodies = self.get_buffer(f"_turn_bodies_{order}")
            turn = turns.index_select(0, self.get_buffer(f"_turns_{order}"))
            if order > 0:
                turn = rotations.index_select(0, bodies) @ turn
            rotations = rotations.index_copy(0, bodies, turn)
        return rotations


class Tree(nn.Module):
    """Bodies by depth, and the product of transforms down the tree."""

    _unsorted: Tensor

    def __init__(self, parents: np.ndarray) -> None:
        """Sort the bodies whose parents are `parents` (B,), -1 for the ground."""
        super().__init__()
        levels = _levels(parents)
        self._depth = len(levels)
        place = np.empty(len(parents), dtype=int)  # of a body within its level
        for depth, level in enumerate(levels):
            place[level] = np.arange(len(level))
            register(self, **{f"_bodies_{depth}": level, f"_parents_{depth}": place[parents[level]]})
        register(self, _unsorted=np.argsort(np.concatenate(levels)))

    def forward(self, transforms: Tensor) -> Tensor:
        """Return transforms [R | p] to ground (B, N, 3, 4) from those to the parents (B, N, 3, 4)."""
        levels = [transforms.index_select(0, self.get_buffer("_bodies_0"))]
        for depth in range(1, self._depth):
            parent = levels[-1].index_select(0, self.get_buffer(f"_parents_{depth}"))
            moved = parent[..., :3] @ transforms.index_select(0, self.get_buffer(f"_bodies_{depth}"))
            levels.append(torch.cat([moved[..., :3], moved[..., 3:] + parent[..., 3:]], dim=-1))
        return torch.cat(levels).index_select(0, self._unsorted)


def register(module: nn.Module, **constants: np.ndarray | Tensor) -> None:
    """Give `module` constants that move with it between devices and types but stay out of its `state_dict`."""
    for name, value in constants.items():
        module.register_buffer(name, torch.as_tensor(value), persistent=False)


def _levels(parents: np.ndarray) -> list[np.ndarray]:
    """Return the bodies on the ground, then their children, and so on."""
    levels = [np.flatnonzero(parents < 0)]
    while len(children := np.flatnonzero(np.isin(parents, levels[-1]))):
        levels.append(children)
    return levels


def _is_zero(definition: SkeletonDefinition) -> np.ndarray:
    """Tell which axes (B, 6) have a function that is zero throughout."""
    zero = ~definition.function_coefficients.any(axis=(1, 2))
    flags: np.ndarray = zero[definition.axis_functions]
    return flags


def _rotation_bases(axes: Tensor) -> Tensor:
    """Return (S, 3, 9) such that [1, cos, sin] times it is the rotation about each axis, row by row (Rodrigues)."""
    outer = axes[:, :, None] * axes[:, None, :]
    cross = cross_matrix(axes).flatten(1)
    eye = torch.eye(3, dtype=axes.dtype).flatten().expand(len(axes), 9)
    return torch.stack([outer.flatten(1), eye - outer.flatten(1), cross], dim=1)
