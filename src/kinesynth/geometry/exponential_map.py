"""The exponential map of SO(3) and its derivative, batched in torch."""

import torch
from torch import Tensor

_SMALL_SQUARED_ANGLE = 1e-6  # below it the series' next term is under 1e-14


def cross_matrix(vectors: Tensor) -> Tensor:
    """Return the matrices (..., 3, 3) whose product with u is the cross product of `vectors` (..., 3) with u."""
    x, y, z = vectors.unbind(-1)
    zero = torch.zeros_like(x)
    return torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).reshape(*vectors.shape, 3)


def exponential(vectors: Tensor) -> Tensor:
    """Return the rotation matrices (..., 3, 3) of rotation vectors (..., 3) in radians (Rodrigues' formula)."""
    sine, cosine, _ = _coefficients(vectors)
    K = cross_matrix(vectors)
    return torch.eye(3, dtype=vectors.dtype, device=vectors.device) + sine * K + cosine * (K @ K)


def left_jacobian(vectors: Tensor) -> Tensor:
    """Return J (..., 3, 3) with exp(v + dv) = exp(J dv) exp(v) to first order (Chirikjian 2012, eq. 10.86)."""
    _, cosine, cubic = _coefficients(vectors)
    K = cross_matrix(vectors)
    return torch.eye(3, dtype=vectors.dtype, device=vectors.device) + cosine * K + cubic * (K @ K)


def _coefficients(vectors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return sin(a)/a, (1 - cos a)/a^2 and (a - sin a)/a^3 of the angles a of `vectors`, each (..., 1, 1)."""
    squared = vectors.square().sum(-1)[..., None, None]
    small = squared < _SMALL_SQUARED_ANGLE
    safe = torch.where(small, torch.ones_like(squared), squared)
    angle = safe.sqrt()
    sine = torch.where(small, 1 - squared / 6, angle.sin() / angle)
    cosine = torch.where(small, 0.5 - squared / 24, (1 - angle.cos()) / safe)
    cubic = torch.where(small, 1 / 6 - squared / 120, (angle - angle.sin()) / (safe * angle))
    return sine, cosine, cubic
