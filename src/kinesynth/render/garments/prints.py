"""Coordinates on the cloth, in which patterns are printed.

Girths are those on which a pattern closes without a jump: coordinates are stretched to them, pitches divide them.
"""

import numpy as np

from kinesynth.render.anatomy import RestBody
from kinesynth.render.mesh import Patch

TRUNK_GIRTH_M, LEG_GIRTH_M, ARM_GIRTH_M = 0.96, 0.48, 0.32
PITCHES_M = tuple(TRUNK_GIRTH_M / n for n in (6, 12, 18, 24))


def upper_uv(body: RestBody, patch: Patch, points: np.ndarray) -> np.ndarray:
    """Return cloth coordinates (F,3,2) m: around and down the trunk, or around and along a sleeve; a seam between.

    What moves with the arm is sleeve: a position alone would not tell the hips of a broad person from the arms.
    """
    arm = patch.sample(body.weight("shoulder", "elbow", "wrist"))
    sleeve = arm[patch.faces].mean(axis=1) > 0.5
    x, y, z = np.moveaxis(points[patch.faces], 2, 0)
    trunk = np.stack([_around(x, z - body.joint("spine2")[2], TRUNK_GIRTH_M), y], axis=2)
    limb = np.array([body.joint(f"left_{name}") for name in ("shoulder", "elbow", "wrist")])
    axis_y, axis_z = (np.interp(np.abs(x), limb[:, 0], limb[:, k]) for k in (1, 2))
    along = np.stack([_around(z - axis_z, y - axis_y, ARM_GIRTH_M), np.abs(x)], axis=2)
    return np.where(sleeve[:, None, None], along, trunk)


def lower_uv(body: RestBody, points: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Return cloth coordinates (F,3,2) m around and along each leg, the left the mirror of the right."""
    hip, ankle = body.joint("left_hip"), body.joint("left_ankle")
    corner = points[faces]
    sign = np.sign(corner[..., 0].mean(axis=1, keepdims=True))
    fraction = np.clip((hip[1] - corner[..., 1]) / (hip[1] - ankle[1]), 0, 1)[..., None]
    axis = hip + fraction * (ankle - hip)
    around = _around(sign * corner[..., 0] - axis[..., 0], corner[..., 2] - axis[..., 2], LEG_GIRTH_M)
    return np.stack([around, corner[..., 1]], axis=2)


def _around(x: np.ndarray, z: np.ndarray, girth: float) -> np.ndarray:
    """Return the way (F,3) m around a tube of that girth, without a jump inside a face."""
    turn = np.arctan2(x, z) / (2 * np.pi)
    return np.asarray(girth * (turn - np.round(turn - turn[:, :1])))


def with_hem(uv: np.ndarray, n_faces: int) -> np.ndarray:
    """Return cloth coordinates for all faces of a garment: its hem, the last ones, shows no pattern."""
    return np.concatenate([uv, np.zeros((n_faces - len(uv), 3, 2))])
