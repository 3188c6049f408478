"""Windows of shards as batches of tensors, in an order that the seed and the step alone decide."""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import accumulate, count
from pathlib import Path
from typing import Any, Literal

import h5py
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from kinesynth.dataset import Crop, ShardDataset
from kinesynth.dataset.clip_entry import ClipEntry
from kinesynth.dataset.schema import load_schema
from kinesynth.errors import BadInput
from kinesynth.skeleton import SkeletonDefinition
from kinesynth_train.crops import TURNED, crop_box_side, crop_points, crop_projections, crop_rotations, turned_in_plane
from kinesynth_train.mirror import MIRRORED, Mirror
from kinesynth_train.presets import Augment
from kinesynth_train.recolour import recolour

Split = Literal["train", "val", "test"]
Batch = dict[str, Tensor]
KINEMATIC_LABELS = ("angles", "scales", "keypoints", "markers", "quality/angle_valid")
TIME_AXIS = {
    **{name.split("/")[-1]: 0 for name, field in load_schema().clip.items() if field.over_time},
    **dict.fromkeys(("frame_valid", "counted", "frame_number"), 0),
    **dict.fromkeys(("crops", "projections", "rotations", "keypoints_2d", "visibility", "box_side", "estimates"), 1),
}  # of an item's arrays; the others have none


class Windows(Dataset[Batch]):
    """Tensors of the windows of a split. Index e * len + i is window i as it is drawn in epoch e.

    An item holds the labels asked for by the last part of their names, as angles (T, J), angle_valid (T, J), scales
    (B, 3), keypoints (T, K, 3), markers (T, M, 3); what says that something is valid is false where a clip is shorter.
    Besides fps (), mass_kg (), frame_valid (T,), and counted (T,), which with a stride is true once for each frame of a
    clip, however windows overlap; frame_number (T,) among all frames of the split's clips, and mirrored (), whether it
    is.
    With pictures also crops (V, T, 4, S, S) uint8: colour and mask, projections (V, T, 3, 4) into the crops, rotations
    (V, T, 3, 3) from the world to cameras that look at the crops' middles, keypoints_2d (V, T, K, 2) in the crops,
    whose edges are at -1 and 1, visibility (V, T, K) of these, and box_side (V, T), the longer side of the person's box
    in the same unit.

    Args:
        shards: results folder, shards folder or a shard.
        split: train, val or test; None for all.
        window: T.
        crop: S, pixels; 0 for labels alone, which decodes no video.
        labels: fields of the schema.
        stride: as of `ShardDataset`.
        seed: of the random windows and of how pictures are changed.
        augment: how pictures are changed.
        only: leave out all windows after so many, and keep those in memory.
        aspect: width over height of the crops' middle part that is to hold the person.
        keep: which of the split's clips, as of `ShardDataset`; None for all. It must survive pickling.

    Raises:
        BadInput: the shards are missing, unreadable, or hold no clip of the split.
    """

    def __init__(
        self,
        shards: Path,
        split: Split | None,
        window: int,
        crop: int = 0,
        *,
        labels: Sequence[str] = KINEMATIC_LABELS,
        stride: int | None = None,
        seed: int = 0,
        augment: Augment | None = None,
        only: int | None = None,
        aspect: float = 1.0,
        keep: Callable[[ClipEntry], bool] | None = None,
    ) -> None:
        self._augment = augment or Augment()
        jitter = {"shift_jitter": self._augment.shift, "scale_jitter": self._augment.stretch}
        cut = Crop(crop, aspect=aspect, **jitter) if crop else None
        views = None if crop else ()
        self._open = partial(
            ShardDataset, shards, split, window, views, labels=labels, stride=stride, crop=cut, seed=seed, keep=keep
        )
        self._dataset: ShardDataset | None = self._open()
        self._firsts: dict[tuple[Path, str], int] | None = None
        self._seed, self._window, self._stride, self._labels = seed, window, stride, tuple(labels)
        self._kept: dict[int, Batch] | None = None if only is None else {}
        self._count = len(self._dataset) if only is None else min(only, len(self._dataset))
        if not self._count:
            raise BadInput(shards, "clips", f"none of split {split}", "at least one", "check the splits")
        unknown = {label.split("/")[-1] for label in labels} - MIRRORED
        if self._augment.flip and unknown:
            raise ValueError(f"{', '.join(sorted(unknown))}: mirror.py does not say what becomes of it in the mirror")
        self._mirror = Mirror(_definition(self._dataset)) if self._augment.flip else None

    def __len__(self) -> int:
        """Return the number of windows."""
        return self._count

    def __getstate__(self) -> dict[str, Any]:
        """Leave the dataset behind: its epoch is one for all processes, but here each item has its own."""
        return {**self.__dict__, "_dataset": None}

    def __getitem__(self, index: int) -> Batch:
        """Return one window."""
        epoch, window = divmod(index, self._count)
        if self._kept is None:
            return self._read(epoch, window)
        if window not in self._kept:
            self._kept[window] = self._read(epoch, window)
        return self._kept[window]

    def clip_of(self, index: int) -> ClipEntry:
        """Return the clip that a window is of, and the file; all clips of a file are one subject's."""
        return self._dataset_here().clip_of(index % self._count)

    @property
    def sources(self) -> list[str]:
        """Where the motion of each window comes from."""
        return [self.clip_of(index).source for index in range(len(self))]

    def _dataset_here(self) -> ShardDataset:
        self._dataset = self._dataset or self._open()
        return self._dataset

    def _read(self, epoch: int, window: int) -> Batch:
        dataset = self._dataset_here()
        dataset.set_epoch(epoch)
        item = dataset[window]
        here = item["frame_valid"]
        batch = labels_of(item, self._labels)
        batch["frame_valid"] = torch.from_numpy(here)
        batch["counted"] = torch.from_numpy(here & ~self._seen_before(item["start"]))
        batch["fps"], batch["mass_kg"] = torch.tensor(item["fps"]), torch.tensor(item["mass_kg"], dtype=torch.float32)
        batch["frame_number"] = self._numbers(window, item["start"])
        batch["mirrored"] = torch.tensor(False)
        if item["views"]:
            batch |= pictures(list(item["views"].values()))
        return self._changed(batch, np.random.default_rng([self._seed, epoch, window]))

    def _changed(self, batch: Batch, rng: np.random.Generator) -> Batch:
        """Return the item with its pictures recoloured, turned and mirrored, as far as that is asked for."""
        augment = self._augment
        if "crops" in batch and augment.recolour:
            colours = batch["crops"][:, :, :3]
            colours[:] = recolour(colours, rng)
        if "crops" in batch and augment.rotation_deg:
            most = np.deg2rad(augment.rotation_deg)
            views = [{name: batch[name][view] for name in TURNED} for view in range(len(batch["crops"]))]
            turned = [
                turned_in_plane(view, most * rng.uniform(-1.0, 1.0))
                if augment.rotated == 1.0 or rng.random() < augment.rotated
                else view
                for view in views
            ]
            batch |= {name: torch.stack([view[name] for view in turned]) for name in TURNED}
        return self._mirror(batch) if self._mirror and rng.random() < augment.flip else batch

    def _numbers(self, window: int, start: int) -> Tensor:
        """Return the numbers (T,) of a window's frames, those past the end of a clip that of its last."""
        dataset = self._dataset_here()
        if self._firsts is None:
            ends = accumulate((clip.frames for clip in dataset.clips), initial=0)
            self._firsts = {(clip.shard, clip.clip_id): first for clip, first in zip(dataset.clips, ends, strict=False)}
        clip = dataset.clip_of(window)
        inside = (start + torch.arange(self._window)).clamp(max=clip.frames - 1)
        return self._firsts[clip.shard, clip.clip_id] + inside

    def _seen_before(self, start: int) -> np.ndarray:
        """Return which frames (T,) of the window at frame `start` an earlier window of the clip holds too."""
        if self._stride is None or start == 0:
            return np.zeros(self._window, dtype=bool)
        # Windows begin every `stride` frames but for the last, which ends with the clip.
        before = (-(-start // self._stride) - 1) * self._stride
        return np.arange(self._window) < before + self._window - start


def labels_of(item: dict[str, Any], labels: Sequence[str]) -> Batch:
    """Return the labels of a reader's item by the last part of their names."""
    batch = {}
    for label in labels:
        array: Any = item
        for part in label.split("/"):
            array = array[part]
        if label.endswith("_valid"):
            array = array & item["frame_valid"].reshape(-1, *(1,) * (array.ndim - 1))
        batch[label.split("/")[-1]] = torch.from_numpy(array)
    return batch


def _definition(dataset: ShardDataset) -> SkeletonDefinition:
    with h5py.File(dataset.shards[0], "r") as file:
        return SkeletonDefinition.read(file["skeleton"])


def pictures(views: list[dict[str, np.ndarray]]) -> Batch:
    """Return the crops and cameras of a window's views."""
    colours = torch.stack([torch.from_numpy(view["frames"]) for view in views]).movedim(-1, 2)  # (V, T, 3, S, S)
    masks = 255 * torch.stack([torch.from_numpy(view["mask"]) for view in views]).to(torch.uint8)
    return {
        "crops": torch.cat([colours, masks[:, :, None]], dim=2),
        "projections": torch.stack([crop_projections(view) for view in views]),
        "rotations": torch.stack([crop_rotations(view) for view in views]),
        "keypoints_2d": torch.stack([crop_points(view) for view in views]),
        "visibility": torch.stack([torch.from_numpy(view["visibility"]) for view in views]),
        "box_side": torch.stack([crop_box_side(view) for view in views]),
    }


class MicroBatches(Sampler[list[int]]):
    """Lists of indices of `Windows`, without end; each epoch has its own order.

    Micro-batch m is decided by the seed and m alone. A process takes m = first, first + stride, ...: so many steps
    were done before, so many processes share the work. That is what makes a run that is taken up again, or one that
    is shared by more processes with fewer accumulated batches, see the same data.

    Args:
        windows: how many there are.
        size: of a list.
        seed: of the orders.
        first: micro-batch.
        stride: from one of this process to its next.
        groups: how often an epoch sees the windows of a group, and which these are: 0.05 times, another
            twentieth in each epoch; 2.5 times, all of them twice and half once more, drawn differently each time.
            None: all windows once.
    """

    def __init__(
        self,
        windows: int,
        size: int,
        seed: int,
        first: int = 0,
        stride: int = 1,
        groups: Sequence[tuple[float, np.ndarray]] | None = None,
    ) -> None:
        self._windows, self._size, self._seed, self._first, self._stride = windows, size, seed, first, stride
        self._groups = [(1.0, np.arange(windows))] if groups is None else list(groups)
        self._draws = max(math.ceil(times) for times, _ in self._groups)  # of a window in an epoch, at most
        self._length = sum(math.floor(times) * len(members) + _rest(times, members) for times, members in self._groups)
        if not self._length:
            raise ValueError("an epoch without windows")

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the lists."""
        for micro in count(self._first, self._stride):
            indices = np.arange(micro * self._size, (micro + 1) * self._size)
            epochs, turns = np.divmod(indices, self._length)
            orders = {epoch: self._order(epoch) for epoch in set(epochs.tolist())}
            yield [int(orders[epoch][turn]) for epoch, turn in zip(epochs.tolist(), turns.tolist(), strict=True)]

    def _order(self, epoch: int) -> np.ndarray:
        """Return an epoch's indices of `Windows`, in whose eyes each further draw of a window is another epoch's."""
        rng = np.random.default_rng([self._seed, epoch])
        drawn = []
        for times, members in self._groups:
            whole, rest = math.floor(times), _rest(times, members)
            drawn += [members + draw * self._windows for draw in range(whole)]
            drawn += [rng.permutation(members)[:rest] + whole * self._windows] if rest else []
        return rng.permutation(np.concatenate(drawn)) + epoch * self._draws * self._windows


def _rest(times: float, members: np.ndarray) -> int:
    """Return how many of a group's windows an epoch sees once more than all of them."""
    return round((times - math.floor(times)) * len(members))


def cycle(windows: Dataset[Batch], batches: MicroBatches, workers: int, pin: bool) -> Iterator[Batch]:
    """Yield batches without end."""
    # Reading survives a fork, but a process that trains has threads of CUDA, NCCL and OpenMP, which do not: a forked
    # worker may wait for ever for a lock that one of them held (torch's page on DistributedDataParallel says so too).
    start = "spawn" if workers else None
    yield from DataLoader(
        windows, batch_sampler=batches, num_workers=workers, pin_memory=pin, multiprocessing_context=start
    )


def to_device(batch: Batch, device: str) -> Batch:
    """Return the batch on a device."""
    return {name: tensor.to(device, non_blocking=True) for name, tensor in batch.items()}
