"""Places and speeds of feet, and of what a seat or a table may push. Import this in a child process only."""

import numpy as np

from kinesynth.dynamics.contact import FootMotion
from kinesynth.dynamics.names import FEET, OTHERS, TOES
from kinesynth.dynamics.other_contacts import (
    GENERIC_HIP_DISTANCE_M,
    GENERIC_THIGH_LENGTH_M,
    OWNER,
    POINTS,
    OtherMotion,
)
from kinesynth.opensim_models.opened import Model
from kinesynth.opensim_models.posing import body_motion


def foot_motion(model: Model, angles: np.ndarray) -> FootMotion:
    """Pose `model` in each of `angles` (T, J) and return how its feet stand and move."""
    transforms, jacobian = body_motion(model, angles, FEET, TOES)
    return FootMotion(transforms[:, : len(FEET)], transforms[:, len(FEET) :], jacobian)


def other_motion(model: Model, angles: np.ndarray) -> OtherMotion:
    """Pose `model` in each of `angles` (T, J) and return how the bodies move that a seat or a table may push."""
    transforms, jacobian = body_motion(model, angles, OTHERS, ("tibia_r",))
    origins = transforms[..., 3]
    right, left, below = origins[:, 1], origins[:, 2], origins[:, -1]
    thigh = float(np.linalg.norm(right - below, axis=1).mean())
    scales = float(np.linalg.norm(right - left, axis=1).mean()) / GENERIC_HIP_DISTANCE_M, thigh / GENERIC_THIGH_LENGTH_M
    points = np.stack(
        [
            transforms[:, owner, :, 3] + transforms[:, owner, :, :3] @ (scales[length] * np.array(local))
            for owner, (_, local, length) in zip(OWNER, POINTS, strict=True)
        ],
        axis=1,
    )
    return OtherMotion(points, origins[:, :-1], jacobian, (right - below)[:, 1] / thigh)
