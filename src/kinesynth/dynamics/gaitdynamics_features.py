"""Motions as GaitDynamics takes them, and forces as it gives them.

Tan et al. 2025, "GaitDynamics: a generative foundation model for analyzing human walking and running" (its weights are
published under the MIT licence). A frame's state has 63 columns: 51 of the motion of 23 coordinates, and 12 of the
ground reaction, six a foot. Their order, units and derivatives are the published ones, peculiarities included: what a
network was trained on is what it must be given.
"""

from collections.abc import Sequence

import numpy as np
from scipy.interpolate import make_interp_spline
from scipy.signal import butter, filtfilt
from scipy.spatial.transform import Rotation

RATE_HZ = 100.0
WINDOW = 150
COORDINATES = (
    "pelvis_tilt", "pelvis_list", "pelvis_rotation", "pelvis_tx", "pelvis_ty", "pelvis_tz",
    "hip_flexion_r", "hip_adduction_r", "hip_rotation_r", "knee_angle_r", "ankle_angle_r", "subtalar_angle_r",
    "mtp_angle_r", "hip_flexion_l", "hip_adduction_l", "hip_rotation_l", "knee_angle_l", "ankle_angle_l",
    "subtalar_angle_l", "mtp_angle_l", "lumbar_extension", "lumbar_bending", "lumbar_rotation",
)  # fmt: skip
TRANSLATIONS = ("pelvis_tx", "pelvis_ty", "pelvis_tz")
HINGES = tuple(f"{joint}_angle_{side}" for side in "rl" for joint in ("knee", "ankle", "subtalar"))
TRUNK = ("lumbar_extension", "lumbar_bending", "lumbar_rotation")
UPPER_TRUNK = ("thoracic_extension", "thoracic_bending", "thoracic_rotation")  # of skeletons that have it
BALLS = (
    ("pelvis_tilt", "pelvis_list", "pelvis_rotation"),
    ("hip_flexion_r", "hip_adduction_r", "hip_rotation_r"),
    ("hip_flexion_l", "hip_adduction_l", "hip_rotation_l"),
    TRUNK,
)
FORCE_COLUMNS = np.arange(9, 21)
MOTION_COLUMNS = np.concatenate([np.arange(9), np.arange(21, 63)])
EULER = "ZXY"  # of three coordinates in a row, about moving axes
PATH_CUTOFF_HZ, SPEED_CUTOFF_HZ = 10.0, 15.0
MAX_TURNING = np.deg2rad(45.0)  # a motion that turns more is taken with the heading that it has


def motion_features(
    names: Sequence[str], angles: np.ndarray, fps: float, height_m: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the motion's columns (N, 51) at 100 Hz, in the order of MOTION_COLUMNS, and the heading (3, 3).

    The heading is the rotation from the world to the frame in which the person walks along x.

    Args:
        names: of the J coordinates.
        angles: (T, J) rad, and m for the pelvis' path.
        fps: of the frames.
        height_m: of the person.
    """
    missing = sorted(set(COORDINATES) - set(names) - {"mtp_angle_r", "mtp_angle_l"})
    if missing:
        raise ValueError(f"angles: no {missing[0]}, which GaitDynamics needs")
    resampled = _resampled(angles, fps)
    column = {name: resampled[:, index] for index, name in enumerate(names)}
    turns = [Rotation.from_euler(EULER, np.stack([column[name] for name in ball], axis=1)) for ball in BALLS]
    if set(UPPER_TRUNK) <= set(names):  # the published model's trunk bends at one place
        turns[-1] *= Rotation.from_euler(EULER, np.stack([column[name] for name in UPPER_TRUNK], axis=1))
    heading = _heading(turns[0])
    turns[0] = heading * turns[0]
    path = heading.apply(np.stack([column[name] for name in TRANSLATIONS], axis=1))
    hinges = np.stack([column[name] for name in HINGES], axis=1)
    matrices = [turn.as_matrix() for turn in turns]
    features = [
        _path_speed(path) / height_m,
        hinges,
        *(matrix[:, :2].reshape(-1, 6) for matrix in matrices),
        *(_low_pass(_angular_speed(matrix), SPEED_CUTOFF_HZ) for matrix in matrices),
        _change_per_frame(_low_pass(hinges, SPEED_CUTOFF_HZ)),
    ]
    return np.concatenate(features, axis=1), heading.as_matrix()


def forces_from_features(
    features: np.ndarray, frames: int, fps: float, heading: np.ndarray, heels: np.ndarray, mass_kg: float,
    height_m: float, least_force_newtons: float,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Return force (T, 2, 3) N and centre of pressure (T, 2, 3) m on the floor, in the world, right foot first.

    Args:
        features: (N, 12) at 100 Hz: for each foot its force per kg of body mass, then the arm from the heel bone's
            origin to the centre of pressure as a part of the height, times the vertical force per kg.
        frames: T.
        fps: of those frames.
        heading: (3, 3), of `motion_features`.
        heels: (T, 2, 3) m, the origins of the heel bones' frames.
        mass_kg: of the person.
        height_m: of the person.
        least_force_newtons: a foot with less vertical force carries none.
    """
    times = np.arange(len(features)) / RATE_HZ
    sampled = np.stack([np.interp(np.arange(frames) / fps, times, values) for values in features.T], axis=1)
    per_kg, moments = np.split(sampled.reshape(frames, 2, 6) @ _twice(heading), 2, axis=2)
    loaded = per_kg[..., 1:2] * mass_kg >= least_force_newtons
    arms = height_m * moments / np.where(loaded, per_kg[..., 1:2], 1.0)
    cop = np.where(loaded, heels + arms, heels) * np.array([1.0, 0.0, 1.0])
    return np.where(loaded, per_kg * mass_kg, 0.0), cop


def _twice(heading: np.ndarray) -> np.ndarray:
    """Return the matrix (6, 6) that, from the right, turns two vectors back from the heading's frame."""
    return np.kron(np.eye(2), heading)


def _resampled(values: np.ndarray, fps: float) -> np.ndarray:
    times = np.arange(len(values)) / fps
    count = int(times[-1] * RATE_HZ + 1e-6) + 1
    return np.stack([np.interp(np.arange(count) / RATE_HZ, times, column) for column in values.T], axis=1)


def _heading(pelvis: Rotation) -> Rotation:
    matrices = pelvis.as_matrix()
    angles = np.arctan2(-matrices[:, 0, 2], matrices[:, 2, 2])
    return Rotation.from_euler("Y", np.median(angles) if np.ptp(angles) <= MAX_TURNING else 0.0)


def _path_speed(path: np.ndarray) -> np.ndarray:
    """Return the path's speed (N, 3) m/s as forward differences; the last frame repeats the one before."""
    speed = np.diff(_low_pass(path, PATH_CUTOFF_HZ), axis=0) * RATE_HZ
    return np.concatenate([speed, speed[-1:]])


def _angular_speed(matrices: np.ndarray) -> np.ndarray:
    """Return the published angular speed (N, 3): from each rotation minus the next; the last frame repeats."""
    change = matrices[:-1] - matrices[1:]
    change = np.concatenate([change, change[-1:]])
    pairs = ((2, 1), (0, 2), (1, 0))
    return np.stack([change[:, row, column] - change[:, column, row] for row, column in pairs], axis=1) * RATE_HZ / 2.0


def _change_per_frame(values: np.ndarray) -> np.ndarray:
    """Return the derivative of cubic splines, per frame and not per second: the published convention."""
    frames = np.arange(len(values))
    return np.asarray(make_interp_spline(frames, values, k=3).derivative()(frames))


def _low_pass(values: np.ndarray, cutoff_hz: float) -> np.ndarray:
    numerator, denominator = butter(4, cutoff_hz / (RATE_HZ / 2.0))
    return np.asarray(filtfilt(numerator, denominator, values, axis=0))
