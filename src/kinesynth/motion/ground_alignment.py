"""Bring a clip to the common place: heading along x, first frame above the origin, feet on the floor y = 0."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from kinesynth.body.forward_kinematics import forward_kinematics
from kinesynth.body.proportions import FEET, Proportions, sole_positions
from kinesynth.motion.recording import Recording
from kinesynth.motion.treadmill import belt_velocity, require_stood_on
from kinesynth.pose_layout import SMPLX

_STILL_METRES_PER_SECOND = 0.3
_LEVEL_BAND = 0.03  # m; higher standing feet are on a step


@dataclass(frozen=True)
class Placed:
    """A placed clip.

    Attributes:
        pelvis: (T, 3) m, the pelvis joint.
        poses: (T, 156) rad, the recording's with the root's orientation turned.
        heading: the heading (rad, about y) that was removed.
        floor: the height (m) of the floor that was removed, in the recording's scaled world.
        belt: (2,) m/s along x and z, the velocity of a treadmill's belt that was removed; zeros over ground.
        found_belt: (2,) m/s, what the feet tell of a belt, whether or not that was removed.
        from_file: (3, 4), the rotation from the file's axes to the world's, and the shift (m) that follows it and the
            scale of the recording's path; before a belt's motion is removed.
        worn: (T, M, 3) m, the recording's markers in the same place, if it has any.
    """

    pelvis: np.ndarray
    poses: np.ndarray
    heading: float
    floor: float
    belt: np.ndarray
    found_belt: np.ndarray
    from_file: np.ndarray
    worn: np.ndarray | None = None


def place(recording: Recording, proportions: Proportions, belt_m_per_s: float | None = None) -> Placed:
    """Scale the recording's path to the body's legs and place it; one on a treadmill is carried over ground.

    Args:
        recording: the motion.
        proportions: the body.
        belt_m_per_s: how fast the belt runs, where it is known; 0 says that there is none.

    Raises:
        ClipRejected: no foot stands on a belt of that speed.
    """
    orient = Rotation.from_rotvec(recording.poses[:, SMPLX.root])
    heading = mean_heading(orient)
    turn = Rotation.from_euler("y", -heading)
    poses = recording.poses.copy()
    poses[:, SMPLX.root] = (turn * orient).as_rotvec()
    pelvis = recording.root_scale * turn.apply(recording.root)
    first = pelvis[0] * [1.0, 0.0, 1.0]
    pelvis -= first
    belt = found = belt_velocity(proportions, pelvis, SMPLX.joints(poses), recording.fps)
    if belt_m_per_s is not None:
        belt = _stated(belt, recording.root_scale * belt_m_per_s)
        if belt_m_per_s > 0.0:
            require_stood_on(proportions, pelvis, SMPLX.joints(poses), recording.fps, belt)
    seconds = np.arange(len(pelvis)) / recording.fps
    pelvis[:, [0, 2]] -= seconds[:, None] * belt
    floor = floor_height(proportions, pelvis, SMPLX.joints(poses), recording.fps)
    shift = -first - [0.0, floor, 0.0]
    from_file = np.column_stack([turn.as_matrix() @ recording.turn, shift])
    placed = pelvis - [0.0, floor, 0.0]
    return Placed(placed, poses, heading, floor, belt, found, from_file, _with_root(recording, turn, placed))


def _with_root(recording: Recording, turn: Rotation, pelvis: np.ndarray) -> np.ndarray | None:
    """Return the recording's markers (T, M, 3) m turned and carried as the pelvis was, to `pelvis` (T, 3)."""
    if recording.worn is None:
        return None
    from_root = (recording.worn - recording.root[:, None]).reshape(-1, 3)
    turned = recording.root_scale * turn.apply(from_root).reshape(recording.worn.shape)
    return np.asarray(turned + pelvis[:, None])


def _stated(belt: np.ndarray, speed: float) -> np.ndarray:
    """Return a belt's velocity of the stated speed, the way it was found to run, or else against the mean heading."""
    found = float(np.linalg.norm(belt))
    return belt * (speed / found) if found else np.array([-speed, 0.0])


def mean_heading(orient: Rotation) -> float:
    """Return the angle about y from the x axis to the mean of where the pelvis faces; 0 where it faces up or down."""
    x, _, z = orient.apply([0.0, 0.0, 1.0]).mean(axis=0)
    return float(np.arctan2(-z, x)) if np.hypot(x, z) > 0.1 else 0.0


def floor_height(proportions: Proportions, pelvis: np.ndarray, pose: np.ndarray, fps: float) -> float:
    """Return the height of the floor: where the soles of feet at rest are, or the lowest point if they never rest.

    Args:
        proportions: the body.
        pelvis: (T, 3) m.
        pose: (T, 22, 3) rad.
        fps: frames per second.
    """
    positions, orientations = forward_kinematics(proportions.joints, pelvis, pose)
    resting = []
    for side in (0, 1):
        lowest = sole_positions(proportions, positions, orientations, side)[..., 1].min(axis=1)
        speed = np.linalg.norm(np.gradient(positions[:, FEET[side]], 1.0 / fps, axis=0), axis=1)
        resting.append(np.where(speed < _STILL_METRES_PER_SECOND, lowest, np.nan))
    heights = np.concatenate(resting)
    heights = heights[np.isfinite(heights)]
    if len(heights) == 0:
        soles = [sole_positions(proportions, positions, orientations, side)[..., 1].min() for side in (0, 1)]
        return float(min(soles))
    level = np.quantile(heights, 0.02)
    return float(np.median(heights[heights < level + _LEVEL_BAND]))
