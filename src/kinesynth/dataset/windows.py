"""One window of one clip, read from its shard: the labels and pixels that are asked for and no others."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from kinesynth.dataset.camera import in_picture
from kinesynth.dataset.clip_entry import ClipEntry
from kinesynth.dataset.crop import Crop, crop_camera, crop_labels, crop_points
from kinesynth.dataset.file_cache import OpenFiles
from kinesynth.dataset.listing import FIX, DamagedShard
from kinesynth.dataset.quick_hdf5 import read_array, read_integer
from kinesynth.dataset.schema import SCHEMA_VERSION, load_schema
from kinesynth.dataset.video import decode_crops, decode_frames, unpack_masks
from kinesynth.dataset.visibility import Visibility
from kinesynth.errors import BadInput
from kinesynth.hdf5 import require_own

Arrays = dict[str, np.ndarray]
MASKS = frozenset({"whole_mask"})  # of views without, it is the mask: nothing hides the person
PAUSES = (0.1, 1.0)  # s, before a disk that failed is asked again


class WindowReader:
    """Reads windows of T frames.

    Args:
        window: T.
        views: cameras by name; None for all, () for none.
        labels: fields of a clip by their names in the schema; None for all.
        tracks: fields of a view that are optional in the schema, to be read too.
        crop: what to cut out of the pictures; None for all of them.
        sizes: lengths of the axes B, J, M and A, which every array is held against.
    """

    def __init__(
        self,
        window: int,
        views: Sequence[str] | None,
        labels: Sequence[str] | None,
        tracks: Sequence[str],
        crop: Crop | None,
        sizes: Mapping[str, int],
    ) -> None:
        self.sizes = {**sizes, "K": 2 * sizes["B"]}
        self.window, self.views, self.tracks, self.crop = window, views, tuple(tracks), crop
        self.labels = tuple(load_schema().clip) if labels is None else tuple(labels)
        self.files = OpenFiles()
        self._own: set[tuple[Path, str]] = set()

    def read(self, clip: ClipEntry, start: int, rng: Callable[[str], np.random.Generator]) -> dict[str, Any]:
        """Return the window that begins at frame `start`; `rng` gives the generator of a view's crops.

        A disk that fails is asked again, the file opened anew: those of a network stumble and recover.

        Raises:
            DamagedShard: the file cannot be read; the message names it and the clip.
            BadInput: it has no such view or track.
        """
        for pause in (*PAUSES, None):
            try:
                group = self.files.get(clip.shard)[f"clips/{clip.clip_id}"]
                if (clip.shard, clip.clip_id) not in self._own:  # once: it takes as long as a tenth of a window
                    require_own(group)
                    self._own.add((clip.shard, clip.clip_id))
                return self._read(group, clip, start, rng)
            except (OSError, KeyError, ValueError, TypeError, RuntimeError) as error:
                self.files.forget(clip.shard)
                if pause is None or not isinstance(error, OSError):
                    found = " ".join(str(error).split())
                    place, expected = f"clips/{clip.clip_id}", f"schema {SCHEMA_VERSION}"
                    raise DamagedShard(clip.shard, place, found, expected, FIX) from error
                time.sleep(pause)
        raise AssertionError("the last try returns or raises")

    def _read(
        self, group: h5py.Group, clip: ClipEntry, start: int, rng: Callable[[str], np.random.Generator]
    ) -> dict[str, Any]:
        stop = min(start + self.window, clip.frames)
        item: dict[str, Any] = {
            "clip_id": clip.clip_id,
            "subject": clip.subject,
            "action": clip.action,
            "start": start,
            "fps": clip.fps,
            "mass_kg": clip.mass_kg,
            "height_m": clip.height_m,
            "frame_valid": np.arange(self.window) < stop - start,
        }
        schema, sizes = load_schema().clip, {**self.sizes, "T": clip.frames}
        for name in self.labels:
            *folders, leaf = name.split("/")
            target = item
            for folder in folders:
                target = target.setdefault(folder, {})
            array = read_array(group.id, name, schema[name], start, stop, sizes)
            target[leaf] = self._pad(array) if schema[name].over_time else array
        item["views"] = {}
        views = h5py.h5g.open(group.id, b"views")
        for camera in list(group["views"]) if self.views is None else self.views:
            if camera.encode() not in views:
                expected = f"one of {', '.join(group['views'])}"
                fix = f"choose one, or open only clips that have it: keep=lambda clip: {camera!r} in clip.views"
                raise BadInput(clip.shard, f"clips/{clip.clip_id}/views", f"no view {camera!r}", expected, fix)
            view = h5py.h5g.open(views, camera.encode())
            left_out = [track for track in self.tracks if track.encode() not in view and track not in MASKS]
            if left_out:
                fix = "leave it out, or name it in the run's render.tracks"
                raise BadInput(clip.shard, f"{camera}/{left_out[0]}", "nothing", "that track", fix)
            item["views"][camera] = self._view(view, camera, start, stop, rng, sizes)
        return item

    def _view(
        self,
        view: h5py.h5g.GroupID,
        camera: str,
        start: int,
        stop: int,
        rng: Callable[[str], np.random.Generator],
        sizes: Mapping[str, int],
    ) -> Arrays:
        fields = load_schema().view

        height, width = (read_integer(view, name) for name in ("height", "width"))
        sizes = {**sizes, "H": height, "C": width, "W": -(-height * width // 8)}

        def read(name: str) -> np.ndarray:
            return read_array(view, name, fields[name], start, stop, sizes)

        K, video = read("K"), read("video")
        arrays = {
            name: read(name) for name in ("bbox", "keypoints_2d", "visibility", *self.tracks) if name not in MASKS
        }
        for name in ("mask", *MASKS.intersection(self.tracks)):
            arrays[name] = unpack_masks(read(name if name.encode() in view else "mask"), height, width)
        if self.crop is None:
            arrays["frames"] = decode_frames(video, start, stop, (width, height))
        else:
            squares = self.crop.squares(arrays["bbox"], rng(camera))
            arrays = _cut(arrays, K, squares, self.crop.size)
            arrays["frames"] = decode_crops(video, start, squares, self.crop.size, (width, height))
        padded = {name: self._pad(array) for name, array in arrays.items()}
        lens = read("distortion") if b"distortion" in view else np.zeros(5, dtype=np.float32)
        return {"K": K, **padded, "world_to_camera": read("world_to_camera"), "distortion": lens}

    def _pad(self, array: np.ndarray) -> np.ndarray:
        """Repeat the last frame until the window is full."""
        missing = self.window - len(array)
        return np.concatenate([array, np.repeat(array[-1:], missing, axis=0)]) if missing else array


def _cut(arrays: Arrays, K: np.ndarray, squares: np.ndarray, size: int) -> Arrays:
    """Return a view's arrays in their squares (T, 3), with the crops' cameras."""
    cut = {name: crop_points(arrays[name].reshape(len(squares), -1, 2), squares[:, None], size).astype(np.float32)
           for name in ("bbox", "keypoints_2d")}  # fmt: skip
    pictures = {
        name: np.stack([crop_labels(frame, square, size) for frame, square in zip(array, squares, strict=True)])
        for name, array in arrays.items()
        if name not in {*cut, "visibility"}
    }
    seen = np.where(in_picture(cut["keypoints_2d"], size, size), arrays["visibility"], Visibility.OUTSIDE)
    return {
        **pictures,
        "bbox": cut["bbox"].reshape(-1, 4),
        "keypoints_2d": cut["keypoints_2d"],
        "visibility": seen.astype(np.uint8),
        "K": crop_camera(K, squares, size),
        "square": squares,
    }
