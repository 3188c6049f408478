"""How far predictions are off, in the units of the papers."""

import math

import torch
from torch import Tensor

from kinesynth.skeleton import SkeletonDefinition


def counted_angles(definition: SkeletonDefinition) -> Tensor:
    """Return (J,), true for the coordinates that MAE_angle is over: angles that follow no other coordinate."""
    return torch.tensor(~definition.coordinate_translational & (definition.coupled_to < 0))


def angle_errors_deg(angles: Tensor, truth: Tensor) -> Tensor:
    """Return the absolute differences of angles of any shape, in degrees, the short way round."""
    difference = angles - truth
    return torch.rad2deg(torch.atan2(torch.sin(difference), torch.cos(difference)).abs())


def joint_errors_mm(keypoints: Tensor, truth: Tensor) -> Tensor:
    """Return distances (..., T, B) mm of joint centres after both pelves are laid on each other (MPJPE's parts).

    Args:
        keypoints: (..., T, K, 3) m, the B joint centres first, the pelvis' first of all.
        truth: the same.
    """
    bodies = keypoints.shape[-2] // 2
    centres, true_centres = keypoints[..., :bodies, :], truth[..., :bodies, :]
    aligned = centres - centres[..., :1, :] + true_centres[..., :1, :]
    distances: Tensor = (aligned - true_centres).norm(dim=-1)
    return 1000.0 * distances


class Mean:
    """A mean over batches, along all axes but the last; NaN before the first value."""

    def __init__(self) -> None:
        self._sum: Tensor | float = 0.0
        self._count: Tensor | float = 0.0

    def add(self, values: Tensor, valid: Tensor) -> None:
        """Add values (..., C) where valid (..., C)."""
        axes = tuple(range(values.ndim - 1))
        self._sum = self._sum + (values * valid).double().sum(dim=axes).cpu()
        self._count = self._count + valid.double().sum(dim=axes).cpu()

    def total(self) -> float:
        """Return the mean of all values."""
        count = torch.as_tensor(self._count).sum()
        return float(torch.as_tensor(self._sum).sum() / count) if count else math.nan

    def each(self) -> list[float]:
        """Return the mean of each of the last axis' C."""
        return [float(value) for value in torch.as_tensor(self._sum) / torch.as_tensor(self._count)]
