"""The pinhole camera in OpenCV's convention: x right, y down, z forward; pixel (0, 0) is a pixel's centre."""

import numpy as np


def project(points: np.ndarray, K: np.ndarray, world_to_camera: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the pixels (..., 2) of world points (..., 3) and their depth (...) in metres in front of the camera."""
    in_camera = points @ world_to_camera[:3, :3].T + world_to_camera[:3, 3]
    depth = in_camera[..., 2]
    image = in_camera @ K.T
    return image[..., :2] / np.where(depth == 0.0, np.nan, depth)[..., None], depth


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
