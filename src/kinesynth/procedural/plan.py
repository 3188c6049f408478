"""A motion as people speak of it (joint angles, where the feet are), before it is a pose of the body model.

Frames are SMPL-X's own: x left, y up, z forward; the floor is y = 0. Side axes: 0 right, 1 left. Angles in radians.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from kinesynth.body.proportions import ANKLES, FEET, Proportions

RATE_HZ = 120.0
_STIFF_TOES = np.radians(35.0)


@dataclass(frozen=True)
class Plan:
    """A motion at `RATE_HZ`.

    Attributes:
        pelvis: (T, 3) m, the pelvis joint.
        pelvis_angles: (T, 3) forward tilt, list to the right, rotation to the left.
        trunk: (T, 3) flexion, bending to the right, rotation to the left, of the chest relative to the pelvis.
        neck: (T, 3) the same of the head relative to the chest.
        shoulders: (T, 2, 3) flexion, abduction, inward rotation, from the arm hanging down.
        elbows: (T, 2) flexion.
        forearms: (T, 2) pronation, from the palm facing the thigh.
        wrists: (T, 2) flexion.
        ankles: (T, 2, 3) m, the ankle joints; the legs follow by inverse kinematics.
        foot_pitch: (T, 2) toes up.
        foot_yaw: (T, 2) toes out, beyond the rest pose.
        toes: (T, 2) extension (toes up relative to the foot).
    """

    pelvis: np.ndarray
    pelvis_angles: np.ndarray
    trunk: np.ndarray
    neck: np.ndarray
    shoulders: np.ndarray
    elbows: np.ndarray
    forearms: np.ndarray
    wrists: np.ndarray
    ankles: np.ndarray
    foot_pitch: np.ndarray
    foot_yaw: np.ndarray
    toes: np.ndarray

    def but(self, **changes: np.ndarray) -> Self:
        """Return the plan with some of its arrays replaced, broadcast over frames where need be."""
        full = {name: np.broadcast_to(value, getattr(self, name).shape) for name, value in changes.items()}
        return replace(self, **full)


def frame_times(seconds: float) -> np.ndarray:
    """Return the times (T,) of a motion of `seconds`."""
    return np.arange(round(seconds * RATE_HZ) + 1) / RATE_HZ


def standing(proportions: Proportions, frames: int, rng: np.random.Generator) -> Plan:
    """Return relaxed standing: knees unlocked, arms beside the thighs, elbows a little bent.

    The generator gives stance width and arm posture; two people do not stand alike.
    """
    half_width = proportions.leg_length * rng.uniform(0.10, 0.13)
    ankles = np.zeros((frames, 2, 3))
    for side, outward in enumerate((-1.0, 1.0)):
        ankles[:, side] = outward * half_width, ankle_height(proportions, side), 0.0
    height = ankles[0, 0, 1] + 0.997 * proportions.leg_length + hip_drop(proportions)
    arms = np.radians([rng.uniform(2, 8), rng.uniform(7, 11), rng.uniform(5, 15)])
    return Plan(
        pelvis=np.tile([0.0, height, 0.0], (frames, 1)),
        pelvis_angles=np.zeros((frames, 3)),
        trunk=np.zeros((frames, 3)),
        neck=np.zeros((frames, 3)),
        shoulders=np.tile(arms, (frames, 2, 1)),
        elbows=np.full((frames, 2), np.radians(rng.uniform(12, 20))),
        forearms=np.full((frames, 2), np.radians(rng.uniform(5, 20))),
        wrists=np.full((frames, 2), np.radians(4.0)),
        ankles=ankles,
        foot_pitch=np.zeros((frames, 2)),
        foot_yaw=np.zeros((frames, 2)),
        toes=np.zeros((frames, 2)),
    )


def ankle_height(proportions: Proportions, side: int) -> float:
    """Height of the ankle joint above the sole."""
    return float(proportions.joints[ANKLES[side], 1] - proportions.soles[side].height)


def hip_drop(proportions: Proportions) -> float:
    """Height of the pelvis joint above the hip joints."""
    return float(proportions.joints[0, 1] - proportions.joints[[1, 2], 1].mean())


def heel(proportions: Proportions, side: int) -> np.ndarray:
    """Return where the heel meets the floor, relative to the ankle joint at rest (3,) m."""
    sole = proportions.soles[side]
    back = sole.points[:, 2].min() + 0.012  # the round of the heel
    return np.array(
        [0.0, sole.height - proportions.joints[ANKLES[side], 1], back - proportions.joints[ANKLES[side], 2]]
    )


def ball(proportions: Proportions, side: int) -> np.ndarray:
    """Return the toe joint, about which the foot rolls off, relative to the ankle joint at rest (3,) m."""
    offset: np.ndarray = proportions.joints[FEET[side]] - proportions.joints[ANKLES[side]]
    return offset


def toe_tip(proportions: Proportions, side: int) -> np.ndarray:
    """Return where the toes leave the floor, relative to the toe joint at rest (3,) m."""
    sole, joint = proportions.soles[side], proportions.joints[FEET[side]]
    return np.array([0.0, sole.height - joint[1], sole.points[:, 2].max() - 0.015 - joint[2]])


def pitched(vectors: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """Turn `vectors` (3,) toes-up by `pitch` (T,); returns (T, 3)."""
    x, y, z = np.moveaxis(np.broadcast_to(vectors, (*pitch.shape, 3)), -1, 0)
    cosine, sine = np.cos(pitch), np.sin(pitch)
    return np.stack([x, cosine * y + sine * z, -sine * y + cosine * z], axis=-1)


def rolled_over_heel(proportions: Proportions, side: int, planted: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """Return the ankle (T, 3) of a foot that stands on its heel, toes up by `pitch` (T,).

    `planted` is the ankle (3,) while the foot is flat.
    """
    pivot = heel(proportions, side)
    return np.asarray(planted + pivot - pitched(pivot, pitch))


def rolled_over_ball(proportions: Proportions, side: int, planted: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """Return the ankle (T, 3) of a foot that rolls off, first over the toe joint, then over the tip of the toes."""
    joint, tip = ball(proportions, side), toe_tip(proportions, side)
    return np.asarray(planted + joint + tip - pitched(tip, toe_pitch(pitch)) - pitched(joint, pitch))


def toe_pitch(pitch: np.ndarray) -> np.ndarray:
    """Return the toes' pitch (T,): flat on the floor until the toe joint is bent by 35 degrees, then with the foot."""
    over = np.maximum(-pitch - _STIFF_TOES, 0.0) / _STIFF_TOES
    rolled = np.where(over < 1.0, over**3 * (1.0 - 0.5 * np.minimum(over, 1.0)), over - 0.5)
    return np.asarray(-_STIFF_TOES * rolled)
