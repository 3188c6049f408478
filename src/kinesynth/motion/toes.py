"""Toes that a source left stiff, bent so that they do not sink into the floor when the heel rises."""

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from kinesynth.body.forward_kinematics import forward_kinematics
from kinesynth.body.proportions import FEET, Proportions, Sole, sole_positions
from kinesynth.motion.ground_alignment import Placed
from kinesynth.pose_layout import SMPLX

STIFF_RADIANS = 0.01  # a source whose toes never turn further did not record them
_ANGLES = np.radians(np.arange(0.0, 61.0))  # of extension; the metatarsophalangeal joint's range is some 60 degrees
_TOLERATED_METRES = 0.002
_SMOOTHING_SECONDS = 0.03


def are_stiff(poses: np.ndarray) -> bool:
    """Tell whether poses (T, >= 66) rad carry no motion of the toes."""
    return all(bool(np.ptp(poses[:, 3 * foot : 3 * foot + 3], axis=0).max() < STIFF_RADIANS) for foot in FEET)


def bent(placed: Placed, proportions: Proportions, fps: float) -> tuple[np.ndarray, float]:
    """Return poses (T, 156) whose toes extend as much as keeps them above the floor y = 0, and the most of it in rad.

    In each frame the smallest extension serves that leaves no point of the toes' sole below the floor, where one does;
    else the one that sinks least. It is smoothed over time, since toes do not snap.

    Args:
        placed: the clip, on the floor.
        proportions: the body.
        fps: frames per second.
    """
    poses = placed.poses.copy()
    positions, orientations = forward_kinematics(proportions.joints, placed.pelvis, SMPLX.joints(poses))
    most = 0.0
    for side, foot in enumerate(FEET):
        angles = _least_extension(proportions, positions, orientations, side)
        extension = gaussian_filter1d(angles, _SMOOTHING_SECONDS * fps, mode="nearest")
        at = slice(3 * foot, 3 * foot + 3)
        poses[:, at] = (Rotation.from_rotvec(poses[:, at]) * _extended(extension)).as_rotvec()
        most = max(most, float(extension.max()))
    return poses, most


def _least_extension(
    proportions: Proportions, positions: np.ndarray, orientations: np.ndarray, side: int
) -> np.ndarray:
    """Return the extension (T,) rad, of those tried, at which the toes of one foot are clear of the floor."""
    toes = _only_toes(proportions)
    angles = np.zeros(len(positions))
    sinks = _lowest(toes, positions, orientations, side) < -_TOLERATED_METRES
    if not sinks.any():
        return angles
    turned = np.repeat(orientations[None, sinks], len(_ANGLES), axis=0)
    turned[:, :, FEET[side]] = turned[:, :, FEET[side]] @ _extended(_ANGLES).as_matrix()[:, None]
    lowest = np.array([_lowest(toes, positions[sinks], trial, side) for trial in turned])
    clear = lowest >= -_TOLERATED_METRES
    angles[sinks] = _ANGLES[np.where(clear.any(axis=0), clear.argmax(axis=0), lowest.argmax(axis=0))]
    return angles


def _only_toes(proportions: Proportions) -> Proportions:
    """Return the proportions with those points of its soles that follow the toes."""
    right, left = (Sole(s.points[s.toe_weights > 0.5], s.toe_weights[s.toe_weights > 0.5]) for s in proportions.soles)
    return Proportions(proportions.joints, (right, left))


def _lowest(toes: Proportions, positions: np.ndarray, orientations: np.ndarray, side: int) -> np.ndarray:
    """Return the height (T,) m of the lowest point of one foot's toes."""
    return np.asarray(sole_positions(toes, positions, orientations, side)[..., 1].min(axis=1))


def _extended(angles: np.ndarray) -> Rotation:
    """Return toes extended by `angles` (T,) rad; x points to the body's left."""
    return Rotation.from_rotvec(-angles[:, None] * [1.0, 0.0, 0.0])
