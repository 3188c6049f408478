"""Frames of a view as pictures: one jpg each, through the lens as they are, or as a pinhole would have drawn them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import map_coordinates

from kinesynth.dataset.camera import camera_of
from kinesynth.dataset.record import ViewRecord
from kinesynth.dataset.video import decode_frames
from kinesynth.geometry.projection import distort

QUALITY = 90  # of the jpg files


def picture_name(clip_id: str, camera: str, frame: int) -> str:
    """Return where the picture of a frame lies below the export's folder."""
    return f"images/{clip_id}/{camera}/{frame:06d}.jpg"


def write_pictures(folder: Path, clip_id: str, camera: str, view: ViewRecord, *, pinhole: bool = False) -> None:
    """Write a view's frames under their `picture_name`; with `pinhole`, without the lens's distortion."""
    for number, pixels in enumerate(without_lens(view) if pinhole else _frames(view)):
        path = folder / picture_name(clip_id, camera, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path, quality=QUALITY)


def without_lens(view: ViewRecord) -> Iterator[np.ndarray]:
    """Yield a view's frames (H, W, 3) uint8 as a pinhole of the same K shows them; black where the lens saw nothing."""
    K, _, distortion = camera_of(view.arrays)
    if distortion is None or not np.any(distortion):
        yield from _frames(view)
        return
    height, width = int(view.attrs["height"]), int(view.attrs["width"])
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1)
    plane = (grid - K[:2, 2]) @ np.linalg.inv(K[:2, :2]).T
    columns, rows = (distort(plane, distortion) @ K[:2, :2].T + K[:2, 2]).transpose(2, 0, 1)
    for pixels in _frames(view):
        channels = [
            map_coordinates(pixels[..., each].astype(np.float32), (rows, columns), order=1) for each in range(3)
        ]
        yield np.rint(np.stack(channels, axis=-1)).astype(np.uint8)


def _frames(view: ViewRecord) -> Iterator[np.ndarray]:
    yield from decode_frames(view.arrays["video"], 0, len(view.arrays["bbox"]))
