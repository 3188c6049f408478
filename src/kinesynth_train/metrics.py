"""How far predictions are off, in the units of the papers.

MAE_angle    deg    rotational coordinates that follow no other, the short way round
the same, aligned   where the pelvis' angles are those after Procrustes' rotation of the frame (ODAH)
MAE_body     1      body scale factors
MPJPE        mm     joint centres, both pelves laid on each other
PA-MPJPE     mm     joint centres after the best rotation, translation and scaling of each frame (Procrustes)
MPBLPE       mm     the subject's own markers, as the labels hold them, both pelves laid on each other
bony MPBLPE  mm     the same of those markers that sit where skin is held to bone (D3KE's bony landmarks)
MPJVE        mm/s   velocity of joint centres relative to the pelvis (Pavllo et al. 2019, there in mm per frame)
PA-MPJVE     mm/s   velocity of joint centres after the similarity of each frame (ODAH)
> 10, 20, 30 deg    fraction of frames in which an elbow or a knee is so far beyond its limits (HSMR gives each alone)

MAE_angle also over the moving coordinates alone: those whose truth spreads by more than 3 degrees.
"""

import math

import torch
from torch import Tensor

from kinesynth.skeleton import SkeletonDefinition

LIMIT_STEPS_DEG = (10.0, 20.0, 30.0)


def counted_angles(definition: SkeletonDefinition) -> Tensor:
    """Return (J,), true for the coordinates that MAE_angle is over: angles that follow no other coordinate."""
    return torch.from_numpy(~definition.coordinate_translational & (definition.coupled_to < 0))


def angle_errors_deg(angles: Tensor, truth: Tensor) -> Tensor:
    """Return the absolute differences of angles of any shape, in degrees, the short way round."""
    difference = angles - truth
    return torch.rad2deg(torch.atan2(torch.sin(difference), torch.cos(difference)).abs())


def root_aligned_mm(points: Tensor, truth: Tensor, root: Tensor, true_root: Tensor) -> Tensor:
    """Return distances (..., P) mm of points (..., P, 3) m after both roots (..., 3) are laid on each other."""
    distances: Tensor = ((points - root[..., None, :]) - (truth - true_root[..., None, :])).norm(dim=-1)
    return 1000.0 * distances


def similar(points: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Return points (..., P, 3) laid on the truth by the best similarity, and its rotation (..., 3, 3).

    Umeyama 1991: with the centred points' covariance U S V', the rotation is V D U' with D = diag(1, 1, +-1) against
    reflections, and the scale is tr(S D) over the points' variance.
    """
    mean, true_mean = points.mean(dim=-2, keepdim=True), truth.mean(dim=-2, keepdim=True)
    here, there = points - mean, truth - true_mean
    left, sizes, right = torch.linalg.svd(here.mT @ there)
    sign = torch.sign(torch.linalg.det(left) * torch.linalg.det(right))
    mirrored = torch.ones_like(sizes).index_fill(-1, torch.tensor(2, device=points.device), 0.0)
    diagonal = mirrored + (1.0 - mirrored) * sign[..., None]
    scale = (sizes * diagonal).sum(dim=-1) / here.square().sum(dim=(-2, -1)).clamp(min=1e-12)
    turned = left * diagonal[..., None, :] @ right
    return scale[..., None, None] * here @ turned + true_mean, turned.mT


def velocity_errors_mm(points: Tensor, truth: Tensor, fps: Tensor) -> Tensor:
    """Return distances (N, T - 1, P) mm/s of the velocities of points (N, T, P, 3) m, fps (N,)."""
    change: Tensor = (points - truth).diff(dim=1).norm(dim=-1)
    return 1000.0 * change * fps[:, None, None]


def beyond_limits_deg(angles: Tensor, limits: Tensor) -> Tensor:
    """Return by how many degrees angles (..., J), taken within half a turn, are beyond limits (J, 2), 0 within."""
    wrapped = torch.atan2(angles.sin(), angles.cos())
    return torch.rad2deg((limits[:, 0] - wrapped).relu() + (wrapped - limits[:, 1]).relu())


class Mean:
    """A mean over batches, along all axes but the last; NaN before the first value."""

    def __init__(self) -> None:
        self._sum: Tensor = torch.zeros(())
        self._count: Tensor = torch.zeros(())

    def add(self, values: Tensor, valid: Tensor) -> None:
        """Add values (..., C) where valid (..., C)."""
        axes = tuple(range(values.ndim - 1))
        valid = valid.expand_as(values)
        self._sum = self._sum + values.where(valid, 0.0).double().sum(dim=axes).cpu()
        self._count = self._count + valid.double().sum(dim=axes).cpu()

    def total(self, of: Tensor | None = None) -> float:
        """Return the mean of all values, or of those of the columns `of` (C,) bool."""
        total, count = (
            float((part if of is None or part.ndim == 0 else part[of]).sum()) for part in (self._sum, self._count)
        )
        return total / count if count else math.nan

    def each(self) -> list[float]:
        """Return the mean of each of the last axis' C."""
        return [float(value) for value in self._sum / self._count]

    def count(self) -> int:
        """Return the number of values in the fullest column."""
        return int(self._count.max())


class Spread:
    """How much angles vary, over batches: the circular standard deviation of each column."""

    def __init__(self) -> None:
        self._cosine, self._sine = Mean(), Mean()

    def add(self, angles: Tensor, valid: Tensor) -> None:
        """Add angles (..., C) rad where valid (..., C)."""
        self._cosine.add(angles.double().cos(), valid)
        self._sine.add(angles.double().sin(), valid)

    def degrees(self) -> Tensor:
        """Return it (C,): sqrt(-2 ln R) for a mean vector of length R, which for small angles is the usual one."""
        length = torch.hypot(torch.tensor(self._cosine.each()), torch.tensor(self._sine.each())).clamp(max=1.0)
        return torch.rad2deg((-2.0 * length.log()).clamp(min=0.0).sqrt())
