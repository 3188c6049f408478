"""What the networks are trained to make small: one set of terms, which each paper weighs its own way.

angle      constrained coordinates: L1; free ones: L1 between points on the unit circle (ODAH)
rotation   of the root, where a network gives a matrix: L1 of its elements (D3KE); then `angle` leaves the root out
scale      L1
limits     how far constrained coordinates are beyond their limits (ODAH's L_bio)
joints     joint and mass centres through the skeleton, L1; in the world (ODAH) or from the pelvis (D3KE)
markers    the skeleton's markers, likewise (D3KE, NeurIK)
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from kinesynth_train.data import TIME_AXIS
from kinesynth_train.networks.heads import Prediction
from kinesynth_train.skeleton import Anatomy, DatasetSkeleton


@dataclass(frozen=True)
class Weights:
    """Of the terms. Positions are in metres, angles in radians.

    Attributes:
        root_relative: whether positions are taken from the pelvis.
    """

    angle: float = 1.0
    rotation: float = 0.0
    scale: float = 1.0
    limits: float = 0.0
    joints: float = 0.0
    markers: float = 0.0
    root_relative: bool = False


def losses(
    prediction: Prediction, truth: Mapping[str, Tensor], skeleton: DatasetSkeleton, anatomy: Anatomy, weights: Weights
) -> dict[str, Tensor]:
    """Return the terms that have a weight, and their weighted sum, `total`.

    Args:
        prediction: of a batch.
        truth: angles, angle_valid (N, T, J), scales (N, B, 3), frame_valid (N, T).
        skeleton: of the dataset.
        anatomy: of the dataset.
        weights: of the terms.
    """
    truth = centre_frame(truth) if prediction.only_centre else truth
    terms = {
        "angle": angle_loss(prediction, truth["angles"], truth["angle_valid"], anatomy),
        "scale": (prediction.scales - truth["scales"]).abs().mean(),
    }
    if weights.limits:
        terms["limits"] = limit_loss(prediction.angles, anatomy.free, anatomy.limits)
    if weights.rotation and prediction.rotation is not None:
        turned = skeleton(truth["angles"], truth["scales"]).transforms[:, :, 0, :3, :3]
        difference = (prediction.rotation - turned).abs().mean(dim=(-2, -1))
        terms["rotation"] = masked_mean(difference, truth["frame_valid"])
    if weights.joints or weights.markers:
        found, wanted = (
            skeleton(angles, scales) for angles, scales in (prediction[:2], (truth["angles"], truth["scales"]))
        )
        root, true_root = (0.0, 0.0)
        if weights.root_relative:
            root, true_root = found.joint_centres[:, :, :1], wanted.joint_centres[:, :, :1]
        for name, points in (("joints", "keypoints"), ("markers", "markers")):
            if getattr(weights, name):
                distance = ((getattr(found, points) - root) - (getattr(wanted, points) - true_root)).abs()
                terms[name] = masked_mean(distance.mean(dim=(-2, -1)), truth["frame_valid"])
    scaled = asdict(weights)
    return {"total": torch.stack([scaled[name] * term for name, term in terms.items()]).sum(), **terms}


def centre_frame(truth: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the truth of the windows' middle frames."""
    half = truth["frame_valid"].shape[1] // 2
    over_time = {name for name, axis in TIME_AXIS.items() if axis == 0}
    return {name: value[:, half : half + 1] if name in over_time else value for name, value in truth.items()}


def angle_loss(prediction: Prediction, truth: Tensor, valid: Tensor, anatomy: Anatomy) -> Tensor:
    """Return the mean of the coordinates' distances (N, T, J) where they are valid.

    A free one's distance is that of the point that was predicted from the point on the unit circle: the mean of the
    differences of cosine and sine.
    """
    free = anatomy.free
    wanted = torch.stack([truth[..., free].cos(), truth[..., free].sin()], dim=-1)
    on_circle = (prediction.circle - wanted).abs().mean(dim=-1)
    distance = (prediction.angles - truth).abs().masked_scatter(free.expand_as(truth), on_circle)
    if prediction.rotation is not None:
        valid = valid.index_fill(-1, anatomy.root, False)
    return masked_mean(distance, valid)


def limit_loss(angles: Tensor, free: Tensor, limits: Tensor) -> Tensor:
    """Return by how much angles (N, T, J) are beyond their limits (J, 2), on average; free ones have none."""
    excess = (limits[:, 0] - angles).relu() + (angles - limits[:, 1]).relu()
    return excess[..., ~free].mean()


def masked_mean(values: Tensor, valid: Tensor) -> Tensor:
    """Return the mean of the values that are valid, 0 where none is."""
    return (values * valid).sum() / valid.sum().clamp(min=1)
