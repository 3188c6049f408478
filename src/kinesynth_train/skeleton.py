"""The skeleton of a dataset: what its coordinates are, and where its joints and markers are in any pose and size."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import h5py
import numpy as np
import torch
from torch import Tensor, nn

from kinesynth.dataset import ShardDataset
from kinesynth.errors import BadInput
from kinesynth.skeleton import SkeletonDefinition, SkeletonLayer, SkeletonPose

LEAST_SPREAD = 0.05  # rad, m: coordinates that hardly move in training keep a usable unit


@dataclass(frozen=True)
class Anatomy:
    """What a network must know of the skeleton and of the training set, as tensors that a checkpoint can hold.

    Attributes:
        mean: (J,) mean of the training set's coordinates; circular for free ones.
        spread: (J,) their standard deviation, at least `LEAST_SPREAD`.
        free: (J,) bool, angles without limits.
        translational: (J,) bool, metres rather than radians.
        limits: (J, 2) least and greatest value.
        root: (3,) the coordinates of the root's rotations, in the order in which they are applied.
        root_axes: (3, 3) their axes in ground, as columns.
        root_place: (3,) the coordinates of the root's translations along x, y, z.
        bodies: () B.
        markers: () M.
    """

    mean: Tensor
    spread: Tensor
    free: Tensor
    translational: Tensor
    limits: Tensor
    root: Tensor
    root_axes: Tensor
    root_place: Tensor
    bodies: Tensor
    markers: Tensor

    @classmethod
    def of(cls, definition: SkeletonDefinition, angles: np.ndarray) -> Self:
        """Return the anatomy of a skeleton and of training angles (N, J)."""
        free = definition.coordinate_free
        mean = angles.mean(axis=0)
        mean[free] = np.arctan2(np.sin(angles[:, free]).mean(axis=0), np.cos(angles[:, free]).mean(axis=0))
        return cls(
            mean=torch.tensor(mean).float(),
            spread=torch.tensor(np.maximum(angles.std(axis=0), LEAST_SPREAD)).float(),
            free=torch.tensor(free),
            translational=torch.tensor(definition.coordinate_translational),
            limits=torch.tensor(definition.coordinate_ranges).float(),
            root=torch.tensor(definition.axis_coordinates[0, :3]),
            root_axes=torch.tensor(definition.parent_orientations[0] @ definition.axes[0, :3].T).float(),
            root_place=torch.tensor(definition.axis_coordinates[0, 3:]),
            bodies=torch.tensor(len(definition.body_names)),
            markers=torch.tensor(len(definition.marker_names)),
        )

    def tensors(self) -> dict[str, Tensor]:
        """Return the attributes by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


class DatasetSkeleton(nn.Module):
    """Forward kinematics of everybody in a dataset: one subject's skeleton, and the scales that it already has.

    Markers sit where that subject has them; other subjects' differ by how theirs were put on.
    """

    reference: Tensor

    def __init__(self, definition: SkeletonDefinition, scales: Tensor) -> None:
        super().__init__()
        self.layer = SkeletonLayer(definition).float()
        self.register_buffer("reference", scales.float(), persistent=False)

    @property
    def definition(self) -> SkeletonDefinition:
        """The skeleton's names, limits and couplings."""
        return self.layer.definition

    def forward(self, angles: Tensor, scales: Tensor) -> SkeletonPose:
        """Return the pose of angles (N, T, J) and scales (N, B, 3), which are relative to the generic skeleton."""
        pose: SkeletonPose = self.layer(angles, scales / self.reference)
        return pose


def dataset_skeleton(dataset: ShardDataset) -> DatasetSkeleton:
    """Return the skeleton of the first clip of a dataset.

    Raises:
        BadInput: the dataset has no clip.
    """
    if not dataset.clips:
        raise BadInput(dataset.shards[0].parent, "clips", "none of this split", "at least one", "check the splits")
    place = dataset.clips[0]
    with h5py.File(place.shard, "r") as file:
        definition = SkeletonDefinition.read(file["skeleton"])
        return DatasetSkeleton(definition, torch.from_numpy(file["clips"][place.clip_id]["scales"][()]))


def subject_layer(shard: Path) -> SkeletonLayer:
    """Return the skeleton of a shard's subject, with the subject's own size and markers, in float64."""
    with h5py.File(shard, "r") as file:
        return SkeletonLayer(SkeletonDefinition.read(file["skeleton"]))


def all_angles(dataset: ShardDataset) -> np.ndarray:
    """Return the angles (N, J) of all frames of a dataset's clips, float64."""
    frames = []
    for place in dataset.clips:
        with h5py.File(place.shard, "r") as file:
            frames.append(file["clips"][place.clip_id]["angles"][()])
    return np.concatenate(frames).astype(np.float64)


def rotation_to_root(rotation: Tensor, axes: Tensor) -> Tensor:
    """Return the three coordinates (..., 3) of rotations (..., 3, 3) about three perpendicular axes in turn.

    Args:
        rotation: R(a0, q0) R(a1, q1) R(a2, q2).
        axes: (3, 3) a0, a1, a2 as columns, a signed permutation of the unit axes or any orthonormal triad.
    """
    turned = axes.mT @ rotation @ axes
    sense = torch.linalg.det(axes)  # of a left-handed triad, the rotations run the other way
    first = torch.atan2(-turned[..., 1, 2], turned[..., 2, 2])
    second = torch.asin(turned[..., 0, 2].clamp(-1.0 + 1e-6, 1.0 - 1e-6))
    third = torch.atan2(-turned[..., 0, 1], turned[..., 0, 0])
    turns: Tensor = sense * torch.stack([first, second, third], dim=-1)
    return turns


def root_to_rotation(turns: Tensor, axes: Tensor) -> Tensor:
    """Return the rotations (..., 3, 3) that three coordinates (..., 3) make; undoes `rotation_to_root`."""
    sine, cosine = turns.sin()[..., None, None], turns.cos()[..., None, None]
    crossed = torch.linalg.cross(axes.T[:, None], torch.eye(3, device=axes.device)[None]).mT  # (3, 3, 3), axis by axis
    steps = torch.eye(3, device=axes.device) + sine * crossed + (1.0 - cosine) * crossed @ crossed  # Rodrigues
    rotation: Tensor = steps[..., 0, :, :] @ steps[..., 1, :, :] @ steps[..., 2, :, :]
    return rotation


def six_to_rotation(six: Tensor) -> Tensor:
    """Return rotations (..., 3, 3) of two columns each (..., 6), made orthonormal (Zhou et al. 2019, eq. 15)."""
    first = nn.functional.normalize(six[..., :3], dim=-1)
    second = six[..., 3:] - (first * six[..., 3:]).sum(dim=-1, keepdim=True) * first
    second = nn.functional.normalize(second, dim=-1)
    return torch.stack([first, second, torch.linalg.cross(first, second)], dim=-1)
