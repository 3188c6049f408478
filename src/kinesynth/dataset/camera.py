"""Keypoints in pictures: where cameras project them, and whether they fall on the person."""

from collections.abc import Mapping

import numpy as np

from kinesynth.geometry.projection import project

__all__ = ["CORNER", "camera_of", "cornered", "fraction_on_mask", "project"]
CORNER = 0.5  # px, from the middle of a pixel to its corner, where others begin to count


def camera_of(view: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Return what `project` needs of a view's arrays: K (3, 3), world_to_camera (4, 4), distortion (5,) or None."""
    lens = view.get("distortion")
    return view["K"].astype(float), view["world_to_camera"].astype(float), None if lens is None else lens.astype(float)


def cornered(K: np.ndarray) -> np.ndarray:
    """Return the camera matrix (3, 3) of pixels that are counted from the corner of the picture."""
    shift = np.eye(3)
    shift[:2, 2] = CORNER
    return np.asarray(shift @ K)


def fraction_on_mask(pixels: np.ndarray, depth: np.ndarray, masks: np.ndarray) -> tuple[int, int]:
    """Count keypoints that fall on the person.

    Args:
        pixels: (T, K, 2) px.
        depth: (T, K) m.
        masks: (T, H, W) bool.

    Returns:
        How many of the keypoints inside the picture lie on the mask, and how many lie inside the picture.
    """
    height, width = masks.shape[1:]
    x, y = np.rint(np.nan_to_num(pixels, nan=-1.0)).astype(int).transpose(2, 0, 1)
    inside = (depth > 0) & (x >= 0) & (x < width) & (y >= 0) & (y < height)
    frame = np.nonzero(inside)[0]
    return int(masks[frame, y[inside], x[inside]].sum()), int(inside.sum())
