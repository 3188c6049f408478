"""Where a foot may touch the ground and how likely it does."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

GENERIC_FOOT_LENGTH_M = 0.1788
"""Heel frame to toe joint in the generic model (Rajagopal et al. 2016): the unit that the table below scales with."""

# Medial and lateral points of the sole, generic model, metres: x forward, z towards the outside of the foot.
HEEL_AND_BALL = np.array([[0.000, -0.022], [0.000, 0.022], [0.150, -0.040], [0.135, 0.048]])  # in calcn's frame
TOE_TIPS = np.array([[0.065, -0.020], [0.040, 0.045]])  # in toes' frame


@dataclass(frozen=True)
class FootMotion:
    """How the feet stand and move, right then left.

    Attributes:
        heel: (T, 2, 3, 4), rotation and origin (m) of the heel bones' frames in ground.
        toes: (T, 2, 3, 4), those of the toes' frames.
        jacobian: (T, 2, 6, J), the heel bone's angular velocity and its origin's velocity per coordinate speed.
    """

    heel: np.ndarray
    toes: np.ndarray
    jacobian: np.ndarray


def sole_points(feet: FootMotion) -> np.ndarray:
    """Return the points (T, 2, P, 3) m of both soles in ground: medial and lateral heel, ball and toes.

    The soles scale with the distance from heel frame to toe joint.
    """
    length = np.linalg.norm(feet.toes[..., 3] - feet.heel[..., 3], axis=-1).mean(axis=0)
    scale = length / GENERIC_FOOT_LENGTH_M
    return np.concatenate([_attached(HEEL_AND_BALL, scale, feet.heel), _attached(TOE_TIPS, scale, feet.toes)], axis=2)


def floor_height(points: np.ndarray, tolerance_m: float) -> float:
    """Return the height in m that the lowest of `points` (T, 2, P, 3) rest on, at most `tolerance_m` from y = 0.

    Markers, scaling and tracking leave the frames of the feet that far from the ground; a foot in the air on every
    frame stays there.
    """
    lowest = points[..., 1].min(axis=(1, 2))
    return float(np.clip(np.quantile(lowest, 0.1), -tolerance_m, tolerance_m))


def contact_likelihood(
    points: np.ndarray, floor: float, rate_hz: float, height_m: float, speed_m_per_s: float
) -> np.ndarray:
    """Return how likely each of `points` (T, 2, P, 3) carries load, (T, 2, P) in [0, 1].

    Likely is what lies lower than about `height_m` above `floor` and moves slower than about `speed_m_per_s`; both
    gates are logistic, so that load comes and goes without a step.
    """
    speed = np.linalg.norm(np.gradient(points, 1.0 / rate_hz, axis=0), axis=-1)
    return np.asarray(_gate((points[..., 1] - floor) / height_m) * _gate(speed / speed_m_per_s))


def _gate(ratio: np.ndarray) -> np.ndarray:
    """Return 1 far below a ratio of 1, one half at 1 and 0 far above."""
    steepness = 10.0
    return np.asarray(expit(steepness * (1.0 - ratio)))


def _attached(table: np.ndarray, scale: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """Return the table's points (T, 2, P, 3) in ground, mirrored for the left foot."""
    local = np.zeros((2, len(table), 3))
    local[:, :, 0] = table[:, 0]
    local[:, :, 2] = table[:, 1] * np.array([[1.0], [-1.0]])
    local *= scale[:, None, None]
    return np.asarray(frames[:, :, None, :, 3] + np.einsum("tfij,fpj->tfpi", frames[..., :3], local))
