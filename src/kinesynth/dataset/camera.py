"""Keypoints in pictures: where cameras project them, and whether they fall on the person."""

from collections.abc import Mapping

import numpy as np

from kinesynth.geometry.projection import project

__all__ = ["CORNER", "at_pixels", "camera_of", "cornered", "fraction_on_mask", "in_picture", "project"]
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
    inside = in_picture(pixels, *masks.shape[1:]) & (depth > 0)
    return int((at_pixels(masks, pixels) & inside).sum()), int(inside.sum())


def in_picture(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return which points (..., 2) px lie in a picture; its first pixel's middle is (0, 0)."""
    return np.asarray(((pixels >= -CORNER) & (pixels < np.array([width, height]) - CORNER)).all(axis=-1))


def at_pixels(pictures: np.ndarray, pixels: np.ndarray, right: int = 0, down: int = 0) -> np.ndarray:
    """Return what pictures (T, H, W) hold (T, K) in the pixel of each point (T, K, 2) px, or one so far beside it.

    Beyond the edge it is the nearest pixel within. A point on the border of two pixels is in the even one.
    """
    frames, height, width = pictures.shape
    nearest = np.rint(np.nan_to_num(pixels)) + np.array([right, down])
    x, y = np.clip(nearest, 0, np.array([width, height]) - 1).astype(int).transpose(2, 0, 1)
    return np.asarray(pictures[np.arange(frames)[:, None], y, x])
