"""What the networks are trained to make small; after ODAH (2024): angles, scales, limits, positions."""

from collections.abc import Mapping

import torch
from torch import Tensor

POSITION_WEIGHT = 10.0  # brings metres to the size of radians


def losses(
    angles: Tensor, scales: Tensor, keypoints: Tensor, truth: Mapping[str, Tensor], free: Tensor, limits: Tensor
) -> dict[str, Tensor]:
    """Return the terms and their weighted sum, `total`.

    Args:
        angles: (N, T, J) predicted, rad, m.
        scales: (N, B, 3) predicted.
        keypoints: (N, T, K, 3) m of these, by the skeleton.
        truth: angles, angle_valid (N, T, J), scales, keypoints, frame_valid (N, T), as `CropDataset` has them.
        free: (J,) bool, angles without limits.
        limits: (J, 2) least and greatest value.
    """
    distance = (keypoints - truth["keypoints"]).norm(dim=-1).mean(dim=-1)
    terms = {
        "angle": angle_loss(angles, truth["angles"], truth["angle_valid"], free),
        "scale": (scales - truth["scales"]).abs().mean(),
        "limits": limit_loss(angles, free, limits),
        "position": masked_mean(distance, truth["frame_valid"]),
    }
    return {"total": terms["angle"] + terms["scale"] + terms["limits"] + POSITION_WEIGHT * terms["position"], **terms}


def angle_loss(angles: Tensor, truth: Tensor, valid: Tensor, free: Tensor) -> Tensor:
    """Return the L1 distance of angles (N, T, J), for free ones that between points on the unit circle."""
    difference = angles - truth
    chord = 2.0 * torch.sin(difference / 2.0).abs()
    return masked_mean(torch.where(free, chord, difference.abs()), valid)


def limit_loss(angles: Tensor, free: Tensor, limits: Tensor) -> Tensor:
    """Return by how much angles (N, T, J) are beyond their limits (J, 2), on average; free ones have none."""
    excess = (limits[:, 0] - angles).relu() + (angles - limits[:, 1]).relu()
    return excess[..., ~free].mean()


def masked_mean(values: Tensor, valid: Tensor) -> Tensor:
    """Return the mean of the values that are valid, 0 where none is."""
    return (values * valid).sum() / valid.sum().clamp(min=1)
