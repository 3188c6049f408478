"""Where a foot may touch the ground and how likely it does."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.interpolate import make_interp_spline
from scipy.special import expit

from kinesynth.dynamics.names import FEET, TOES
from kinesynth.skeleton.tables import read_table

GENERIC_FOOT_LENGTH_M = 0.1788
"""Heel frame to toe joint in the generic model (Rajagopal et al. 2016): the unit that the soles' table scales with."""

SLOW = 0.25
"""A point of the sole at rest moves less than this fraction of the speed at which contact becomes unlikely."""

SOFTLY = 0.5
"""A foot that is set down beside one that carries has been braked: it lands at this fraction of that speed. Heels of
six people met the plates at 0.15 to 0.7 m/s when walking, and at 2.2 m/s when running."""

FASTEST = 0.98  # quantile of a foot's speed that counts as its greatest


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


@cache
def sole_of(body: str) -> np.ndarray:
    """Return the points (P, 2) m of the generic model's sole in the frame of a body of its right foot.

    They are the model's contact spheres, medial before lateral: x forward, z towards the outside of the foot. How high
    they are is asked of each motion (`rest_heights`), and not of the table.
    """
    rows = [row for row in read_table("contacts") if row["body"] == body]
    return np.array([[float(row["x"]), float(row["z"])] for row in rows])


def sole_points(feet: FootMotion) -> np.ndarray:
    """Return the points (T, 2, P, 3) m of both soles in ground: medial and lateral heel, ball and toes.

    The soles scale with the distance from heel frame to toe joint.
    """
    length = np.linalg.norm(feet.toes[..., 3] - feet.heel[..., 3], axis=-1).mean(axis=0)
    scale = length / GENERIC_FOOT_LENGTH_M
    ends = (FEET[0], feet.heel), (TOES[0], feet.toes)
    return np.concatenate([_attached(sole_of(body), scale, frames) for body, frames in ends], axis=2)


def velocities(points: np.ndarray, rate_hz: float) -> np.ndarray:
    """Return how `points` (T, 2, P, 3) move, (T, 2, P, 3) m/s.

    A spline's derivative: differences between frames would be blunter the fewer frames there are in a second.
    """
    times = np.arange(len(points)) / rate_hz
    spline = make_interp_spline(times, points, k=3 if len(points) > 3 else 1)
    return np.asarray(spline.derivative()(times))


def max_contact_speed(velocity: np.ndarray, min_m_per_s: float, fraction: float) -> float:
    """Return the speed over the floor (m/s) above which points with `velocity` (T, 2, P, 3) hardly carry load.

    A foot meets the floor the faster the faster it swings: at a tenth to a quarter of its greatest speed, from walking
    to sprinting. Whoever stands hardly moves his feet: `min_m_per_s` holds then.
    """
    fastest = np.quantile(np.linalg.norm(velocity[:, :, 0], axis=-1), FASTEST)
    return max(min_m_per_s, fraction * float(fastest))


def rest_heights(points: np.ndarray, slow: np.ndarray, tolerance_m: float) -> np.ndarray:
    """Return the height (P,) m at which each point of the sole rests on the floor, the same for both feet.

    The skeleton's feet are rigid and without flesh, and markers, scaling and tracking leave them up to some centimetres
    above or below the floor, the heel other than the toes. A point rests where it is `slow` (T, 2, P) and low; one that
    never is gets 0. The heights stay within `tolerance_m`, so that a heel held up does not count as resting.
    """
    result = np.zeros(points.shape[2])
    for point in range(len(result)):
        height = points[:, :, point, 1]
        resting = height[slow[:, :, point] & (np.abs(height) < 2.0 * tolerance_m)]
        if resting.size:
            result[point] = np.quantile(resting, 0.3)
    return np.clip(result, -tolerance_m, tolerance_m)


def contact_likelihood(
    height: np.ndarray, velocity: np.ndarray, contact_height_m: float, contact_speed_m_per_s: float, lead_seconds: float
) -> np.ndarray:
    """Return how likely each point carries load, (T, 2, P) in [0, 1].

    Likely is what lies lower than about `contact_height_m` and slides slower than about `contact_speed_m_per_s`; both
    gates are logistic, so that load comes and goes without a step. Tracked feet are smooth: they still sink when the
    real ones have met the floor and rise before those have left it, for about `lead_seconds`.

    Args:
        height: (T, 2, P) m above where the point rests.
        velocity: (T, 2, P, 3) m/s.
        contact_height_m: see above.
        contact_speed_m_per_s: see above.
        lead_seconds: see above.
    """
    sliding = np.linalg.norm(velocity[..., [0, 2]], axis=-1)
    height = height - lead_seconds * np.abs(velocity[..., 1])
    return np.asarray(_gate(height / contact_height_m) * _gate(sliding / contact_speed_m_per_s))


def soft_landing(likelihood: np.ndarray, velocity: np.ndarray, contact_speed_m_per_s: float) -> np.ndarray:
    """Return by how much contact is less likely, (T, 2, P) in [0, 1], of points that land while the other foot carries.

    A foot that glides in low over the floor would seem to have landed some hundredths of a second before it has. One
    that lands after a flight does so fast, and what the body's acceleration asks tells when. A point lands from when it
    is twice as fast as those that carry may be, until it is half as fast as those that land: leaving is not delayed.

    Args:
        likelihood: (T, 2, P) of contact, this apart.
        velocity: (T, 2, P, 3) m/s.
        contact_speed_m_per_s: over the floor, beyond which a point hardly carries load.
    """
    sliding = np.linalg.norm(velocity[..., [0, 2]], axis=-1)
    softly = SOFTLY * contact_speed_m_per_s
    landing = np.empty(sliding.shape, dtype=bool)
    before = sliding[0] > contact_speed_m_per_s
    for frame, speed in enumerate(sliding):
        before = landing[frame] = (speed > 2.0 * contact_speed_m_per_s) | (before & (speed > softly / 2.0))
    beside = likelihood.max(axis=-1)[:, ::-1, None] >= 0.5
    return np.where(landing & beside, _gate(sliding / softly), 1.0)


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
