"""Keypoints in pictures: where cameras project them, and whether they fall on the person."""

import numpy as np

from kinesynth.geometry.projection import project

__all__ = ["project", "share_on_mask"]


def share_on_mask(pixels: np.ndarray, depth: np.ndarray, masks: np.ndarray) -> tuple[int, int]:
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
