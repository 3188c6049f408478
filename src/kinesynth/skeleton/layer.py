"""Forward kinematics of a skeleton in torch: batched, differentiable, without OpenSim.

    layer = SkeletonLayer.load(Path("skeleton.npz"))
    pose = layer(angles)            # angles (..., T, J)
    pose.joint_centres              # (..., T, B, 3)

`SkeletonLayer.from_osim` reads any OpenSim model that is a tree of bodies; `save` keeps what it read.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from kinesynth.skeleton.definition import SkeletonDefinition
from kinesynth.skeleton.piecewise import PiecewiseFunctions
from kinesynth.skeleton.tree import Joints, Tree, register


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
        self._joints = Joints(definition)
        self._tree = Tree(definition.parents)
        point_bodies = np.concatenate([np.arange(len(definition.parents)), definition.marker_bodies])
        points = np.concatenate([definition.mass_centres, definition.marker_places])
        register(
            self,
            _dependent=dependent,
            _independent=definition.coupled_to[dependent],
            _point_bodies=point_bodies,
            _points=points[:, :, None],
        )

    @classmethod
    def from_osim(cls, path: str | Path) -> Self:
        """Read an OpenSim model; see `SkeletonDefinition.from_osim` for what it raises."""
        return cls(SkeletonDefinition.from_osim(path))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote; OpenSim is not needed."""
        return cls(SkeletonDefinition.load(path))

    def save(self, path: str | Path) -> None:
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

    def coupled(self, angles: Tensor) -> Tensor:
        """Return angles (..., J) whose dependent coordinates follow their couplers."""
        followed: Tensor = self._coupled(angles.reshape(-1, angles.shape[-1]).T).T.reshape(angles.shape)
        return followed

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


def _per_frame(scales: Tensor, frames: int) -> Tensor:
    """Return scales (..., B, 3) as (B, N, 3), one for each frame."""
    bodies = scales.shape[-2]
    return scales.reshape(-1, 1, bodies, 3).expand(-1, frames, -1, -1).reshape(-1, bodies, 3).movedim(1, 0)
