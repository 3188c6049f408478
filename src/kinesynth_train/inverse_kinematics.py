"""The plain baseline: markers triangulated from two views, and inverse kinematics on the subject's own skeleton.

This is what a laboratory does without a network (OpenCap's way, with detections as good as `noise_px` says): a detector
finds the markers in both pictures, they are triangulated, and OpenSim's inverse kinematics fits the scaled model. Here
the true markers stand in for the detector, with noise added, and the fit is the same least-squares problem, solved by
Levenberg-Marquardt on `SkeletonLayer` in torch. It is told the subject's true scales, which a static trial would give.
"""

import torch
from torch import Tensor

from kinesynth_train.crops import project
from kinesynth_train.data import Batch
from kinesynth_train.networks.hull import triangulate
from kinesynth_train.skeleton import Anatomy, DatasetSkeleton

NOISE_SHARE = 0.005  # of the crop's side: 1.3 px of 256, a good detector's
ITERATIONS = 40
FIRST_DAMPING, LESS, MORE = 1e-2, 0.3, 4.0
STEP = 1e-3  # rad, m, of the central differences: single precision leaves 1e-4 m / rad
SEED = 0


def triangulated_ik(batch: Batch, skeleton: DatasetSkeleton, anatomy: Anatomy) -> tuple[Tensor, Tensor]:
    """Return angles (N, T, J) and scales (N, B, 3) by triangulation and inverse kinematics.

    Args:
        batch: markers (N, T, M, 3), projections (N, V, T, 3, 4), scales (N, B, 3).
        skeleton: of the dataset.
        anatomy: of the dataset; the search begins at its mean pose.
    """
    markers = triangulated_markers(batch["markers"], batch["projections"][:, :2])
    return inverse_kinematics(markers, batch["scales"], skeleton, anatomy), batch["scales"]


def triangulated_markers(markers: Tensor, projections: Tensor) -> Tensor:
    """Return markers (N, T, M, 3) as two views see them, with noise on every image.

    Args:
        markers: (N, T, M, 3) m.
        projections: (N, V, T, 3, 4).
    """
    cameras = projections.transpose(1, 2).flatten(0, 1)  # (N T, V, 3, 4)
    images = project(markers.flatten(0, 1)[:, None], cameras)  # (N T, V, M, 2)
    generator = torch.Generator(images.device).manual_seed(SEED)
    noise = torch.randn(images.shape, device=images.device, generator=generator)
    points = triangulate(images + 2.0 * NOISE_SHARE * noise, cameras)
    return points.reshape(markers.shape)


def inverse_kinematics(markers: Tensor, scales: Tensor, skeleton: DatasetSkeleton, anatomy: Anatomy) -> Tensor:
    """Return the angles (N, T, J) whose markers are nearest to `markers` (N, T, M, 3), within their limits.

    All frames are solved at once, each with a damping of its own (Marquardt 1963).
    """
    windows, frames, count = markers.shape[:3]
    target = markers.flatten(0, 1)
    sizes = scales[:, None].expand(-1, frames, -1, -1).flatten(0, 1)  # (N T, B, 3)
    low, high = anatomy.limits.T
    angles = anatomy.mean.repeat(windows * frames, 1)
    angles[:, anatomy.root_place] += target.mean(dim=1) - _markers(skeleton, angles, sizes).mean(dim=1)
    damping = torch.full((windows * frames, 1), FIRST_DAMPING, device=target.device)
    residual = (target - _markers(skeleton, angles, sizes)).flatten(1)
    for _ in range(ITERATIONS):
        slope = marker_slopes(skeleton, angles, sizes).reshape(len(angles), -1, 3 * count)  # (N T, J, 3M)
        normal = slope @ slope.mT
        diagonal = normal.diagonal(dim1=-2, dim2=-1)
        damped = normal + torch.diag_embed(damping * (diagonal + diagonal.amax(dim=-1, keepdim=True) * 1e-4) + 1e-9)
        step = torch.linalg.solve(damped, slope @ residual[..., None])[..., 0]
        tried = (angles + step).clamp(low, high)
        left = (target - _markers(skeleton, tried, sizes)).flatten(1)
        better = left.square().sum(dim=1, keepdim=True) < residual.square().sum(dim=1, keepdim=True)
        angles, residual = tried.where(better, angles), left.where(better, residual)
        damping = damping * torch.where(better, LESS, MORE)
    return angles.reshape(windows, frames, -1)


def marker_slopes(skeleton: DatasetSkeleton, angles: Tensor, sizes: Tensor) -> Tensor:
    """Return the derivatives (F, J, M, 3) of the markers of poses (F, J), scales (F, B, 3); central differences."""
    coordinates = angles.shape[-1]
    shifts = STEP * torch.eye(coordinates, device=angles.device)
    both = torch.cat([angles[:, None] + shifts, angles[:, None] - shifts], dim=1)  # (F, 2J, J)
    ahead, behind = skeleton(both, sizes).markers.chunk(2, dim=1)
    slopes: Tensor = (ahead - behind) / (2.0 * STEP)
    return slopes


def _markers(skeleton: DatasetSkeleton, angles: Tensor, sizes: Tensor) -> Tensor:
    markers: Tensor = skeleton(angles[:, None], sizes).markers[:, 0]
    return markers
