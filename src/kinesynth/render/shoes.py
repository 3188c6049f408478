"""Shoes lofted around the feet: a rounded upper on a thick sole.

The foot's outline is measured in stations from heel to toe; the shoe is a closed shell through smooth cross-sections
around it, so that toes do not show, whatever the body's mesh.
"""

import numpy as np

from kinesynth.render.anatomy import Piece, RestBody

_STATIONS = 22
_RING = 28


def shoe(body: RestBody, side: str, sole: float) -> Piece:
    """Return the shoe of one `side` ("left" or "right") with a sole `sole` m thick under the foot."""
    ankle, ball = body.joint(f"{side}_ankle"), body.joint(f"{side}_foot")
    foot = body.vertices[body.weight(f"{side}_ankle", f"{side}_foot") > 0.5]
    ground = foot[:, 1].min()
    forward = ball - ankle
    forward[1] = 0
    forward /= np.linalg.norm(forward)
    across = np.array([forward[2], 0, -forward[0]])
    frame = np.stack([across, [0, 1, 0], forward])  # rows: across, up, forward
    points = (foot - [ankle[0], ground, ankle[2]]) @ frame.T
    along, left, right, top = _outline(points)
    rings = _rings(along, left, right, top, sole)
    vertices = rings.reshape(-1, 3) @ frame + [ankle[0], ground, ankle[2]]
    faces, material = _shell(len(along))
    return Piece(f"{side} shoe", vertices, faces, _weights(body, side, vertices), ("shoe", "sole"), material)


def _outline(points: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return stations (S,) and there the foot's edges across and its height, all smoothed and a little roomy, m."""
    low, high = points[points[:, 1] < 0.09][:, 2].min() - 0.008, points[:, 2].max() + 0.012
    along = low + (high - low) * (1 - np.cos(np.linspace(0, np.pi, _STATIONS))) / 2
    foot = points[points[:, 1] < 0.085]
    left, right, top = np.empty((3, _STATIONS))
    for i, station in enumerate(along):
        near = np.abs(foot[:, 2] - np.clip(station, low + 0.02, high - 0.03)) < 0.018
        left[i], right[i] = foot[near, 0].min(), foot[near, 0].max()
        top[i] = foot[near, 1].max()
    kernel = np.array([1, 3, 4, 3, 1]) / 12
    left, right, top = (np.convolve(np.pad(values, 2, mode="edge"), kernel, "valid") for values in (left, right, top))
    # Heel and toe close in a rounded plan; the vamp never falls below a toe box.
    round_heel = np.sqrt(np.clip(1 - ((low + 0.035 - along) / 0.035).clip(0, 1) ** 2, 0, 1))
    round_toe = np.sqrt(np.clip(1 - ((along - high + 0.07) / 0.07).clip(0, 1) ** 2, 0, 1))
    scale = np.maximum(round_heel * round_toe, 0.003)
    middle, half = (left + right) / 2, (right - left) / 2 + 0.007
    toe_box = 0.055 * np.sqrt(np.clip(1 - ((along - high + 0.06) / 0.06).clip(0, 1) ** 2, 0.12, 1))
    height = np.maximum(np.where(along > high - 0.06, toe_box, top + 0.008), toe_box)
    return along, middle - half * scale, middle + half * scale, np.minimum(height, 0.092)


def _rings(along: np.ndarray, left: np.ndarray, right: np.ndarray, top: np.ndarray, sole: float) -> np.ndarray:
    """Return closed cross-sections (S, ring, 3): across, up, forward; bottom, side wall, arch of the upper."""
    middle, half = (left + right) / 2, (right - left) / 2
    flat, wall = 6, 3
    arch = _RING - 2 * flat // 2 - 2 * wall + 1
    bottom = np.stack([np.linspace(1, -1, flat + 1), np.full(flat + 1, -sole)], axis=1)
    rings = np.empty((len(along), flat + 1 + 2 * wall + arch, 3))
    for i in range(len(along)):
        angle = np.linspace(np.pi, 0, arch + 2)[1:-1]
        upper = np.stack(
            [np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** 0.75, 0.006 + (top[i] - 0.006) * np.sin(angle) ** 0.9],
            axis=1,
        )
        side = np.array([[1.06, -0.8 * sole], [1.08, -0.2 * sole], [1.05, 0.006]])
        section = np.concatenate([bottom, side * [-1, 1], upper, side[::-1]])
        spread = half[i] + np.where(section[:, 1] < 0.005, 0.002, 0.0)
        rings[i] = np.column_stack([middle[i] + section[:, 0] * spread, section[:, 1], np.full(len(section), along[i])])
    spring = np.clip((along - along[-1] + 0.07) / 0.07, 0, 1) ** 2 * 0.010  # the toe turns up
    rings[..., 1] += spring[:, None] * (rings[..., 1] < 0.02)
    return rings


def _shell(stations: int) -> tuple[np.ndarray, np.ndarray]:
    """Return faces (F,3) around the rings with closed ends, and the material of each: 0 upper, 1 sole."""
    flat, wall = 6, 3
    ring = flat + 1 + 2 * wall + (_RING - 2 * flat // 2 - 2 * wall + 1)
    i, k = np.meshgrid(np.arange(stations - 1), np.arange(ring), indexing="ij")
    a, b = i * ring + k, i * ring + (k + 1) % ring
    quads = np.stack([a, b, b + ring, a + ring], axis=-1).reshape(-1, 4)
    is_sole = (k <= flat + wall - 1) | (k >= ring - wall)
    fan = np.arange(1, ring - 1)
    last = (stations - 1) * ring
    heel = np.stack([np.zeros_like(fan), fan + 1, fan], axis=1)
    toe = last + np.stack([np.zeros_like(fan), fan, fan + 1], axis=1)
    faces = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]], heel, toe])
    material = np.concatenate([np.tile((is_sole).reshape(-1), 2), np.zeros(len(heel) + len(toe), dtype=bool)])
    return faces, material.astype(np.int32)


def _weights(body: RestBody, side: str, vertices: np.ndarray) -> np.ndarray:
    """Return skinning weights (n,J): the toe joint takes over smoothly about the ball of the foot."""
    ankle, ball = body.joint(f"{side}_ankle"), body.joint(f"{side}_foot")
    forward = (ball - ankle) * [1, 0, 1]
    forward /= np.linalg.norm(forward)
    fraction = np.clip(((vertices - ball) @ forward + 0.03) / 0.05, 0, 1)
    fraction = fraction**2 * (3 - 2 * fraction)
    weights = np.zeros((len(vertices), len(body.joints)))
    weights[:, body.joint_names.index(f"{side}_foot")] = fraction
    weights[:, body.joint_names.index(f"{side}_ankle")] = 1 - fraction
    return weights
