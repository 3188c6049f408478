"""Reading shards: windows of frames as dictionaries of arrays, with numpy, h5py and av only."""

import operator
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from kinesynth.dataset.arguments import check_choices, check_kinds, check_names, check_numbers, whole_number
from kinesynth.dataset.clip_entry import ClipEntry
from kinesynth.dataset.crop import Crop
from kinesynth.dataset.listing import (
    CHECKSUMS,
    FIX,
    Damaged,
    DamagedShard,
    find_shards,
    list_clips,
    missing_shards,
    skip_or_refuse,
)
from kinesynth.dataset.shared_epoch import SharedEpoch
from kinesynth.dataset.windows import WindowReader
from kinesynth.seeds import generator


class ShardDataset:
    """Windows of the clips of a dataset; a map-style dataset for `torch.utils.data.DataLoader`, which it does not need.

    An item is a clip's part of the shard, cut to the window: nested dictionaries of arrays with the schema's names
    (`item["angles"]` (T, J), `item["grf"]["force"]` (T, 2, 3), ..., see docs/dataset.md), and besides

        clip_id, subject, action, start     of the window
        fps, mass_kg, height_m              numbers
        frame_valid (T,) bool               false where a clip is shorter than the window
        views[camera]                       frames (T, H, W, 3) uint8 RGB, mask (T, H, W) bool, bbox (T, 4), K (3, 3),
                                            world_to_camera (4, 4), distortion (5,), keypoints_2d (T, K, 2),
                                            visibility (T, K); with `tracks` also parts (T, H, W) uint8,
                                            depth (T, H, W) uint16 mm, whole_mask (T, H, W) bool

    With `crop`, H = W = crop.size, bbox and K (T, 3, 3) are those of the crops, and square (T, 3) holds each crop's
    left, top and side in pixels of the whole picture.

    Only the window's frames are read and decoded. Each process opens the files for itself, and reading starts no
    threads, so that workers may be forked or spawned at any time; `set_epoch` reaches those that are at work already.

    Args:
        path: a folder of results, its folder of shards, or one shard.
        split: train, val or test; None for all.
        window: T, frames per item.
        views: cameras by name; None for all, () for labels without pixels.
        labels: fields by their names in the schema (`grf/force`); None for all.
        tracks: of the views, which a run may have left out: `parts`, `depth`; and `whole_mask`, the mask where nothing
            stands before the person.
        keep: which clips, by what a `ClipEntry` says of them: `lambda clip: clip.quality["force_valid"] > 0.9`.
        stride: None: an item per clip, whose window lies at random, anew each epoch (`set_epoch`); a number: windows
            that begin every so many frames, the last one at the clip's end.
        short: how to treat clips shorter than the window: `pad` repeats their last frame, `drop` leaves them out.
        crop: squares around the person instead of whole pictures.
        seed: of the random windows and crops.
        damaged: what to do where a shard is missing or cannot be read: `refuse`, or `skip`, which says so in a note and
            goes on without it; a window that turns out to be damaged when it is read is replaced by the next one, so
            that `len` holds.

    Raises:
        DamagedShard: a shard that results/checksums.txt lists is missing, or a file cannot be read.
        BadInput: there are no shards; the message names the file and the clip.

    Example:
        >>> from torch.utils.data import DataLoader  # doctest: +SKIP
        >>> dataset = ShardDataset("results", split="train", window=64, views=["frontal"])  # doctest: +SKIP
        >>> for batch in DataLoader(dataset, batch_size=8, shuffle=True, num_workers=4):  # doctest: +SKIP
        ...     batch["views"]["frontal"]["frames"].shape  # (8, 64, H, W, 3)
    """

    def __init__(
        self,
        path: str | Path,
        split: Literal["train", "val", "test"] | None = None,
        window: int = 64,
        views: Sequence[str] | None = None,
        *,
        labels: Sequence[str] | None = None,
        tracks: Sequence[str] = (),
        keep: Callable[[ClipEntry], bool] | None = None,
        stride: int | None = None,
        short: Literal["pad", "drop"] = "pad",
        crop: Crop | None = None,
        seed: int = 0,
        damaged: Damaged = "refuse",
    ) -> None:
        check_choices(path, split=split, short=short, damaged=damaged)
        check_numbers(path, window=window, stride=stride)
        check_names(path, views=views, labels=labels, tracks=tracks)
        check_kinds(path, crop=crop, keep=keep)
        self.window, self.stride, self.seed, self.damaged = window, stride, seed, damaged
        self._epoch = SharedEpoch()
        self.shards = find_shards(path)
        for shard in missing_shards(path):
            fix = "fetch it again, or pass damaged='skip'"
            skip_or_refuse(DamagedShard(shard, "file", "nothing", f"it, which {CHECKSUMS} lists", fix), damaged)
        clips, self.names = list_clips(self.shards, damaged)
        chosen = None if views is None else tuple(views)
        self._reader = WindowReader(window, chosen, labels, tracks, crop, self.names.sizes)
        minimum = window if short == "drop" else 1
        self.clips = [
            clip
            for clip in clips
            if clip.frames >= minimum and split in (None, clip.split) and (keep is None or keep(clip))
        ]
        self._items = [(clip, start) for clip in self.clips for start in self._starts(clip)]
        self._lost: set[tuple[Path, str]] = set()  # clips that this process could not read

    def __len__(self) -> int:
        """Return the number of items, the same in every epoch and process."""
        return len(self._items)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return one window.

        Raises:
            IndexError: there are not so many.
            BadInput: the window cannot be read.
        """
        if not -len(self) <= (index := operator.index(index)) < len(self):
            none = "" if self.clips else "; no clip has this split and what `keep` asks for"
            raise IndexError(f"window {index} of {len(self)}{none}")
        if self.damaged == "refuse":
            return self._read(index)
        for place in range(index, index + len(self)):
            clip, _ = self._items[place % len(self)]
            if (clip.shard, clip.clip_id) not in self._lost:
                try:
                    return self._read(place % len(self))
                except DamagedShard as error:
                    self._lost.add((clip.shard, clip.clip_id))
                    skip_or_refuse(error, self.damaged)
        raise DamagedShard(self.shards[0].parent, "windows", "none that can be read", "at least one", FIX)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield all items in order."""
        return (self[index] for index in range(len(self)))

    @property
    def epoch(self) -> int:
        """What random windows and crops are drawn for."""
        return self._epoch.value

    def set_epoch(self, epoch: int) -> None:
        """Draw other random windows and crops, in workers too, those that persist included.

        Raises:
            BadInput: the epoch is no whole number from 0 on.
        """
        self._epoch.value = whole_number("epoch", epoch)

    def shard_of(self, index: int) -> Path:
        """Return the file that an item is read from."""
        return self._items[index][0].shard

    def clip_of(self, index: int) -> ClipEntry:
        """Return the clip that an item is read from."""
        return self._items[index][0]

    def close(self) -> None:
        """Close the files that this process has open."""
        self._reader.files.close()

    def __enter__(self) -> Self:
        """Return the dataset, to be closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the files."""
        self.close()

    def _starts(self, clip: ClipEntry) -> list[int | None]:
        """Return the first frames of a clip's windows, None for one that is drawn anew each epoch."""
        if self.stride is None:
            return [None]
        last = max(clip.frames - self.window, 0)
        return [*range(0, last, self.stride), last]

    def _read(self, index: int) -> dict[str, Any]:
        clip, fixed = self._items[index]
        start = self._random_start(clip) if fixed is None else fixed
        return self._reader.read(clip, start, partial(self._generator, clip, "crop", str(start)))

    def _random_start(self, clip: ClipEntry) -> int:
        return int(self._generator(clip, "window").integers(max(clip.frames - self.window, 0) + 1))

    def _generator(self, clip: ClipEntry, *purpose: str) -> np.random.Generator:
        return generator(self.seed, clip.clip_id, *purpose, str(self.epoch))
