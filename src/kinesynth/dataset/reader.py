"""Reading shards: windows of frames as dictionaries of arrays, with numpy, h5py and av only."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import h5py
import numpy as np

from kinesynth.dataset.files import OpenFiles
from kinesynth.dataset.names import Names, read_names
from kinesynth.dataset.schema import SCHEMA_VERSION, load_schema
from kinesynth.dataset.video import decode_frames, unpack_masks
from kinesynth.errors import BadInput
from kinesynth.seeds import generator

SPLITS = ("train", "val", "test")
MEND = "check it with `kinesynth verify`"


@dataclass(frozen=True)
class ClipPlace:
    """Where a clip is, and how long."""

    shard: Path
    clip_id: str
    frames: int


class ShardDataset:
    """Windows of the clips of a dataset; a map-style dataset for `torch.utils.data.DataLoader`, which it does not need.

    An item is a clip's part of the shard, cut to the window: nested dictionaries of arrays with the schema's names
    (`item["angles"]` (T, J), `item["grf"]["force"]` (T, 2, 3), ..., see docs/dataset.md), and besides

        clip_id, subject, action, start     of the window
        fps, mass_kg, height_m              numbers
        frame_valid (T,) bool               false where a clip is shorter than the window
        views[camera]                       frames (T, H, W, 3) uint8 RGB, mask (T, H, W) bool, bbox (T, 4), K,
                                            world_to_camera

    Only the window's frames are read and decoded. Each process opens the files for itself, so that workers may be
    forked or spawned.

    Args:
        path: a folder of results, its folder of shards, or one shard.
        split: train, val or test; None for all.
        window: T, frames per item.
        views: cameras by name; None for all, () for labels without pixels.
        stride: None: an item per clip, whose window lies at random, anew each epoch (`set_epoch`); a number: windows
            that begin every so many frames, the last one at the clip's end.
        short: what becomes of clips shorter than the window: `pad` repeats their last frame, `drop` leaves them out.
        seed: of the random windows.

    Raises:
        BadInput: there are no shards, or a file cannot be read; the message names the file and the clip.

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
        stride: int | None = None,
        short: Literal["pad", "drop"] = "pad",
        seed: int = 0,
    ) -> None:
        if split is not None and split not in SPLITS:
            raise BadInput(path, "split", repr(split), f"one of {', '.join(SPLITS)}", "correct the argument")
        if window < 1 or (stride is not None and stride < 1):
            raise BadInput(path, "window, stride", f"{window}, {stride}", "1 or more", "correct the argument")
        self.window, self.views, self.stride, self.seed = window, views, stride, seed
        self.epoch = 0
        self._files = OpenFiles()
        self.shards = find_shards(Path(path))
        self.names = self._read_names()
        self.clips = [clip for clip in self._list_clips(split) if clip.frames >= (window if short == "drop" else 1)]
        self._items = [(clip, start) for clip in self.clips for start in self._starts(clip)]

    def __len__(self) -> int:
        """Return the number of items."""
        return len(self._items)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return one window."""
        clip, start = self._items[index]
        start = self._random_start(clip) if start is None else start
        try:
            return self._read(clip, start)
        except (OSError, KeyError, ValueError) as error:
            found = " ".join(str(error).split())
            raise BadInput(clip.shard, f"clips/{clip.clip_id}", found, f"schema {SCHEMA_VERSION}", MEND) from error

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield all items in order."""
        return (self[index] for index in range(len(self)))

    def set_epoch(self, epoch: int) -> None:
        """Draw other random windows; call it before the loader starts its workers for the epoch."""
        self.epoch = epoch

    def close(self) -> None:
        """Close the files that this process has open."""
        self._files.close()

    def __enter__(self) -> Self:
        """Return the dataset, to be closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the files."""
        self.close()

    def _list_clips(self, split: str | None) -> Iterator[ClipPlace]:
        for shard in self.shards:
            file = self._open(shard)
            if split is None or file.attrs["split"] == split:
                for clip_id, group in file["clips"].items():
                    yield ClipPlace(shard, clip_id, int(group.attrs["n_frames"]))

    def _read_names(self) -> Names:
        names = read_names(self._open(self.shards[0])["skeleton"])
        for shard in self.shards[1:]:
            if read_names(self._open(shard)["skeleton"]) != names:
                mend = "open datasets of different skeletons one by one"
                raise BadInput(shard, "skeleton", "other names", f"those of {self.shards[0].name}", mend)
        return names

    def _open(self, shard: Path) -> h5py.File:
        try:
            file = self._files.get(shard)
        except OSError as error:
            raise BadInput(shard, "file", " ".join(str(error).split()), "an HDF5 file", MEND) from error
        if file.attrs.get("schema") != SCHEMA_VERSION:
            mend = "read it with the release of kinesynth that wrote it"
            raise BadInput(shard, "schema", str(file.attrs.get("schema")), str(SCHEMA_VERSION), mend)
        return file

    def _starts(self, clip: ClipPlace) -> list[int | None]:
        """Return the first frames of a clip's windows, None for one that is drawn anew each epoch."""
        if self.stride is None:
            return [None]
        last = max(clip.frames - self.window, 0)
        return [*range(0, last, self.stride), last]

    def _random_start(self, clip: ClipPlace) -> int:
        rng = generator(self.seed, clip.clip_id, "window", str(self.epoch))
        return int(rng.integers(max(clip.frames - self.window, 0) + 1))

    def _read(self, clip: ClipPlace, start: int) -> dict[str, Any]:
        file = self._open(clip.shard)
        group = file["clips"][clip.clip_id]
        stop = min(start + self.window, clip.frames)
        item: dict[str, Any] = {
            "clip_id": clip.clip_id,
            "subject": str(file.attrs["subject"]),
            "action": str(group.attrs["action"]),
            "start": start,
            "fps": float(group.attrs["fps"]),
            "mass_kg": float(file.attrs["mass_kg"]),
            "height_m": float(file.attrs["height_m"]),
            "frame_valid": np.arange(self.window) < stop - start,
        }
        for name, field in load_schema().clip.items():
            array = self._window(group[name], start, stop) if field.over_time else group[name][()]
            *folders, leaf = name.split("/")
            target = item
            for folder in folders:
                target = target.setdefault(folder, {})
            target[leaf] = array
        cameras = list(group["views"]) if self.views is None else self.views
        item["views"] = {camera: self._read_view(group["views"], camera, start, stop) for camera in cameras}
        return item

    def _read_view(self, views: h5py.Group, camera: str, start: int, stop: int) -> dict[str, np.ndarray]:
        if camera not in views:
            raise KeyError(f"no view {camera!r}, only {', '.join(views)}")
        view = views[camera]
        height, width = int(view.attrs["height"]), int(view.attrs["width"])
        return {
            "frames": self._pad(decode_frames(view["video"][()], start, stop)),
            "mask": self._pad(unpack_masks(view["mask"][start:stop], height, width)),
            "bbox": self._window(view["bbox"], start, stop),
            "K": view["K"][()],
            "world_to_camera": view["world_to_camera"][()],
        }

    def _window(self, dataset: h5py.Dataset, start: int, stop: int) -> np.ndarray:
        return self._pad(dataset[start:stop])

    def _pad(self, array: np.ndarray) -> np.ndarray:
        """Repeat the last frame until the window is full."""
        missing = self.window - len(array)
        return np.concatenate([array, np.repeat(array[-1:], missing, axis=0)]) if missing else array


def find_shards(path: Path) -> list[Path]:
    """Return the shards that a path stands for, sorted by name.

    Raises:
        BadInput: there are none.
    """
    if path.is_file():
        return [path]
    folder = path / "shards" if (path / "shards").is_dir() else path
    shards = sorted(folder.glob("*.h5"), key=lambda shard: shard.name)
    shards = [shard for shard in shards if not shard.name.startswith(".")]
    if not shards:
        mend = "give the results folder of a finished run, its shards folder, or a shard"
        raise BadInput(path, "shards", "no *.h5 file" if folder.is_dir() else "no such folder", "shards", mend)
    return shards
