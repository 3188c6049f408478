"""One window of one clip, read from its shard: the labels and pixels that are asked for and no others."""

from collections.abc import Callable, Sequence
from typing import Any

import h5py
import numpy as np

from kinesynth.dataset.crop import Crop, crop_camera, crop_mask, crop_points
from kinesynth.dataset.files import OpenFiles
from kinesynth.dataset.places import MEND, ClipPlace, open_shard
from kinesynth.dataset.schema import SCHEMA_VERSION, load_schema
from kinesynth.dataset.video import decode_crops, decode_frames, unpack_masks
from kinesynth.errors import BadInput

Arrays = dict[str, np.ndarray]


class WindowReader:
    """Reads windows of T frames.

    Args:
        window: T.
        views: cameras by name; None for all, () for none.
        labels: fields of a clip by their names in the schema; None for all.
        crop: what to cut out of the pictures; None for all of them.
    """

    def __init__(
        self, window: int, views: Sequence[str] | None, labels: Sequence[str] | None, crop: Crop | None
    ) -> None:
        self.window, self.views, self.crop = window, views, crop
        self.labels = tuple(load_schema().clip) if labels is None else tuple(labels)
        self.files = OpenFiles()

    def read(self, clip: ClipPlace, start: int, rng: Callable[[str], np.random.Generator]) -> dict[str, Any]:
        """Return the window that begins at frame `start`; `rng` gives the generator of a view's crops.

        Raises:
            BadInput: the file cannot be read; the message names it and the clip.
        """
        try:
            group = open_shard(self.files, clip.shard)["clips"][clip.clip_id]
            return self._read(group, clip, start, rng)
        except (OSError, KeyError, ValueError) as error:
            found = " ".join(str(error).split())
            raise BadInput(clip.shard, f"clips/{clip.clip_id}", found, f"schema {SCHEMA_VERSION}", MEND) from error

    def _read(
        self, group: h5py.Group, clip: ClipPlace, start: int, rng: Callable[[str], np.random.Generator]
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
        schema = load_schema().clip
        for name in self.labels:
            *folders, leaf = name.split("/")
            target = item
            for folder in folders:
                target = target.setdefault(folder, {})
            whole = not schema[name].over_time
            target[leaf] = read_array(group, name) if whole else self._pad(read_array(group, name, start, stop))
        if self.views == ():
            return {**item, "views": {}}
        views = group["views"]
        cameras = list(views) if self.views is None else self.views
        return {**item, "views": {camera: self._view(views, camera, start, stop, rng(camera)) for camera in cameras}}

    def _view(self, views: h5py.Group, camera: str, start: int, stop: int, rng: np.random.Generator) -> Arrays:
        if camera not in views:
            raise KeyError(f"no view {camera!r}, only {', '.join(views)}")
        view = views[camera]
        masks = unpack_masks(read_array(view, "mask", start, stop), int(view.attrs["height"]), int(view.attrs["width"]))
        boxes, K = read_array(view, "bbox", start, stop), read_array(view, "K")
        video = read_array(view, "video")
        if self.crop is None:
            arrays = {"frames": decode_frames(video, start, stop), "mask": masks, "bbox": boxes}
        else:
            arrays = _cut(self.crop, video, masks, boxes, K, start, rng)
        padded = {name: self._pad(array) for name, array in arrays.items()}
        return {"K": K, **padded, "world_to_camera": read_array(view, "world_to_camera")}

    def _pad(self, array: np.ndarray) -> np.ndarray:
        """Repeat the last frame until the window is full."""
        missing = self.window - len(array)
        return np.concatenate([array, np.repeat(array[-1:], missing, axis=0)]) if missing else array


def _cut(
    crop: Crop, video: np.ndarray, masks: np.ndarray, boxes: np.ndarray, K: np.ndarray, start: int,
    rng: np.random.Generator,
) -> Arrays:  # fmt: skip
    squares, size = crop.squares(boxes, rng), crop.size
    corners = [crop_points(boxes[:, side : side + 2], squares, size) for side in (0, 2)]
    return {
        "frames": decode_crops(video, start, squares, size),
        "mask": np.stack([crop_mask(mask, square, size) for mask, square in zip(masks, squares, strict=True)]),
        "bbox": np.concatenate(corners, axis=1).astype(np.float32),
        "K": crop_camera(K, squares, size),
        "square": squares,
    }


def read_array(group: h5py.Group, name: str, start: int | None = None, stop: int = 0) -> np.ndarray:
    """Return an array of a group, or its rows `start` to `stop`.

    h5py's own `group[name][start:stop]` takes three times as long, which counts with two dozen small arrays a window.
    """
    dataset = h5py.h5d.open(group.id, name.encode())
    space = dataset.get_space()
    if start is None:
        array = np.empty(dataset.shape, dataset.dtype)
        dataset.read(h5py.h5s.ALL, h5py.h5s.ALL, array)
        return array
    shape = (stop - start, *dataset.shape[1:])
    array = np.empty(shape, dataset.dtype)
    space.select_hyperslab((start, *(0 for _ in shape[1:])), shape)
    dataset.read(h5py.h5s.create_simple(shape), space, array)
    return array
