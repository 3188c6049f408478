"""Masks that a user gives: an .npz with `masks` (T, H, W), or a folder of pictures, white on the person."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from kinesynth.errors import BadInput
from kinesynth.npz import open_npz

FIX = "write an .npz with masks (frames, height, width), or a .png per frame"
SUFFIXES = (".png", ".bmp", ".tif", ".tiff")


@dataclass(frozen=True, eq=False)
class GivenMasks:
    """A person's masks (T, H, W) bool in the frames of a view."""

    masks: np.ndarray

    def shown(self, frames: np.ndarray) -> np.ndarray:
        """Tell in which of the frames (K,) the person is there (K,)."""
        there: np.ndarray = self.masks[frames].any(axis=(1, 2))
        return there

    def holds(self, frames: np.ndarray, pixels: np.ndarray) -> np.ndarray:
        """Tell (K, N) which of the pixels (K, N, 2) lie on the person in the frames (K,)."""
        height, width = self.masks.shape[1:]
        x, y = np.moveaxis(np.rint(np.nan_to_num(pixels, nan=-1.0)).astype(int), -1, 0)
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        rows = frames[:, None]
        return np.asarray(inside & self.masks[rows, y.clip(0, height - 1), x.clip(0, width - 1)])

    def mask(self, frame: int, width: int, height: int) -> np.ndarray:  # noqa: ARG002
        """Return the person's pixels (H, W) bool in a frame."""
        chosen: np.ndarray = self.masks[frame]
        return chosen


def read_masks(path: Path, frames: int, width: int, height: int) -> GivenMasks:
    """Return the masks of a view.

    Raises:
        BadInput: there are none, or they are not those of the view's frames.
    """
    if path.is_dir():
        masks = _pictures(path)
    elif path.suffix == ".npz":
        with open_npz(path, "an .npz with masks", FIX) as archive:
            if "masks" not in archive:
                raise BadInput(path, "masks", "none", "an array (frames, height, width)", FIX)
            masks = archive["masks"]
    else:
        found = "no such file or folder" if not path.exists() else path.suffix or "no suffix"
        raise BadInput(path, "masks", found, "an .npz or a folder of pictures", FIX)
    if masks.shape != (frames, height, width):
        found = " x ".join(map(str, masks.shape)) or "a number"
        raise BadInput(path, "masks", found, f"{frames} frames of {height} x {width} px, as the video has", FIX)
    if masks.dtype.kind not in "buif" or not np.isfinite(masks).all():
        raise BadInput(path, "masks", f"{masks.dtype} that are no yes or no", "numbers, 0 beside the person", FIX)
    shown = masks.astype(bool)
    if not shown.any():
        raise BadInput(path, "masks", "nobody in any frame", "the person's pixels", FIX)
    return GivenMasks(shown)


def _pictures(folder: Path) -> np.ndarray:
    files = sorted((file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES), key=_number)
    if not files:
        raise BadInput(folder, "masks", "no picture", "a .png per frame", FIX)
    masks = []
    for file in files:
        try:
            with Image.open(file) as picture:
                masks.append(np.asarray(picture.convert("L")) > 127)
        except (OSError, UnidentifiedImageError, ValueError) as error:
            raise BadInput(file, "mask", " ".join(str(error).split())[:120], "a picture", FIX) from error
    if len({mask.shape for mask in masks}) > 1:
        raise BadInput(folder, "masks", "pictures of several sizes", "one size", FIX)
    return np.stack(masks)


def _number(file: Path) -> tuple[int, str]:
    numbers = re.findall(r"\d+", file.stem)
    return (int(numbers[-1]) if numbers else -1), file.name
