"""Detects a treadmill and its belt's speed from the feet that stand on it.

Whoever walks on a belt stays in place while both feet, as long as they stand, travel at one constant velocity. Over
ground feet that stand have none. Seen from the belt, which moves steadily, the laws of motion are the same: forces,
pictures and contact may all be had from the motion carried over ground.
"""

from dataclasses import dataclass

import numpy as np

from kinesynth.body.forward_kinematics import forward_kinematics
from kinesynth.body.proportions import Proportions, sole_positions
from kinesynth.errors import ClipRejected

MIN_M_PER_S = 0.3  # a slower belt is not told from feet that slide a little
LOW_M = 0.04  # a foot that stands is not higher above the lowest one
SINKING_M_PER_S = 0.5  # nor does it rise or fall faster
SPREAD_M_PER_S, SPREAD_FRACTION = 0.25, 0.05  # by how much feet that stand differ from the belt
MAX_AT_REST = 0.1  # of the time that feet are low: more, and they stand on solid ground
MIN_ON_BELT = 0.4  # of the time that a foot is low; the rest are steps just above the floor
MIN_FRAMES = 4  # of each foot on the belt
STAYS = 0.3  # of the belt's speed: the pelvis is slower, or it is the person who travels
UNDER_M = 0.12  # a foot so near to below the pelvis is in the middle of its stand: it strikes faster and leaves faster

MAX_OFF_STATED, MIN_ON_STATED = 2.0, 0.1  # times the spread; of the time that feet are low, or no foot stands on it


@dataclass(frozen=True)
class _Soles:
    """The lowest points of both soles, right and left: over the floor's x and z.

    Attributes:
        velocity: (T, 2, 2) m/s.
        ahead: (T, 2, 2) m, from the pelvis to the middle of the sole.
        low: (T, 2), whether it may stand.
    """

    velocity: np.ndarray
    ahead: np.ndarray
    low: np.ndarray


def belt_velocity(proportions: Proportions, pelvis: np.ndarray, pose: np.ndarray, fps: float) -> np.ndarray:
    """Return the velocity (2,) m/s, along x and z, of the belt under a motion's feet; zeros where there is none.

    Args:
        proportions: the body.
        pelvis: (T, 3) m.
        pose: (T, 22, 3) rad.
        fps: frames per second.
    """
    soles = _soles(proportions, pelvis, pose, fps)
    samples = soles.velocity[soles.low]
    if not len(samples):
        return np.zeros(2)
    belt = _most_common(samples)
    if np.linalg.norm(belt) < MIN_M_PER_S or np.mean(_near(samples, np.zeros(2))) > MAX_AT_REST:
        return np.zeros(2)
    on_belt = soles.low & _near(soles.velocity, belt)
    if (on_belt.sum(axis=0) < np.maximum(MIN_ON_BELT * soles.low.sum(axis=0), MIN_FRAMES)).any():
        return np.zeros(2)
    travel = (pelvis[-1] - pelvis[0])[[0, 2]] * fps / (len(pelvis) - 1)
    if np.linalg.norm(travel) > STAYS * np.linalg.norm(belt):
        return np.zeros(2)
    under = on_belt & (np.abs(soles.ahead @ (belt / np.linalg.norm(belt))) < UNDER_M)
    middles = [soles.velocity[under[:, side], side] for side in (0, 1) if under[:, side].any()]
    return np.asarray(np.mean([np.median(each, axis=0) for each in middles], axis=0)) if middles else belt


def require_stood_on(
    proportions: Proportions, pelvis: np.ndarray, pose: np.ndarray, fps: float, belt: np.ndarray
) -> None:
    """Require that feet stand on a belt of the stated velocity (2,) m/s, however roughly; arguments as above.

    Raises:
        ClipRejected: next to no foot that is low moves like it.
    """
    soles = _soles(proportions, pelvis, pose, fps)
    samples = soles.velocity[soles.low]
    if not len(samples) or np.mean(_near(samples, belt, MAX_OFF_STATED)) > MIN_ON_STATED:
        return
    stated, speed = np.linalg.norm(belt), np.linalg.norm(_most_common(samples))
    detail = f"stated {stated:.2f} m/s, and feet that stand mostly move at {speed:.2f}; correct or empty the column"
    raise ClipRejected("belt runs otherwise than stated", float(stated), detail)


def _soles(proportions: Proportions, pelvis: np.ndarray, pose: np.ndarray, fps: float) -> _Soles:
    positions, orientations = forward_kinematics(proportions.joints, pelvis, pose)
    frames = np.arange(len(pelvis))
    heights, velocities, ahead = [], [], []
    for side in (0, 1):
        points = sole_positions(proportions, positions, orientations, side)
        lowest = points[..., 1].argmin(axis=1)
        heights.append(points[frames, lowest, 1])
        velocities.append(np.gradient(points, 1.0 / fps, axis=0)[frames, lowest])
        ahead.append((points.mean(axis=1) - pelvis)[:, [0, 2]])
    height, velocity = np.stack(heights, axis=1), np.stack(velocities, axis=1)
    low = height < np.quantile(height.min(axis=1), 0.05) + LOW_M
    low &= np.abs(velocity[..., 1]) < SINKING_M_PER_S
    return _Soles(velocity[..., [0, 2]], np.stack(ahead, axis=1), low)


def _near(velocity: np.ndarray, belt: np.ndarray, times: float = 1.0) -> np.ndarray:
    """Return (...,), true where velocities (..., 2) are those of feet on a belt, within so many `times` the spread."""
    spread = times * (SPREAD_M_PER_S + SPREAD_FRACTION * np.linalg.norm(belt))
    return np.asarray(np.linalg.norm(velocity - belt, axis=-1) < spread)


def _most_common(samples: np.ndarray, candidates: int = 500) -> np.ndarray:
    """Return the velocity (2,) that has the most of `samples` (N, 2) around it."""
    some = samples[np.linspace(0, len(samples) - 1, min(len(samples), candidates)).astype(int)]
    best = some[np.argmax([_near(samples, each).sum() for each in some])]
    return np.asarray(np.median(samples[_near(samples, best)], axis=0))
