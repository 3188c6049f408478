"""Cameras of square crops of the pictures."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

TURNED = ("crops", "projections", "rotations", "keypoints_2d", "visibility")


def crop_projections(view: dict[str, np.ndarray]) -> Tensor:
    """Return matrices (T, 3, 4) from world points to the crops, whose edges are at -1 and 1; w is the depth in m.

    Args:
        view: of a window with crops: frames (T, S, S, 3), K (T, 3, 3), world_to_camera (4, 4).
    """
    size = view["frames"].shape[1]
    # Pixel centres are whole numbers, so that the edges of the picture are at -1/2 and S - 1/2.
    to_edges = np.array([[2.0 / size, 0.0, 1.0 / size - 1.0], [0.0, 2.0 / size, 1.0 / size - 1.0], [0.0, 0.0, 1.0]])
    return torch.from_numpy(to_edges @ view["K"] @ view["world_to_camera"][:3]).float()


def crop_rotations(view: dict[str, np.ndarray]) -> Tensor:
    """Return rotations (T, 3, 3) from the world to a camera that is turned to look at the middle of each crop.

    What a crop shows at its middle lies on the axis of that camera: in its frame, somebody who walks past looks the
    same wherever in the picture it is, which in the plain camera's frame it does not.
    """
    middle = (view["frames"].shape[1] - 1) / 2.0
    ray = np.linalg.solve(view["K"], np.array([middle, middle, 1.0]))
    forward = ray / np.linalg.norm(ray, axis=-1, keepdims=True)
    right = np.cross([0.0, 1.0, 0.0], forward)
    right /= np.linalg.norm(right, axis=-1, keepdims=True)
    turn = np.stack([right, np.cross(forward, right), forward], axis=1)
    return torch.from_numpy(turn @ view["world_to_camera"][:3, :3]).float()


def crop_points(view: dict[str, np.ndarray]) -> Tensor:
    """Return the view's keypoints (T, K, 2) in the crops, whose edges are at -1 and 1."""
    return torch.from_numpy((view["keypoints_2d"] + 0.5) * (2.0 / view["frames"].shape[1]) - 1.0).float()


def crop_box_side(view: dict[str, np.ndarray]) -> Tensor:
    """Return the longer side (T,) of the person's box in the crops, whose own side is 2."""
    box = view["bbox"]
    return torch.from_numpy((box[:, 2:] - box[:, :2]).max(axis=1) * (2.0 / view["frames"].shape[1])).float()


def turned_in_plane(view: dict[str, Tensor], angle: float) -> dict[str, Tensor]:
    """Return what of a view turns with its pictures (`TURNED`), turned by an angle, rad, clockwise as seen.

    The corners, which the crops do not hold, are black; keypoints that leave the crop are outside of it.
    """
    crops = view["crops"]
    cosine, sine = float(np.cos(angle)), float(np.sin(angle))
    turn = torch.tensor([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    there = torch.tensor([[cosine, sine, 0.0], [-sine, cosine, 0.0]]).expand(len(crops), 2, 3)
    grid = affine_grid(there, list(crops.shape), align_corners=False)
    turned = grid_sample(crops.float(), grid, align_corners=False)
    turned[:, 3] = 255.0 * (turned[:, 3] > 127.5)
    points = view["keypoints_2d"] @ turn[:2, :2].T
    return {
        "crops": turned.round().to(torch.uint8),
        "projections": turn @ view["projections"],
        "rotations": turn @ view["rotations"],
        "keypoints_2d": points,
        "visibility": view["visibility"] * (points.abs() <= 1.0).all(dim=-1),
    }


def project(points: Tensor, projections: Tensor) -> Tensor:
    """Return positions (..., N, 2) of world points (..., N, 3) in the crops of projections (..., 3, 4)."""
    image = points @ projections[..., :3].mT + projections[..., None, :, 3]
    return image[..., :2] / image[..., 2:].clamp(min=1e-3)
