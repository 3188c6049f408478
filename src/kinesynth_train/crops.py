"""Cameras that look through square crops of the pictures."""

import numpy as np
import torch
from torch import Tensor


def crop_projections(view: dict[str, np.ndarray]) -> Tensor:
    """Return matrices (T, 3, 4) from world points to the crops, whose edges are at -1 and 1; w is the depth in m.

    Args:
        view: of a window with crops: frames (T, S, S, 3), K (T, 3, 3), world_to_camera (4, 4).
    """
    size = view["frames"].shape[1]
    # Pixel centres are whole numbers, so that the edges of the picture are at -1/2 and S - 1/2.
    to_edges = np.array([[2.0 / size, 0.0, 1.0 / size - 1.0], [0.0, 2.0 / size, 1.0 / size - 1.0], [0.0, 0.0, 1.0]])
    return torch.from_numpy(to_edges @ view["K"] @ view["world_to_camera"][:3]).float()


def project(points: Tensor, projections: Tensor) -> Tensor:
    """Return places (..., N, 2) of world points (..., N, 3) in the crops of projections (..., 3, 4)."""
    image = points @ projections[..., :3].mT + projections[..., None, :, 3]
    return image[..., :2] / image[..., 2:].clamp(min=1e-3)
