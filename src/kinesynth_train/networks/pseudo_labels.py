"""Labels of training pictures that get better while a network learns: HSMR's dictionary of pseudo-labels.

A row for each picture of the training split, that is each frame in each view: angles, factors of the scales, and how
far their keypoints lie from those seen. Rows begin as the shards' labels, or as these spoiled, which stands for labels
that were fitted to a body with other joints. They are in the world, unmirrored, so that no augmentation touches them.
"""

from typing import NamedTuple

import h5py
import numpy as np
import torch
from torch import Tensor

from kinesynth.dataset import ShardDataset
from kinesynth.dataset.record import own_array
from kinesynth_train.any_size import AnySize
from kinesynth_train.data import TIME_AXIS, Batch
from kinesynth_train.mirror import Mirror
from kinesynth_train.networks.heads import factors_of
from kinesynth_train.networks.views import per_view
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton

SEED = 0


class Row(NamedTuple):
    """Labels of F pictures: angles (F, J), factors (F, U) in units of 0.1 from 1, squared errors (F,)."""

    angles: Tensor
    factors: Tensor
    errors: Tensor


class PseudoLabels(AnySize):
    """The dictionary; a checkpoint holds it. In several processes each betters its own, and the first's is kept."""

    angles: Tensor
    factors: Tensor
    errors: Tensor
    steps: Tensor
    bettered: Tensor
    partners: Tensor

    def __init__(self, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
        super().__init__()
        with torch.device("cpu"):
            self._mirror, first = Mirror(skeleton.definition), stats.first_of_each
        definition, ties = skeleton.definition, stats.ties.reshape(-1, 3)
        mirrored = ties[self._mirror.bodies.to(ties.device)].flatten()
        self._own = torch.tensor((definition.coupled_to < 0) & ~definition.coordinate_translational)
        self._first_of_each = first
        self.register_buffer("partners", mirrored[first], persistent=False)  # of a mirrored person
        for name in Row._fields:
            self.register_buffer(name, torch.zeros(0))
        self.register_buffer("steps", torch.zeros((), dtype=torch.long))
        self.register_buffer("bettered", torch.zeros((), dtype=torch.long))

    def begin(self, labels: ShardDataset, views: int, noise: float, swapped: float) -> None:
        """Take the labels of a split's clips.

        Args:
            labels: of the split.
            views: how many a clip has.
            noise: standard deviation, rad, that each angle is off through a clip, and again from frame to frame.
            swapped: fraction of the clips in which left and right are exchanged.
        """
        angles, factors = [], []
        rng = np.random.default_rng(SEED)
        for clip in labels.clips:
            with h5py.File(clip.shard, "r") as file:
                own = file["clips"][clip.clip_id]
                whole, scales = (torch.from_numpy(own_array(own, name)) for name in ("angles", "scales"))
            if rng.random() < swapped:
                whole = whole.where(~self._own, self._mirror.angles(whole))
            off = rng.standard_normal((1, whole.shape[1])) + rng.standard_normal(whole.shape)
            angles.append(whole + self._own * torch.from_numpy(noise * off / np.sqrt(2.0)).float())
            factors.append(factors_of(scales, self._first_of_each).expand(len(whole), -1))
        for name, rows in (("angles", angles), ("factors", factors)):
            setattr(self, name, torch.cat(rows).repeat_interleave(views, 0).to(self.steps.device))
        unknown = torch.finfo(torch.float32).max  # finite: a checkpoint holds nothing else
        self.errors = torch.full((len(self.angles),), unknown, device=self.steps.device)

    def read(self, pictures: Batch) -> Row:
        """Return the rows of pictures, as `apart` gives them, mirrored where these are."""
        rows = Row(*(getattr(self, name)[pictures["row"]] for name in Row._fields))
        return self._as_seen(rows, pictures["mirrored"])

    def write(self, pictures: Batch, found: Row, better: Tensor) -> None:
        """Replace the rows of pictures (F,) that are better."""
        plain = self._as_seen(found, pictures["mirrored"])
        for name, value in plain._asdict().items():
            getattr(self, name)[pictures["row"][better]] = value[better]
        self.bettered += better.sum()

    def _as_seen(self, rows: Row, mirrored: Tensor) -> Row:
        swap = mirrored[:, None]
        angles = self._mirror.angles(rows.angles).where(swap, rows.angles)
        factors = rows.factors[:, self.partners].where(swap, rows.factors)
        return Row(angles, factors, rows.errors)


def apart(batch: Batch, views: int) -> Batch:
    """Return windows (N, V, T, ...) as windows of one view and one frame each, and the `row` of each picture."""
    frames = batch["frame_valid"].shape[1]
    each = per_view(batch, views)  # (N V, T, ...)
    view = torch.arange(views, device=batch["frame_valid"].device).repeat(len(batch["frame_valid"]))
    row = (each["frame_number"] * views + view[:, None]).flatten()

    def single(name: str, value: Tensor) -> Tensor:
        if name not in TIME_AXIS:
            return value.repeat_interleave(frames, 0)
        one = value.flatten(0, 1)[:, None]
        return one[:, None] if TIME_AXIS[name] == 1 else one

    return {**{name: single(name, value) for name, value in each.items()}, "row": row}
