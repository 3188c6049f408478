"""Whether a body is supported: where its weight must press on the floor, and whether its feet are there.

A body whose centre of mass (height z above the floor) accelerates by a presses on the floor at the zero-moment point,
centre - z / (g + a_vertical) * a_horizontal (Vukobratovic and Borovac 2004). Feet that carry it have that point between
them. Accelerations grow with the square of the frame rate: at twice the true rate the point swings out of the feet.
"""

import numpy as np

from kinesynth.body.proportions import ANKLES, FEET, rough_centre_of_mass
from kinesynth.gravity import GRAVITY

CUTOFF_HZ = 6.0
_MIN_WEIGHT = 0.15  # g; below, nearly in flight, the point is anywhere
_FARTHEST_M = 0.5  # a point farther off counts as this far
_EDGE_SECONDS = 0.1  # derivatives are one-sided at the ends
_HEEL, _TIP = (
    (-0.06, 0.035),
    (0.07, 0.045),
)  # m along the foot from ankle and toe joint, and half the sole's width there
_DOWN_M = (0.05, 0.04)  # how far ankle and toe joint may be above their lowest while they carry
_STANDS = 0.35  # of the pelvis' median speed: a joint of a foot that stands is slower
_DIRECTIONS = np.linspace(0.0, 2.0 * np.pi, 32, endpoint=False)
_MIN_FRAMES = 6


def touching(joints: np.ndarray) -> np.ndarray:
    """Return which of heels and toes (T, 2 sides, 2) are low enough to touch a level floor."""
    heights = joints[:, [ANKLES, FEET], 1].transpose(0, 2, 1)
    return np.asarray(heights - np.quantile(heights, 0.05, axis=0) < _DOWN_M)


def standing_on_one(joints: np.ndarray) -> np.ndarray:
    """Return which heels and toes (T, 2 sides, 2) stand, in frames in which one foot does; for people who travel.

    By speeds relative to the body's own, hence whatever the frame rate is.
    """
    speed = np.linalg.norm(np.gradient(joints[:, :, [0, 2]], axis=0), axis=-1)
    stands = speed[:, [ANKLES, FEET]].transpose(0, 2, 1) < _STANDS * np.median(speed[:, 0])
    one = stands.any(axis=2).sum(axis=1) == 1
    return np.asarray(stands & one[:, None, None])


def outside(joints: np.ndarray, fps: float, carrying: np.ndarray) -> float:
    """Return how far (RMS, m) the zero-moment point lies outside the feet; NaN where too few frames tell.

    Args:
        joints: (T, 22, 3) m, y up.
        fps: at which the joints are taken to move, Hz.
        carrying: (T, 2 sides, 2) whether heel and toes carry.
    """
    if len(joints) < _MIN_FRAMES:
        return float("nan")
    centre = _smooth(rough_centre_of_mass(joints), fps)
    acceleration = np.gradient(np.gradient(centre, 1.0 / fps, axis=0), 1.0 / fps, axis=0)
    floor = np.quantile(joints[:, FEET, 1].min(axis=1), 0.05)
    weight = GRAVITY + acceleration[:, 1]
    lever = (centre[:, 1] - floor) / np.maximum(weight, _MIN_WEIGHT * GRAVITY)
    point = centre[:, [0, 2]] - lever[:, None] * acceleration[:, [0, 2]]
    distance = _distance(point, _soles(joints), carrying.repeat(2, axis=2).reshape(len(joints), -1))
    edge = max(int(_EDGE_SECONDS * fps), 2)
    counts = carrying.any(axis=(1, 2)) & (weight > _MIN_WEIGHT * GRAVITY)
    counts[:edge] = counts[len(counts) - edge :] = False
    if counts.sum() < _MIN_FRAMES:
        return float("nan")
    return float(np.sqrt(np.mean(np.minimum(distance[counts], _FARTHEST_M) ** 2)))


def _soles(joints: np.ndarray) -> np.ndarray:
    """Return the corners of both soles on the floor (T, 8, 2) m: of each foot two at the heel, two at the toes."""
    corners = []
    for ankle, foot in zip(ANKLES, FEET, strict=True):
        heel, toes = joints[:, ankle][:, [0, 2]], joints[:, foot][:, [0, 2]]
        along = (toes - heel) / np.maximum(np.linalg.norm(toes - heel, axis=1, keepdims=True), 1e-6)
        across = np.stack([-along[:, 1], along[:, 0]], axis=1)
        for joint, (forward, half) in ((heel, _HEEL), (toes, _TIP)):
            corners += [joint + forward * along + half * across, joint + forward * along - half * across]
    return np.stack(corners, axis=1)


def _distance(point: np.ndarray, corners: np.ndarray, used: np.ndarray) -> np.ndarray:
    """Return how far (T,) m points (T, 2) lie outside the convex hull of the corners (T, C, 2) that are used."""
    directions = np.stack([np.cos(_DIRECTIONS), np.sin(_DIRECTIONS)])
    reach = np.where(used[..., None], corners @ directions, -np.inf).max(axis=1)
    beyond = np.where(np.isfinite(reach), point @ directions - reach, 0.0).max(axis=1)
    return np.asarray(np.maximum(beyond, 0.0))


def _smooth(path: np.ndarray, fps: float) -> np.ndarray:
    if fps < 2.5 * CUTOFF_HZ:
        return path
    padding = min(len(path) - 1, int(0.5 * fps))
    from scipy.signal import butter, sosfiltfilt  # late: it takes half a second to import

    return np.asarray(sosfiltfilt(butter(2, CUTOFF_HZ, fs=fps, output="sos"), path, axis=0, padlen=padding))
