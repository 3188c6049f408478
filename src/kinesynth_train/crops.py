"""Pictures of a person as the networks see them: square crops, and cameras that look through them."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

MARGIN = 1.15  # side of the crop over the longer side of the person's box
SHIFT, STRETCH = 0.05, 0.1  # largest jitter of a training crop's centre and side, over its side


def square_boxes(boxes: np.ndarray, jitter: np.random.Generator | None = None) -> np.ndarray:
    """Return centre and side (T, 3) px of squares around the person's boxes (T, 4): x0, y0, x1, y1.

    With a generator, all frames' squares are moved and stretched alike.
    """
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    side = MARGIN * np.maximum((boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True), 4.0)
    if jitter is not None:
        centre = centre + side * jitter.uniform(-SHIFT, SHIFT, 2)
        side = side * jitter.uniform(1.0 - STRETCH, 1.0 + STRETCH)
    return np.concatenate([centre, side], axis=1)


def crop_frames(view: dict[str, np.ndarray], squares: np.ndarray, size: int) -> Tensor:
    """Return colour and mask of each frame in its square, (T, 4, size, size) uint8, black outside the picture."""
    colour = torch.from_numpy(view["frames"]).permute(0, 3, 1, 2).float()
    pictures = torch.cat([colour, 255.0 * torch.from_numpy(view["mask"])[:, None].float()], dim=1)
    height, width = pictures.shape[2:]
    extent = torch.tensor([width, height])
    centre, side = torch.from_numpy(squares[:, :2]).float(), torch.from_numpy(squares[:, 2:]).float()
    transform = torch.zeros(len(pictures), 2, 3)
    transform[:, [0, 1], [0, 1]] = side / extent
    transform[:, :, 2] = (2 * centre + 1) / extent - 1  # pixel centres are whole numbers, torch's edges are at -1 and 1
    grid = affine_grid(transform, [len(pictures), 4, size, size], align_corners=False)
    return grid_sample(pictures, grid, align_corners=False).round().to(torch.uint8)


def crop_projections(view: dict[str, np.ndarray], squares: np.ndarray) -> Tensor:
    """Return matrices (T, 3, 4) from world points to the crops, whose edges are at -1 and 1; w is the depth in m."""
    to_crop = np.zeros((len(squares), 3, 3))
    to_crop[:, [0, 1], [0, 1]] = 2.0 / squares[:, 2:]
    to_crop[:, :2, 2] = -2.0 * squares[:, :2] / squares[:, 2:]
    to_crop[:, 2, 2] = 1.0
    return torch.from_numpy(to_crop @ view["K"] @ view["world_to_camera"][:3]).float()


def project(points: Tensor, projections: Tensor) -> Tensor:
    """Return places (..., N, 2) of world points (..., N, 3) in the crops of projections (..., 3, 4)."""
    image = points @ projections[..., :3].mT + projections[..., None, :, 3]
    return image[..., :2] / image[..., 2:].clamp(min=1e-3)
