"""Windows of shards as batches of tensors, in an order that the seed and the step alone decide."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from kinesynth.dataset import ShardDataset
from kinesynth.errors import BadInput
from kinesynth_train.crops import crop_frames, crop_projections, square_boxes

Split = Literal["train", "val", "test"]
Batch = dict[str, Tensor]


class Windows(Dataset[Batch]):
    """Tensors of the windows of a split. Index e * len + i is window i as it is drawn in epoch e.

    An item holds angles (T, J), angle_valid (T, J), scales (B, 3), keypoints (T, K, 3), markers (T, M, 3),
    frame_valid (T,), fps (); with pictures also crops (V, T, 4, S, S) uint8, projections (V, T, 3, 4) into the crops,
    rotations (V, 3, 3) from world to camera, and pixels (V, T), how many of the video's pixels a crop spans.

    Args:
        shards: results folder, shards folder or a shard.
        split: train, val or test; None for all.
        window: T.
        crop: S, pixels; 0 for labels alone, which decodes no video.
        stride: as of `ShardDataset`.
        seed: of the random windows and of the crops' jitter.
        jitter: whether crops are moved and stretched.
        only: leave out all windows after so many, and keep those in memory.
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
        views = None if crop else ()
        self.windows = ShardDataset(shards, split, window, views, stride=stride, seed=seed)
        self.crop, self.seed, self.jitter = crop, seed, jitter
        self._kept: dict[int, Batch] | None = None if only is None else {}
        self._count = len(self.windows) if only is None else min(only, len(self.windows))
        if not self._count:
            raise BadInput(shards, "clips", f"none of split {split}", "at least one", "check the splits")

    def __len__(self) -> int:
        """Return the number of windows."""
        return self._count

    def __getitem__(self, index: int) -> Batch:
        """Return one window."""
        epoch, window = divmod(index, self._count)
        if self._kept is None:
            return self._read(index, epoch, window)
        if window not in self._kept:
            self._kept[window] = self._read(index, epoch, window)
        return self._kept[window]

    def _read(self, index: int, epoch: int, window: int) -> Batch:
        self.windows.set_epoch(epoch)
        item = self.windows[window]
        batch = {name: torch.from_numpy(item[name]) for name in ("angles", "scales", "keypoints", "markers")}
        batch["frame_valid"] = torch.from_numpy(item["frame_valid"])
        batch["angle_valid"] = torch.from_numpy(item["quality"]["angle_valid"] & item["frame_valid"][:, None])
        batch["fps"] = torch.tensor(item["fps"])
        return batch | (self._pictures(item, index) if self.crop else {})

    def _pictures(self, item: dict[str, dict[str, dict[str, np.ndarray]]], index: int) -> Batch:
        views = list(item["views"].values())
        rng = np.random.default_rng([self.seed, index]) if self.jitter else None
        squares = [square_boxes(view["bbox"], rng) for view in views]
        pairs = list(zip(views, squares, strict=True))
        return {
            "crops": torch.stack([crop_frames(view, square, self.crop) for view, square in pairs]),
            "projections": torch.stack([crop_projections(view, square) for view, square in pairs]),
            "rotations": torch.stack([torch.from_numpy(view["world_to_camera"][:3, :3]).float() for view in views]),
            "pixels": torch.stack([torch.from_numpy(square[:, 2]).float() for square in squares]),
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
