"""What Blender wrote, read back: pictures as bytes, labels of parts, boxes."""

from pathlib import Path

import av
import numpy as np
from scipy.ndimage import distance_transform_edt

from kinesynth.errors import ClipRejected
from kinesynth.geometry.mask_boxes import mask_boxes
from kinesynth.pixels import frame_pixels
from kinesynth.render.job_folder import PART_LEVEL

MAX_STRAY_FRACTION = 1e-4  # of pixels: one in two hundred million was seen; blurred edges are a hundred times that


def read_video(path: Path, n_frames: int) -> np.ndarray:
    """Return an mp4 file's bytes (uint8), once it is known to hold `n_frames` pictures.

    Raises:
        ClipRejected: it holds another number.
    """
    with av.open(str(path)) as container:
        found = sum(packet.pts is not None for packet in container.demux(video=0))
    _expect(path, found, n_frames)
    return np.frombuffer(path.read_bytes(), dtype=np.uint8)


def read_parts(
    path: Path, n_frames: int, pixels: tuple[np.ndarray, np.ndarray] | None = None, *, hidden: bool = False
) -> np.ndarray:
    """Return the labels (T,H,W) uint8 of the parts in a lossless grey video, 0 where nobody is.

    A stray pixel whose level is not a label's takes the label of the nearest that has one. `pixels` are the rows and
    columns (H,W) of those that are read; all where None. Whoever is `hidden` need not be seen in every frame.

    Raises:
        ClipRejected: it does not hold `n_frames` pictures, in one of them nobody is seen, or levels are not labels'.
    """
    with av.open(str(path)) as container:
        frames = (frame_pixels(frame, "gray") for frame in container.decode(video=0))
        levels = np.stack([frame if pixels is None else frame[pixels] for frame in frames])
    _expect(path, len(levels), n_frames)
    stray = levels % PART_LEVEL != 0
    if stray.mean() > MAX_STRAY_FRACTION:
        raise ClipRejected("parts of the body are blurred", float(stray.mean()), path.name)
    for frame in np.flatnonzero(stray.any(axis=(1, 2))):
        nearest = distance_transform_edt(stray[frame], return_distances=False, return_indices=True)
        levels[frame] = levels[frame][tuple(nearest)]
    empty = ~levels.any(axis=(1, 2))
    if empty.any() and not hidden:
        raise ClipRejected("nobody in the picture", float(empty.sum()), f"{path.stem}, frame {int(empty.argmax())}")
    return levels // PART_LEVEL


def boxes(mask: np.ndarray, whole: np.ndarray | None = None) -> np.ndarray:
    """Return the first and last column and row of a mask (T,H,W), each frame: (T,4) x0, y0, x1, y1, px, inclusive.

    Where the mask of a frame is empty, they are those of the `whole` one.
    """
    if whole is not None:
        mask = np.where(mask.any(axis=(1, 2))[:, None, None], mask, whole)
    return mask_boxes(mask).astype(np.float64)


def _expect(path: Path, found: int, n_frames: int) -> None:
    if found != n_frames:
        raise ClipRejected("video has another number of frames", float(found), f"{path.name}: expected {n_frames}")
