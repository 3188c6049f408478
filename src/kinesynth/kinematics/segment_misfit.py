"""How far each segment is from where its own bony landmarks want it, once a skeleton follows all of them together.

A marker is off by skin and flesh as much as by a wrong angle; what spoils an angle is a segment that would have to
turn. Each segment's landmarks are therefore asked by how much it should turn about its joint, and what is left after
the turn is by how much it should shift. The turn is the most probable one: landmarks are off by a centimetre of
themselves, and segments by ten degrees, so that two malleoli 7 cm apart do not turn a shank about its length.
"""

from collections.abc import Sequence

import numpy as np

from kinesynth.skeleton.definition import SkeletonDefinition
from kinesynth.skeleton.marker_weights import are_bony

_LANDMARK_M, _TURN_RAD = 0.01, np.radians(10.0)


def segment_misfit(
    skeleton: SkeletonDefinition,
    fitted: np.ndarray,
    measured: np.ndarray,
    centres: np.ndarray,
    weighed: Sequence[bool],
    bony: Sequence[bool] | None = None,
) -> dict[str, np.ndarray]:
    """Return by how much each body should turn, segment_turn (T, B) rad, and shift, segment_shift (T, B) m.

    Both are 0 where no bony landmark of a body was seen.

    Args:
        skeleton: whose M markers these are.
        fitted: (T, M, 3) m, where the skeleton has its markers.
        measured: (T, M, 3) m, where they were seen, NaN where they were not.
        centres: (T, B, 3) m, the bodies' joint centres.
        weighed: (M,) which markers inverse kinematics was to meet.
        bony: (M,) which of them are held to bone; by default their names tell.
    """
    counted = np.array(are_bony(skeleton.marker_names) if bony is None else bony) & np.array(weighed)
    turn, shift = np.zeros(centres.shape[:2]), np.zeros(centres.shape[:2])
    for body, parent in enumerate(skeleton.parents.tolist()):
        own = np.flatnonzero(counted & (skeleton.marker_bodies == body))
        if len(own):
            joint = centres[:, body] if parent >= 0 else None
            turn[:, body], shift[:, body] = _turn_and_shift(fitted[:, own], measured[:, own], joint)
    return {"segment_turn": turn, "segment_shift": shift}


def _turn_and_shift(
    fitted: np.ndarray, measured: np.ndarray, joint: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return angle (T,) rad and distance (T,) m; about the landmarks' own middle where there is no joint (T, 3)."""
    seen = np.isfinite(measured).all(axis=-1, keepdims=True)
    count = np.maximum(seen.sum(axis=1), 1)
    off = np.where(seen, measured - fitted, 0.0)
    at_joint = (np.where(seen, fitted, 0.0).sum(axis=1) / count) if joint is None else joint
    arms = np.where(seen, fitted - at_joint[:, None], 0.0)
    pulls = off if joint is not None else np.where(seen, off - (off.sum(axis=1) / count)[:, None], 0.0)
    ridge = (_LANDMARK_M / _TURN_RAD) ** 2
    inertia = ((arms**2).sum(axis=(1, 2)) + ridge)[:, None, None] * np.eye(3) - np.einsum("tmi,tmj->tij", arms, arms)
    turn = np.linalg.solve(inertia, np.cross(arms, pulls).sum(axis=1)[..., None])[..., 0]
    left = np.where(seen, off - np.cross(turn[:, None], arms), 0.0).sum(axis=1) / count
    return np.linalg.norm(turn, axis=-1), np.linalg.norm(left, axis=-1)
