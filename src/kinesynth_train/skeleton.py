"""The skeleton of a dataset: what its coordinates are, and where its joints and markers are in any pose and size."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import h5py
import numpy as np
import torch
from torch import Tensor, nn

from kinesynth.dataset import ShardDataset
from kinesynth.dataset.record import own_array
from kinesynth.dataset.sound import readable
from kinesynth.errors import BadInput
from kinesynth.skeleton import SkeletonDefinition, SkeletonLayer, SkeletonPose
from kinesynth.skeleton.shins import with_twisted_shins

SAME_SCALE = 1e-5  # scales that agree so well in every subject are one measurement's
MIN_SPREAD = 0.05  # rad, m: coordinates that hardly move in training keep a usable unit


@dataclass(frozen=True)
class CoordinateStats:
    """What a network must know of the skeleton and of the training set, as tensors that a checkpoint can hold.

    Attributes:
        mean: (J,) mean of the training set's coordinates; circular for free ones.
        spread: (J,) their standard deviation, at least `MIN_SPREAD`.
        free: (J,) bool, angles without limits.
        translational: (J,) bool, metres rather than radians.
        limits: (J, 2) minimum and maximum.
        root: (3,) the coordinates of the root's rotations, in the order in which they are applied.
        root_axes: (3, 3) their axes in ground, as columns.
        root_place: (3,) the coordinates of the root's translations along x, y, z.
        bodies: () B.
        markers: () M.
        ties: (3B,) which of the U independent factors each body's x, y, z scale is; see `tied_factors`.
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
    ties: Tensor

    @classmethod
    def of(cls, definition: SkeletonDefinition, angles: np.ndarray, scales: np.ndarray) -> Self:
        """Return the stats of a skeleton, of training angles (N, J) and of training subjects' scales (S, B, 3)."""
        free = definition.coordinate_free
        mean = angles.mean(axis=0)
        mean[free] = np.arctan2(np.sin(angles[:, free]).mean(axis=0), np.cos(angles[:, free]).mean(axis=0))
        return cls(
            mean=torch.tensor(mean).float(),
            spread=torch.tensor(np.maximum(angles.std(axis=0), MIN_SPREAD)).float(),
            **told_by(definition),
            bodies=torch.tensor(len(definition.body_names)),
            markers=torch.tensor(len(definition.marker_names)),
            ties=torch.tensor(tied_factors(scales)),
        )

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the attributes' names."""
        return tuple(field.name for field in fields(cls))

    @property
    def factors(self) -> int:
        """U, the number of independent factors."""
        return int(self.ties.max()) + 1

    @property
    def first_of_each(self) -> Tensor:
        """(U,) where among the 3B scales each independent factor first stands."""
        return torch.tensor([self.ties.tolist().index(factor) for factor in range(self.factors)])

    def tensors(self) -> dict[str, Tensor]:
        """Return the attributes by name."""
        return {name: getattr(self, name) for name in self.names()}


def told_by(definition: SkeletonDefinition) -> dict[str, Tensor]:
    """Return what of `CoordinateStats` the skeleton alone tells, by name."""
    root, axes = root_of(definition)
    return {
        "free": torch.tensor(definition.coordinate_free),
        "translational": torch.tensor(definition.coordinate_translational),
        "limits": torch.tensor(definition.coordinate_ranges).float(),
        "root": root,
        "root_axes": axes,
        "root_place": torch.tensor(definition.axis_coordinates[0, 3:]),
    }


def root_of(definition: SkeletonDefinition) -> tuple[Tensor, Tensor]:
    """Return the coordinates (3,) of the root's rotations and their axes (3, 3) in ground, as columns."""
    axes = definition.parent_orientations[0] @ definition.axes[0, :3].T
    return torch.tensor(definition.axis_coordinates[0, :3]), torch.tensor(axes).float()


class DatasetSkeleton(nn.Module):
    """Forward kinematics of everybody in a dataset: one subject's skeleton, and the scales that it already has.

    Markers sit where that subject has them; other subjects' differ by how theirs were put on. Shins are those of the
    generic skeleton: angles and scales, which networks tell, do not say how a person's are twisted.
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
        """Return the pose of angles (N, T, J) and scales (N, B, 3), or (N, T, B, 3) where frames differ.

        Scales are relative to the generic skeleton.
        """
        factors = scales / self.reference
        if scales.ndim == angles.ndim:
            pose: SkeletonPose = self.layer(angles, factors)
            return pose
        each = self.layer(angles[..., None, :], factors)
        joints, masses, markers = (part.squeeze(-3) for part in (each.joint_centres, each.mass_centres, each.markers))
        return SkeletonPose(joints, masses, markers, each.transforms.squeeze(-4))


def dataset_skeleton(dataset: ShardDataset) -> DatasetSkeleton:
    """Return the skeleton of the first clip of a dataset.

    Raises:
        BadInput: the dataset has no clip.
    """
    if not dataset.clips:
        raise BadInput(dataset.shards[0].parent, "clips", "none of this split", "at least one", "check the splits")
    place = dataset.clips[0]
    with h5py.File(place.shard, "r") as file:
        with readable(place.shard, "skeleton"):
            definition = SkeletonDefinition.read(file["skeleton"])
        right, left = (float(file.attrs.get(f"tibial_torsion_{side}_rad", 0.0)) for side in ("right", "left"))
        definition = with_twisted_shins(definition, -right, -left)
        return DatasetSkeleton(definition, torch.from_numpy(own_array(file["clips"][place.clip_id], "scales")))


def subject_layer(shard: Path) -> SkeletonLayer:
    """Return the skeleton of a shard's subject, with the subject's own size and markers, in float64."""
    with h5py.File(shard, "r") as file:
        with readable(shard, "skeleton"):
            return SkeletonLayer(SkeletonDefinition.read(file["skeleton"]))


def all_angles(dataset: ShardDataset) -> np.ndarray:
    """Return the angles (N, J) of all frames of a dataset's clips, float64."""
    frames = []
    for place in dataset.clips:
        with h5py.File(place.shard, "r") as file:
            frames.append(own_array(file["clips"][place.clip_id], "angles"))
    return np.concatenate(frames).astype(np.float64)


def all_scales(dataset: ShardDataset) -> np.ndarray:
    """Return the scales (S, B, 3) of a dataset's clips, each kind once, float64."""
    kinds = {}
    for place in dataset.clips:
        if place.subject not in kinds:
            with h5py.File(place.shard, "r") as file:
                kinds[place.subject] = own_array(file["clips"][place.clip_id], "scales")
    return np.stack(list(kinds.values())).astype(np.float64)


def tied_factors(scales: np.ndarray) -> np.ndarray:
    """Return which independent factor (3B,) each scale is: those that are equal in all subjects (S, B, 3) are one.

    Scaling measures a subject by some dozen distances, each of which sets several scales, left and right alike.
    """
    columns = np.rint(scales.reshape(len(scales), -1) / SAME_SCALE)
    _, first, factor = np.unique(columns, axis=1, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first))  # in the order of the bodies
    ties: np.ndarray = order[factor.ravel()]
    return ties
