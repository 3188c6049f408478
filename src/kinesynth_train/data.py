"""Windows of shards as batches of tensors, in an order that the seed and the step alone decide."""

from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from kinesynth.dataset import Crop, ShardDataset
from kinesynth.errors import BadInput
from kinesynth_train.crops import crop_projections
from kinesynth_train.recolour import recolour

Split = Literal["train", "val", "test"]
Batch = dict[str, Tensor]
LABELS = ("angles", "scales", "keypoints", "markers", "quality/angle_valid")
TIME_AXIS = {"angles": 0, "angle_valid": 0, "keypoints": 0, "markers": 0, "frame_valid": 0, "counted": 0,
             "crops": 1, "projections": 1}  # of an item's arrays; the others have none  # fmt: skip
SHIFT, STRETCH = 0.05, 0.1  # largest jitter of a training crop's centre and side, over its side


class Windows(Dataset[Batch]):
    """Tensors of the windows of a split. Index e * len + i is window i as it is drawn in epoch e.

    An item holds angles (T, J), angle_valid (T, J), scales (B, 3), keypoints (T, K, 3), markers (T, M, 3), fps (),
    frame_valid (T,), false where a clip is shorter, and counted (T,), which with a stride is true once for each frame
    of a clip, however windows overlap; with pictures also crops (V, T, 4, S, S) uint8: colour and mask, projections
    (V, T, 3, 4) into the crops, and rotations (V, 3, 3) from world to camera.

    Args:
        shards: results folder, shards folder or a shard.
        split: train, val or test; None for all.
        window: T.
        crop: S, pixels; 0 for labels alone, which decodes no video.
        stride: as of `ShardDataset`.
        seed: of the random windows and of the crops' jitter.
        jitter: whether crops are moved, stretched and recoloured.
        only: leave out all windows after so many, and keep those in memory.

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
        stride: int | None = None,
        seed: int = 0,
        jitter: bool = False,
        only: int | None = None,
    ) -> None:
        shift, stretch = (SHIFT, STRETCH) if jitter else (0.0, 0.0)
        self._open = partial(
            ShardDataset,
            shards,
            split,
            window,
            None if crop else (),
            labels=LABELS,
            stride=stride,
            crop=Crop(crop, shift_jitter=shift, scale_jitter=stretch) if crop else None,
            seed=seed,
        )
        self._dataset: ShardDataset | None = self._open()
        self._seed, self._jitter, self._window, self._stride = seed, jitter, window, stride
        self._kept: dict[int, Batch] | None = None if only is None else {}
        self._count = len(self._dataset) if only is None else min(only, len(self._dataset))
        if not self._count:
            raise BadInput(shards, "clips", f"none of split {split}", "at least one", "check the splits")

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

    def shard_of(self, index: int) -> Path:
        """Return the file that a window is read from: all windows of a file are one subject's."""
        return self._dataset_here().shard_of(index % self._count)

    def _dataset_here(self) -> ShardDataset:
        self._dataset = self._dataset or self._open()
        return self._dataset

    def _read(self, epoch: int, window: int) -> Batch:
        dataset = self._dataset_here()
        dataset.set_epoch(epoch)
        item = dataset[window]
        batch = {name: torch.from_numpy(item[name]) for name in ("angles", "scales", "keypoints", "markers")}
        batch["frame_valid"] = torch.from_numpy(item["frame_valid"])
        batch["angle_valid"] = torch.from_numpy(item["quality"]["angle_valid"] & item["frame_valid"][:, None])
        batch["counted"] = torch.from_numpy(item["frame_valid"] & ~self._seen_before(item["start"]))
        batch["fps"] = torch.tensor(item["fps"])
        if item["views"]:
            batch |= pictures(list(item["views"].values()))
            if self._jitter:
                colours = batch["crops"][:, :, :3]
                colours[:] = recolour(colours, np.random.default_rng([self._seed, epoch, window]))
        return batch

    def _seen_before(self, start: int) -> np.ndarray:
        """Return which frames (T,) of the window at frame `start` an earlier window of the clip holds too."""
        if self._stride is None or start == 0:
            return np.zeros(self._window, dtype=bool)
        # Windows begin every `stride` frames but for the last, which ends with the clip.
        before = (-(-start // self._stride) - 1) * self._stride
        return np.arange(self._window) < before + self._window - start


def pictures(views: list[dict[str, np.ndarray]]) -> Batch:
    """Return the crops and cameras of a window's views."""
    colours = torch.stack([torch.from_numpy(view["frames"]) for view in views]).movedim(-1, 2)  # (V, T, 3, S, S)
    masks = 255 * torch.stack([torch.from_numpy(view["mask"]) for view in views]).to(torch.uint8)
    return {
        "crops": torch.cat([colours, masks[:, :, None]], dim=2),
        "projections": torch.stack([crop_projections(view) for view in views]),
        "rotations": torch.stack([torch.from_numpy(view["world_to_camera"][:3, :3]).float() for view in views]),
    }


class MicroBatches(Sampler[list[int]]):
    """Lists of indices of `Windows`, without end; each epoch has its own order.

    Micro-batch m is decided by the seed and m alone. A process takes m = first, first + stride, ...: so many steps
    were done before, so many processes share the work. That is what makes a run that is taken up again, or one that
    is shared by more processes with fewer accumulated batches, see the same data.
    """

    def __init__(self, windows: int, size: int, seed: int, first: int = 0, stride: int = 1) -> None:
        self._windows, self._size, self._seed, self._first, self._stride = windows, size, seed, first, stride

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the lists."""
        for micro in count(self._first, self._stride):
            places = np.arange(micro * self._size, (micro + 1) * self._size)
            epochs, turns = np.divmod(places, self._windows)
            orders = {epoch: self._order(epoch) for epoch in set(epochs.tolist())}
            windows = [orders[epoch][turn] for epoch, turn in zip(epochs, turns, strict=True)]
            yield (epochs * self._windows + windows).tolist()

    def _order(self, epoch: int) -> np.ndarray:
        return np.random.default_rng([self._seed, epoch]).permutation(self._windows)


def endless(windows: Windows, batches: MicroBatches, workers: int, pin: bool) -> Iterator[Batch]:
    """Yield batches without end."""
    # A fork of a process that has decoded video or used torch's threads may wait for ever for a lock of theirs.
    start = "spawn" if workers else None
    yield from DataLoader(
        windows, batch_sampler=batches, num_workers=workers, pin_memory=pin, multiprocessing_context=start
    )


def to_device(batch: Batch, device: str) -> Batch:
    """Return the batch on a device."""
    return {name: tensor.to(device, non_blocking=True) for name, tensor in batch.items()}
