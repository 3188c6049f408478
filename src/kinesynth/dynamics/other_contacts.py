"""Contacts besides the feet: a seat under pelvis and thighs, and hands that lean on something.

Nothing is known of furniture. A seat is found where the feet cannot carry the body while its hips are low and keep
still: there it stays, for as long as the hips are at that place, also while the feet could carry the body for a moment.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter1d
from scipy.special import expit

from kinesynth.dynamics.names import OTHERS
from kinesynth.runs import runs

GENERIC_HIP_DISTANCE_M, GENERIC_THIGH_LENGTH_M = 0.1545, 0.4096  # in the generic model (Rajagopal et al. 2016)

# Points of contact in the generic model, m: the body, its point, and which of the two lengths it scales with. Ischial
# tuberosities stand below the origin of the hamstrings; thighs bear on a third of their length; palms at the knuckles.
POINTS = (
    ("pelvis", (-0.105, -0.140, 0.061), 0),
    ("pelvis", (-0.105, -0.140, -0.061), 0),
    ("femur_r", (-0.060, -0.140, 0.0), 1),
    ("femur_l", (-0.060, -0.140, 0.0), 1),
    ("hand_r", (0.0, -0.080, 0.0), 1),
    ("hand_l", (0.0, -0.080, 0.0), 1),
)
OWNER = np.array([OTHERS.index(body) for body, _, _ in POINTS])
SEAT = np.array([not body.startswith("hand") for body, _, _ in POINTS])

NEED_BW, NEED_BW_M = 0.1, 0.04  # what the feet leave of the body's vertical force and moment, where they need help
SITTING_M_PER_S, LEANING_M_PER_S = 0.15, 0.1  # what rests on something is slower
MIN_SECONDS = 0.2  # of such a rest
BENT = 0.6  # of the thigh's length: hips that sit are less above the knees
SUNK_M, ASIDE_M, MOVING_M_PER_S = 0.03, 0.15, 0.4  # how far from its rest, and how fast, a part no longer touches
GIVES_WAY_SECONDS = 0.2  # flesh and cushion still push when the hips have left their place
MIN_APART_M = 0.02  # supports that overlap share the load as they like
STILL_M_PER_S, STILL_SECONDS = 0.03, 1.0  # nobody holds a crouch as still as that for so long


@dataclass(frozen=True)
class OtherMotion:
    """How bodies move that something other than a floor may push.

    Attributes:
        points: (T, Q, 3) m in ground, those of `POINTS`.
        origins: (T, 5, 3) m in ground, of the frames of `OTHERS`.
        jacobian: (T, 5, 6, J), angular velocity and origin's velocity of each per coordinate speed.
        hips_over_knees: (T,), as a fraction of the thigh's length.
    """

    points: np.ndarray
    origins: np.ndarray
    jacobian: np.ndarray
    hips_over_knees: np.ndarray


def resting(
    others: OtherMotion, unexplained: np.ndarray, standing: np.ndarray, body_weight: float, rate_hz: float
) -> np.ndarray:
    """Return how likely each other point carries load, (T, Q) in [0, 1].

    Hands lean where hips do not sit; what holds a body whose feet are in the air is not guessed.

    Args:
        others: how the points move.
        unexplained: (T, 6) N and N m, what the feet alone leave of the pelvis' demand.
        standing: (T,) bool, whether a foot touches.
        body_weight: N.
        rate_hz: frames per second.
    """
    need = np.abs(unexplained[:, 1]) > NEED_BW * body_weight
    need |= np.linalg.norm(unexplained[:, 3:], axis=1) > NEED_BW_M * body_weight
    velocity = np.gradient(others.points, 1.0 / rate_hz, axis=0)
    speed = np.linalg.norm(velocity, axis=-1)
    hips, hip_speed = others.points[:, OWNER == 0].mean(axis=1), speed[:, OWNER == 0].mean(axis=1)
    low = others.hips_over_knees < BENT
    likelihood = np.zeros(others.points.shape[:2])
    likelihood[:, SEAT] = _near_rests(hips, hip_speed, need & low & (hip_speed < SITTING_M_PER_S), rate_hz)[:, None]
    unseated = need & standing & (likelihood[:, SEAT].max(axis=1) < 0.5)
    for hand in np.flatnonzero(~SEAT):
        leaning = unseated & (speed[:, hand] < LEANING_M_PER_S)
        likelihood[:, hand] = standing * _near_rests(others.points[:, hand], speed[:, hand], leaning, rate_hz)
    return likelihood


def doubtful(others: OtherMotion, rate_hz: float) -> np.ndarray:
    """Return (T,), frames in which the hips are so low and still that they may rest on something."""
    hips = others.points[:, OWNER == 0].mean(axis=1)
    still = np.linalg.norm(np.gradient(hips, 1.0 / rate_hz, axis=0), axis=1) < STILL_M_PER_S
    still &= others.hips_over_knees < BENT
    result = np.zeros(len(hips), dtype=bool)
    for first, last in runs(still):
        result[first:last] = last - first >= STILL_SECONDS * rate_hz
    return result


def split_error(
    feet: np.ndarray, feet_force: np.ndarray, others: np.ndarray, other_force: np.ndarray, touch: np.ndarray
) -> np.ndarray:
    """Return by how much (T,) N the vertical force on the feet may be off because others share it.

    All that motion tells of two supports is their common centre of pressure. Where in each of them its own lies is
    known to within its points, along the line from one to the other; the answer is half the range of the feet's part
    that this leaves.

    Args:
        feet: (T, P, 3) m, points of both soles.
        feet_force: (T, P) N, vertical.
        others: (T, Q, 3) m.
        other_force: (T, Q) N, vertical.
        touch: (T, P + Q), which points may carry.
    """
    both = touch[:, : feet.shape[1]].any(axis=1) & touch[:, feet.shape[1] :].any(axis=1)
    error = np.zeros(len(touch))
    error[both] = _split_error(*(each[both] for each in (feet, feet_force, others, other_force, touch)))
    return error


def _split_error(
    feet: np.ndarray, feet_force: np.ndarray, others: np.ndarray, other_force: np.ndarray, touch: np.ndarray
) -> np.ndarray:
    """Return the same of frames in which both the feet and others touch."""
    soles, rest = touch[:, : feet.shape[1]], touch[:, feet.shape[1] :]
    along = (_centre(others, rest) - _centre(feet, soles))[:, [0, 2]]
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    total = feet_force.sum(axis=1) + other_force.sum(axis=1)
    positions = np.einsum("tpi,ti->tp", np.concatenate([feet, others], axis=1)[..., [0, 2]], along)
    weighted = (positions * np.concatenate([feet_force, other_force], axis=1)).sum(axis=1)
    pressure = weighted / np.where(total > 0.0, total, 1.0)
    (near, far), (first, last) = (
        (np.where(which, at, np.inf).min(axis=1), np.where(which, at, -np.inf).max(axis=1))
        for which, at in ((soles, positions[:, : feet.shape[1]]), (rest, positions[:, feet.shape[1] :]))
    )
    apart = first - far > MIN_APART_M
    fractions = [
        np.clip((seat - pressure) / np.where(apart, seat - foot, 1.0), 0.0, 1.0)
        for foot in (near, far)
        for seat in (first, last)
    ]
    return np.asarray(np.abs(total) * np.where(apart, 0.5 * np.ptp(fractions, axis=0), 0.5))


def near_others(touch: np.ndarray, rate_hz: float) -> np.ndarray:
    """Return (T,), frames just before or after others touch: what holds the body gives way, unseen, for a moment.

    Args:
        touch: (T, Q), which points may carry.
        rate_hz: frames per second.
    """
    reach = round(GIVES_WAY_SECONDS * rate_hz)
    touched = touch.any(axis=1)
    return np.asarray(maximum_filter1d(touched, 2 * reach + 1) & ~touched)


def _near_rests(points: np.ndarray, speed: np.ndarray, rests: np.ndarray, rate_hz: float) -> np.ndarray:
    """Return how near (T,), in [0, 1], a point (T, 3) is to where it was found to rest."""
    result = np.zeros(len(points))
    for first, last in runs(rests):
        if last - first < MIN_SECONDS * rate_hz:
            continue
        place = np.median(points[first:last], axis=0)
        aside = np.linalg.norm((points - place)[:, [0, 2]], axis=1)
        above = points[:, 1] - place[1]
        result = np.maximum(result, _gate(above / SUNK_M) * _gate(aside / ASIDE_M) * _gate(speed / MOVING_M_PER_S))
    return result


def _gate(ratio: np.ndarray) -> np.ndarray:
    return np.asarray(expit(10.0 * (1.0 - ratio)))


def _centre(points: np.ndarray, touch: np.ndarray) -> np.ndarray:
    weight = touch[..., None].astype(float)
    return np.asarray((points * weight).sum(axis=1) / np.maximum(weight.sum(axis=1), 1.0))
