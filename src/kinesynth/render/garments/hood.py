"""A hood that lies folded about the neck of a jacket."""

import numpy as np

from kinesynth.render.anatomy import Piece, RestBody, single

_STATIONS, _RING = 25, 14
_REACH_RAD = 2.35  # from the nape to the collar's front, on either side


def hood(body: RestBody) -> Piece:
    """Return a roll of cloth from one side of the collar around the nape to the other, thickest and lowest behind."""
    neck, size = body.joint("neck"), body.head_size
    turn = np.linspace(-_REACH_RAD, _REACH_RAD, _STATIONS)
    back = np.cos(turn / 2) ** 2  # 1 at the nape, 0 in front
    outward = np.stack([np.sin(turn), np.zeros(_STATIONS), -np.cos(turn)], axis=1)
    centre = neck + size * np.stack([0.078 * np.sin(turn), -0.026 + 0.03 * back, 0.012 - 0.078 * np.cos(turn)], axis=1)
    angle = np.linspace(0, 2 * np.pi, _RING, endpoint=False)
    thick, high = (size * (thin + (wide - thin) * back)[:, None] for thin, wide in ((0.010, 0.026), (0.016, 0.042)))
    sag = -size * 0.03 * back[:, None] * np.clip(-np.sin(angle), 0, 1)  # the bag hangs down the back
    points = centre[:, None] + (thick * np.cos(angle))[..., None] * outward[:, None]
    points[..., 1] += high * np.sin(angle) + sag
    i, k = np.meshgrid(np.arange(_STATIONS - 1), np.arange(_RING), indexing="ij")
    a, b = i * _RING + k, i * _RING + (k + 1) % _RING
    c, d = b + _RING, a + _RING
    faces = np.concatenate([np.stack([a, b, c], axis=-1), np.stack([a, c, d], axis=-1)]).reshape(-1, 3)
    weights = np.zeros((points.size // 3, len(body.joints)))
    weights[:, body.joint_names.index("spine3")] = 0.75
    weights[:, body.joint_names.index("neck")] = 0.25
    uv = np.stack([np.broadcast_to(turn[:, None] * 0.1, points.shape[:2]), points[..., 1]], axis=-1).reshape(-1, 2)
    return Piece("hood", points.reshape(-1, 3), faces, weights, ("upper",), single(faces), uv=uv[faces])
