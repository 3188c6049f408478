"""Terms of losses, and the sums of them that more than one network is trained on.

D3KE and BioPose's NeurIK share one, to the letter; what is our own weighs other terms. ODAH's stands with its network.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from kinesynth_train.data import TIME_AXIS, Batch
from kinesynth_train.metrics import counted_angles
from kinesynth_train.networks.contract import Prediction
from kinesynth_train.rotations import root_to_rotation
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton


@dataclass(frozen=True)
class PublishedWeights:
    """Of D3KE's and NeurIK's terms: positions in metres from the pelvis, angles in degrees.

    Attributes:
        joints: joint centres through the skeleton: mean over joints of the sum over x, y, z.
        markers: the skeleton's markers, likewise.
        scales: mean over bodies of the sum over x, y, z.
        angles: mean over angles that follow no other, but for the root's, which is a matrix.
    """

    joints: float = 1.0
    markers: float = 2.0
    scales: float = 0.1
    angles: float = 0.06


def published_losses(
    prediction: Prediction, batch: Batch, skeleton: DatasetSkeleton, stats: CoordinateStats, weights: PublishedWeights
) -> dict[str, Tensor]:
    """Return the terms, all L1, and their weighted sum, `total`; of inner parts of the network too.

    Args:
        prediction: of a batch.
        batch: angles, angle_valid (N, T, J), scales (N, B, 3), frame_valid (N, T).
        skeleton: of the dataset.
        stats: of the dataset.
        weights: of the terms.
    """
    parts = []
    for said in (prediction, *prediction.earlier):
        truth = truth_for(said, batch)
        found, wanted = skeleton(said.angles, said.scales), skeleton(truth["angles"], truth["scales"])
        here, there = found.joint_centres[:, :, :1], wanted.joint_centres[:, :, :1]
        counted = counted_angles(skeleton.definition).to(stats.mean.device).index_fill(0, stats.root, False)
        off = torch.rad2deg((said.angles - truth["angles"]).abs())
        scales = (said.scales - truth["scales"][:, None]).abs().sum(dim=-1).mean(dim=-1)
        seen = truth["frame_valid"]
        joints = ((found.joint_centres - here) - (wanted.joint_centres - there)).abs().sum(dim=-1).mean(dim=-1)
        markers = ((found.markers - here) - (wanted.markers - there)).abs().sum(dim=-1).mean(dim=-1)
        parts.append({
            "joints": masked_mean(joints, seen),
            "markers": masked_mean(markers, seen),
            "scales": masked_mean(scales, seen),
            "angles": masked_mean(off, truth["angle_valid"] & counted),
        })  # fmt: skip
    terms = {name: torch.stack([part[name] for part in parts]).sum() for name in parts[0]}
    return weighed(terms, asdict(weights))


@dataclass(frozen=True)
class OwnWeights:
    """Of our variants' terms. Positions are in metres, angles in radians.

    Attributes:
        angle: constrained coordinates: L1; free ones: L1 between points on the unit circle.
        rotation: of the root, where a network gives a matrix: L1 of its elements; then `angle` leaves the root out.
        scale: L1.
        limits: how far constrained coordinates are beyond their limits.
        joints: joint and mass centres through the skeleton, L1.
        markers: the skeleton's markers, likewise.
        root_relative: whether positions are taken from the pelvis rather than in the world.
    """

    angle: float = 1.0
    rotation: float = 0.0
    scale: float = 1.0
    limits: float = 0.0
    joints: float = 0.0
    markers: float = 0.0
    root_relative: bool = False


def own_losses(
    prediction: Prediction, batch: Batch, skeleton: DatasetSkeleton, stats: CoordinateStats, weights: OwnWeights
) -> dict[str, Tensor]:
    """Return the terms that have a weight, and their weighted sum, `total`; arguments as of `published_losses`."""
    truth = truth_for(prediction, batch)
    terms = {
        "angle": angle_loss(prediction, truth["angles"], truth["angle_valid"], stats),
        "scale": (prediction.scales - truth["scales"][:, None]).abs().mean(),
    }
    if weights.limits:
        terms["limits"] = limit_loss(prediction.angles, stats.free, stats.limits)
    if weights.rotation and prediction.rotation is not None:
        rotation = root_to_rotation(truth["angles"][..., stats.root], stats.root_axes)
        difference = (prediction.rotation - rotation).abs().mean(dim=(-2, -1))
        terms["rotation"] = masked_mean(difference, truth["frame_valid"])
    if weights.joints or weights.markers:
        wanted = skeleton(truth["angles"], truth["scales"])
        found = skeleton(prediction.angles, prediction.scales)
        root, true_root = (0.0, 0.0)
        if weights.root_relative:
            root, true_root = found.joint_centres[:, :, :1], wanted.joint_centres[:, :, :1]
        for name, points in (("joints", "keypoints"), ("markers", "markers")):
            if getattr(weights, name):
                distance = ((getattr(found, points) - root) - (getattr(wanted, points) - true_root)).abs()
                terms[name] = masked_mean(distance.mean(dim=(-2, -1)), truth["frame_valid"])
    return weighed(terms, asdict(weights))


def weighed(terms: Mapping[str, Tensor], weights: Mapping[str, float]) -> dict[str, Tensor]:
    """Return the terms and, first, their weighted sum, `total`."""
    return {"total": torch.stack([weights[name] * term for name, term in terms.items()]).sum(), **terms}


def truth_for(prediction: Prediction, batch: Batch) -> Batch:
    """Return the truth of the frames that a prediction stands for."""
    if prediction.frame is None:
        return batch
    frames = torch.as_tensor(prediction.frame, device=batch["frame_valid"].device).reshape(-1)
    return {name: value[:, frames] if TIME_AXIS.get(name) == 0 else value for name, value in batch.items()}


def angle_loss(prediction: Prediction, truth: Tensor, valid: Tensor, stats: CoordinateStats) -> Tensor:
    """Return the mean of the coordinates' distances (N, T, J) where they are valid.

    A free one's distance is that of the point that was predicted from the point on the unit circle: the mean of the
    differences of cosine and sine.
    """
    assert prediction.circle is not None  # our networks give one
    free = stats.free
    wanted = torch.stack([truth[..., free].cos(), truth[..., free].sin()], dim=-1)
    on_circle = (prediction.circle - wanted).abs().mean(dim=-1)
    distance = (prediction.angles - truth).abs().masked_scatter(free.expand_as(truth), on_circle)
    if prediction.rotation is not None:
        valid = valid.index_fill(-1, stats.root, False)
    return masked_mean(distance, valid)


def limit_loss(angles: Tensor, free: Tensor, limits: Tensor) -> Tensor:
    """Return by how much angles (N, T, J) are beyond their limits (J, 2), on average; free ones have none."""
    excess = (limits[:, 0] - angles).relu() + (angles - limits[:, 1]).relu()
    return excess[..., ~free].mean()


def masked_mean(values: Tensor, valid: Tensor) -> Tensor:
    """Return the mean of the values that are valid, 0 where none is."""
    return (values * valid).sum() / valid.sum().clamp(min=1)
