"""Forward kinematics of a skeleton in torch: batched, differentiable, without OpenSim.

    layer = SkeletonLayer.load(Path("skeleton.npz"))
    pose = layer(angles)            # angles (..., T, J)
    pose.joint_centres              # (..., T, B, 3)

Inside, all frames of all sequences are one axis N, and arrays are laid out (bodies, N, ...), so that the bodies of one
level of the tree are one block and one batched matrix product moves them all.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from kinesynth.skeleton.definition import SkeletonDefinition
from kinesynth.skeleton.piecewise import PiecewiseFunctions


@dataclass(frozen=True)
class SkeletonPose:
    """Where a skeleton is, in ground, in metres.

    Attributes:
        joint_centres: (..., T, B, 3) origins of the body frames.
        mass_centres: (..., T, B, 3).
        markers: (..., T, M, 3).
        transforms: (..., T, B, 4, 4) from body to ground.
    """

    joint_centres: Tensor
    mass_centres: Tensor
    markers: Tensor
    transforms: Tensor

    @property
    def keypoints(self) -> Tensor:
        """The B joint centres, then the B mass centres (..., T, 2B, 3)."""
        return torch.cat([self.joint_centres, self.mass_centres], dim=-2)


class SkeletonLayer(nn.Module):
    """Forward kinematics of one skeleton.

    The layer computes in float64 until told otherwise (`layer.float()`); it has no parameters and adds nothing to a
    `state_dict`.

    Attributes:
        definition: the skeleton.
    """

    _dependent: Tensor
    _independent: Tensor
    _point_bodies: Tensor
    _points: Tensor

    def __init__(self, definition: SkeletonDefinition) -> None:
        """Prepare the kinematics of `definition`."""
        super().__init__()
        self.definition = definition
        dependent = np.flatnonzero(definition.coupled_to >= 0)
        self._couplings = PiecewiseFunctions(definition, definition.coupling_functions[dependent])
        self._joints = _Joints(definition)
        self._tree = _Tree(definition.parents)
        point_bodies = np.concatenate([np.arange(len(definition.parents)), definition.marker_bodies])
        points = np.concatenate([definition.mass_centres, definition.marker_places])
        _register(
            self,
            _dependent=dependent,
            _independent=definition.coupled_to[dependent],
            _point_bodies=point_bodies,
            _points=points[:, :, None],
        )

    @classmethod
    def from_osim(cls, path: Path) -> Self:
        """Read an OpenSim model; see `SkeletonDefinition.from_osim` for what it raises."""
        return cls(SkeletonDefinition.from_osim(path))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote; OpenSim is not needed."""
        return cls(SkeletonDefinition.load(path))

    def save(self, path: Path) -> None:
        """Write the skeleton's definition to a .npz file."""
        self.definition.save(path)

    def forward(self, angles: Tensor, scales: Tensor | None = None) -> SkeletonPose:
        """Return the pose of the skeleton, scaled body by body as OpenSim's Scale does.

        Args:
            angles: (..., T, J) rad, translations in m, in the order of `definition.coordinate_names`. Dependent
                coordinates are ignored and follow their couplers.
            scales: (..., B, 3) factors along the bodies' axes, one set for the T frames; none leaves all as it is. A
                body's factors stretch the points, the mass centre and the joint frames that sit on it, and the
                translations of the custom joints of its children.

        Raises:
            ValueError: shapes or types do not fit.
        """
        self._check(angles, scales)
        *sequences, frames, _ = angles.shape
        rows = self._coupled(angles.reshape(-1, angles.shape[-1]).T)
        factors = None if scales is None else _per_frame(scales.expand(*sequences, -1, -1), frames)
        transforms = self._tree(self._joints(rows, factors))
        points = self._place_points(transforms, factors)

        def delivered(array: Tensor) -> Tensor:
            return array.movedim(0, 1).reshape(*sequences, frames, array.shape[0], *array.shape[2:])

        bodies = len(self.definition.body_names)
        bottom = transforms.new_tensor([0.0, 0.0, 0.0, 1.0]).expand(*transforms.shape[:2], 1, 4)
        return SkeletonPose(
            joint_centres=delivered(transforms[..., 3]),
            mass_centres=delivered(points[:bodies]),
            markers=delivered(points[bodies:]),
            transforms=delivered(torch.cat([transforms, bottom], dim=-2)),
        )

    def _check(self, angles: Tensor, scales: Tensor | None) -> None:
        bodies, coordinates = len(self.definition.body_names), len(self.definition.coordinate_names)
        if angles.ndim < 2 or angles.shape[-1] != coordinates:
            raise ValueError(f"angles: shape {tuple(angles.shape)}, expected (..., T, {coordinates})")
        if angles.dtype != self._points.dtype:
            raise ValueError(f"angles: {angles.dtype}, but the layer is {self._points.dtype}; convert one to the other")
        if scales is not None and (scales.ndim < 2 or scales.shape[-2:] != (bodies, 3)):
            raise ValueError(f"scales: shape {tuple(scales.shape)}, expected (..., {bodies}, 3)")

    def _coupled(self, rows: Tensor) -> Tensor:
        """Return `rows` (J, N) with the dependent coordinates set by their couplers."""
        followers = self._couplings(rows.index_select(0, self._independent))
        return rows.index_copy(0, self._dependent, followers)

    def _place_points(self, transforms: Tensor, factors: Tensor | None) -> Tensor:
        """Return mass centres and markers in ground (B + M, N, 3)."""
        rotations = transforms[..., :3] if factors is None else transforms[..., :3] * factors[:, :, None]
        count, frames = len(self._point_bodies), transforms.shape[1]
        carried = rotations.reshape(len(transforms), frames * 3, 3).index_select(0, self._point_bodies) @ self._points
        return carried.reshape(count, frames, 3) + transforms[..., 3].index_select(0, self._point_bodies)


class _Joints(nn.Module):
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
        _register(
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
            _register(
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
        places = (parent_places - child_origins).index_add(0, self._slide_bodies, slides)
        return torch.cat([rotations, places[..., None]], dim=-1)

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


class _Tree(nn.Module):
    """Bodies by depth, and the product of transforms down the tree."""

    _unsorted: Tensor

    def __init__(self, parents: np.ndarray) -> None:
        super().__init__()
        levels = _levels(parents)
        self._depth = len(levels)
        place = np.empty(len(parents), dtype=int)  # of a body within its level
        for depth, level in enumerate(levels):
            place[level] = np.arange(len(level))
            _register(self, **{f"_bodies_{depth}": level, f"_parents_{depth}": place[parents[level]]})
        _register(self, _unsorted=np.argsort(np.concatenate(levels)))

    def forward(self, transforms: Tensor) -> Tensor:
        """Return transforms [R | p] to ground (B, N, 3, 4) from those to the parents (B, N, 3, 4)."""
        levels = [transforms.index_select(0, self.get_buffer("_bodies_0"))]
        for depth in range(1, self._depth):
            parent = levels[-1].index_select(0, self.get_buffer(f"_parents_{depth}"))
            moved = parent[..., :3] @ transforms.index_select(0, self.get_buffer(f"_bodies_{depth}"))
            levels.append(torch.cat([moved[..., :3], moved[..., 3:] + parent[..., 3:]], dim=-1))
        return torch.cat(levels).index_select(0, self._unsorted)


def _register(module: nn.Module, **constants: np.ndarray | Tensor) -> None:
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
    x, y, z = axes.T
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=-1)
    eye = torch.eye(3, dtype=axes.dtype).flatten().expand(len(axes), 9)
    return torch.stack([outer.flatten(1), eye - outer.flatten(1), cross], dim=1)


def _per_frame(scales: Tensor, frames: int) -> Tensor:
    """Return scales (..., B, 3) as (B, N, 3), one for each frame."""
    bodies = scales.shape[-2]
    return scales.reshape(-1, 1, bodies, 3).expand(-1, frames, -1, -1).reshape(-1, bodies, 3).movedim(1, 0)
