"""The pose in each frame: inverse kinematics of the points that were seen, all frames at once."""

from dataclasses import dataclass

import numpy as np
import torch

from kinesynth.kinematics.batched_ik import Prior, solve_clips
from kinesynth.kinematics.bounded_skeleton import BoundedSkeleton
from kinesynth.skeleton import SkeletonDefinition, SkeletonLayer
from kinesynth_train.inverse_kinematics import search_limits
from kinesynth_train.predict.landmarks import priors

# Points that a frame must show: so many on one of the bodies whose names begin so.
NEEDED = ((2, ("pelvis",)), (2, ("torso", "scapula")), (1, ("femur", "tibia")), (1, ("tibia", "calcn", "toes")))
MIN_WEIGHT = 0.05  # of the confidence: a point that is hardly seen still counts


@dataclass(frozen=True, eq=False)
class Poses:
    """A motion.

    Attributes:
        angles: (T, J) rad and m; NaN in frames that are not believed.
        markers: (T, M, 3) m, where the skeleton has its points.
        joints: (T, B, 3) m, origins of its bodies.
        misfit: (T,) m, RMS distance of its points from the given ones.
        valid: (T,) bool, frames that are believed.
    """

    angles: np.ndarray
    markers: np.ndarray
    joints: np.ndarray
    misfit: np.ndarray
    valid: np.ndarray


def find_poses(
    skeleton: SkeletonDefinition, spreads: np.ndarray, positions: np.ndarray, confidence: np.ndarray
) -> Poses:
    """Return the poses in which the skeleton's points are nearest to those given.

    Args:
        skeleton: of the person's size, with the M points as its markers.
        spreads: (M,) m, their standard deviations.
        positions: (T, M, 3) m; NaN where not seen.
        confidence: (T, M) from 0 to 1, by which a point weighs.
    """
    valid = is_shown(skeleton, np.isfinite(positions).all(axis=-1))
    angles = np.full((len(positions), len(skeleton.coordinate_names)), np.nan)
    if valid.any():
        weights = (confidence[valid].clip(MIN_WEIGHT, 1.0)) / spreads**2
        bounded = BoundedSkeleton(skeleton, search_limits(skeleton).numpy())
        angles[valid] = solve_clips(bounded, {"": positions[valid]}, weights, Prior(*priors(skeleton)))[""]["angles"]
    return poses_of(skeleton, angles, positions)


def is_shown(skeleton: SkeletonDefinition, seen: np.ndarray) -> np.ndarray:
    """Return the frames (T,) whose points that are seen (T, M) tell a pose."""
    bodies = [skeleton.body_names[body] for body in skeleton.marker_bodies]
    shown = np.ones(len(seen), dtype=bool)
    for count, parts in NEEDED:
        shown &= seen[:, [body.startswith(parts) for body in bodies]].sum(axis=1) >= count
    return shown


def poses_of(skeleton: SkeletonDefinition, angles: np.ndarray, positions: np.ndarray) -> Poses:
    """Return the poses of angles (T, J), NaN where not believed, and how far their points are from `positions`."""
    valid = np.isfinite(angles).all(axis=1)
    markers = np.full((len(angles), len(skeleton.marker_names), 3), np.nan)
    joints = np.full((len(angles), len(skeleton.body_names), 3), np.nan)
    pose = SkeletonLayer(skeleton)(torch.tensor(angles[valid]))
    markers[valid], joints[valid] = pose.markers.numpy(), pose.joint_centres.numpy()
    squares = ((markers - positions) ** 2).sum(axis=-1)
    misfit = np.full(len(angles), np.nan)
    counts = np.isfinite(squares[valid]).sum(axis=1)
    misfit[valid] = np.sqrt(np.nansum(squares[valid], axis=1) / np.where(counts, counts, np.nan))
    return Poses(angles, markers, joints, misfit, valid)
