"""What makes a head look alive: hair, brows and eyes, placed from the eyes' joints on any SMPL-X-schema body."""

import numpy as np

from kinesynth.geometry.mesh import vertex_normals
from kinesynth.render.anatomy import Piece, RestBody, single
from kinesynth.render.mesh import Patch, boundary_edges, smooth, smoothing_matrix

HAIRCUTS = {
    "male": ("buzz", "crop", "short", "side part", "curls"),
    "female": ("bob", "long", "bun", "side part", "curls", "crop"),
}

# Thickness of hair in m: at the crown, at the hairline; how far it falls below the ears' upper ends; how unruly it is.
_CUT = {
    "buzz": (0.003, 0.001, 0.0, 0.1),
    "crop": (0.009, 0.002, 0.0, 0.3),
    "short": (0.018, 0.003, 0.0, 0.35),
    "side part": (0.026, 0.004, 0.0, 0.25),
    "curls": (0.034, 0.010, 0.0, 0.6),
    "bun": (0.011, 0.003, 0.0, 0.1),
    "bob": (0.022, 0.012, 0.165, 0.1),
    "long": (0.020, 0.012, 0.28, 0.1),
}


def hair(body: RestBody, cut: str, tufts: int) -> Piece:
    """Return hair: the scalp above the hairline, thickened, and for long cuts hanging from its lower edge.

    `tufts` is the seed of its unevenness.
    """
    size = body.head_size
    crown, edge, fall = (value * size for value in _CUT[cut][:3])
    head = body.weight("head") > 0.5
    patch = Patch.whole(len(body.vertices), body.faces[head[body.faces].all(axis=1)]).compact().refined()
    patch = patch.cut(hairline(body, patch.sample(body.vertices), tufts, falls=fall > 0))
    base = patch.sample(body.vertices)
    normal = vertex_normals(base, patch.faces)
    inside = np.clip(hairline(body, base, tufts, falls=fall > 0) / ((0.035 if fall else 0.06) * size), 0, 1)
    height = (edge + (crown - edge) * inside**0.6) * (
        1 + _CUT[cut][3] * _unruly(base / size, tufts, fine=cut == "curls")
    )
    if cut == "side part":  # a quiff: higher in front, lower on the parted side
        eyes = body.eyes
        height = height * (1 + 0.5 * np.clip((base[:, 2] - eyes[2] + 0.09) / 0.08, 0, 1)) * (1 + 3 * base[:, 0])
    matrix = smoothing_matrix(len(base), patch.faces)
    points = smooth(base + height[:, None] * normal, matrix, 10 if cut == "curls" else 30)
    points = points + np.clip(height - np.einsum("nd,nd->n", points - base, normal), 0, None)[:, None] * normal
    points = smooth(points, matrix, 3)
    faces = patch.faces
    if fall:
        points, faces = _hang_strands(points, faces, body, fall)
    points, faces = _tuck(points, faces, depth=edge)
    if cut == "bun":
        points, faces = _add_bun(points, faces, body)
    weights = np.zeros((len(points), len(body.joints)))
    weights[:, body.joint_names.index("head")] = 1.0
    return Piece("hair", points, faces, weights, ("hair",), single(faces), local=_strands(points, body))


def hairline(body: RestBody, points: np.ndarray, tufts: int, *, falls: bool = False) -> np.ndarray:
    """Return how far (n,) above the hairline a point is, m: high over the brow, above the ear, down to the nape.

    Hair that `falls` leaves the head where it is widest, above the ears.
    """
    eyes, size = body.eyes, body.head_size
    back = (eyes[2] - points[:, 2]) / size
    above = (points[:, 1] - eyes[1]) / size
    line = np.interp(
        back,
        [-0.03, 0.015, 0.045, 0.055, 0.10, 0.112, 0.125, 0.2],
        [0.066, 0.06, 0.045, 0.028, 0.026, -0.01, -0.06, -0.075],
    )
    line = np.maximum(line, 0.02 if falls else -np.inf) + 0.003 * _unruly(points / size, tufts, fine=True)
    return np.asarray(size * (above - line))


def _unruly(points: np.ndarray, tufts: int, *, fine: bool) -> np.ndarray:
    """Return a field (n,), about -1..1, of tufts: crossing waves 1 (fine) or 4 cm long."""
    number = 2 * np.pi / (0.014 if fine else 0.04)
    directions = np.random.default_rng(tufts).normal(size=(6, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return np.asarray(np.sin(number * points @ directions.T + np.arange(6)).sum(axis=1) / 3)


def _hang_strands(points: np.ndarray, faces: np.ndarray, body: RestBody, fall: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the hair with its edge, where it lies behind the temples, drawn down by `fall` m in rings."""
    eyes, size, steps = body.eyes, body.head_size, 8
    rim = boundary_edges(faces)
    rim = rim[points[rim][:, :, 2].max(axis=1) < eyes[2] - 0.055 * size]
    corners, local = np.unique(rim, return_inverse=True)
    start, end = local.reshape(-1, 2).T
    fraction = np.linspace(0, 1, steps + 1)[1:, None]
    rings = np.repeat(points[corners][None], steps, axis=0)
    bottom = points[corners, 1].min() - fall
    rings[..., 1] += fraction * (bottom - rings[..., 1])
    outward = (points[corners] - [0.0, 0.0, eyes[2] - 0.09 * size]) * [1, 0, 1]
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    bulge = 0.008 * np.sin(np.pi * np.minimum(fraction * 1.1, 1)) + 0.016 * fraction * (fall > 0.2)
    rings += bulge[..., None] * outward
    index = np.concatenate([corners[None], len(points) + np.arange(steps * len(corners)).reshape(steps, -1)])
    a, b, c, d = index[:-1][:, start], index[:-1][:, end], index[1:][:, end], index[1:][:, start]
    strips = np.concatenate([np.stack([b, a, d], axis=-1), np.stack([b, d, c], axis=-1)]).reshape(-1, 3)
    return np.concatenate([points, rings.reshape(-1, 3)]), np.concatenate([faces, strips])


def _tuck(points: np.ndarray, faces: np.ndarray, depth: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the hair with its edge folded inwards, so that it ends in thickness and not in paper."""
    rim = boundary_edges(faces)
    corners, local = np.unique(rim, return_inverse=True)
    local = local.reshape(-1, 2) + len(points)
    inner = points[corners] - 2 * depth * vertex_normals(points, faces)[corners]
    fold = np.concatenate([np.stack([rim[:, 1], rim[:, 0], local[:, 0]], 1), np.stack([rim[:, 1], *local.T], 1)])
    return np.concatenate([points, inner]), np.concatenate([faces, fold])


def _add_bun(points: np.ndarray, faces: np.ndarray, body: RestBody) -> tuple[np.ndarray, np.ndarray]:
    """Return the hair with a knot at the back of the head."""
    size = body.head_size
    back = points[np.argmin(points[:, 2] - 0.5 * points[:, 1])]
    ball, ball_faces = ellipsoid(back + np.array([0.0, 0.005, -0.018]) * size, np.array([0.036, 0.034, 0.030]) * size)
    return np.concatenate([points, ball]), np.concatenate([faces, ball_faces + len(points)])


def ellipsoid(centre: np.ndarray, radii: np.ndarray, n: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Return the vertices and outward faces of an ellipsoid."""
    rows = n // 2
    polar, around = np.meshgrid(
        np.linspace(0, np.pi, rows + 1), np.linspace(0, 2 * np.pi, n, endpoint=False), indexing="ij"
    )
    unit = np.stack([np.sin(polar) * np.cos(around), np.cos(polar), np.sin(polar) * np.sin(around)], axis=-1)
    i, k = np.meshgrid(np.arange(rows), np.arange(n), indexing="ij")
    a, b, c, d = i * n + k, i * n + (k + 1) % n, (i + 1) * n + (k + 1) % n, (i + 1) * n + k
    faces = np.concatenate([np.stack([a, b, c], axis=-1), np.stack([a, c, d], axis=-1)]).reshape(-1, 3)
    return centre + unit.reshape(-1, 3) * radii, faces


def _strands(points: np.ndarray, body: RestBody) -> np.ndarray:
    """Return coordinates (n,3) that vary quickly across strands, which fall from the crown, and slowly along them."""
    relative = points - body.eyes - np.array([0.0, 0.03, -0.09]) * body.head_size
    around = np.arctan2(relative[:, 0], relative[:, 2])
    return np.stack([np.sin(around), np.cos(around), 0.08 * relative[:, 1]], axis=1)


def brows(body: RestBody) -> Piece:
    """Return two arched brows, a thin strip cut from the forehead."""
    eyes, size = body.eyes, body.head_size
    half = abs(body.joint("left_eye")[0])
    front = (body.weight("head") > 0.5) & (body.vertices[:, 2] > eyes[2] - 0.02 * size)
    patch = Patch.whole(len(body.vertices), body.faces[front[body.faces].all(axis=1)]).compact().refined().refined()
    for part in range(2):
        x, y, _ = patch.sample(body.vertices).T
        out = np.abs(x) - half
        arch = eyes[1] + size * (0.0235 - 4.0 * np.square(out / size - 0.008))
        thick = size * np.interp(out / size, [-0.02, 0.0, 0.026], [0.0022, 0.0034, 0.0010])
        limits = (thick - np.abs(y - arch), 0.0235 * size - np.abs(out - 0.002 * size))
        patch = patch.cut(limits[part])
    base = patch.sample(body.vertices)
    points = base + 0.0016 * vertex_normals(base, patch.faces)
    return Piece("brows", points, patch.faces, patch.sample(body.weights), ("brow",), single(patch.faces))


def eyeballs(body: RestBody) -> Piece:
    """Return the eyeballs, the body's own where it has them, else spheres at the eyes' joints.

    `local` is the direction from each eyeball's centre, so that the renderer paints iris and pupil about z.
    """
    parts = []
    for side in ("left", "right"):
        own = body.weight(f"{side}_eye") > 0.9
        faces = body.faces[own[body.faces].all(axis=1)]
        used, index = np.unique(faces, return_inverse=True)
        if len(used) > 8:
            vertices, faces = body.vertices[used], index.reshape(-1, 3)
            centre = (vertices.min(axis=0) + vertices.max(axis=0)) / 2
            radius = np.ptp(vertices[:, 0]) / 2
        else:
            centre, radius = body.joint(f"{side}_eye"), 0.012 * body.head_size
        vertices, faces = ellipsoid(centre, np.full(3, radius), 24)
        weights = np.zeros((len(vertices), len(body.joints)))
        weights[:, body.joint_names.index(f"{side}_eye")] = 1.0
        parts.append((vertices, faces, weights, (vertices - centre) / radius))
    (v0, f0, w0, l0), (v1, f1, w1, l1) = parts
    faces = np.concatenate([f0, f1 + len(v0)])
    return Piece(
        "eyes",
        np.concatenate([v0, v1]),
        faces,
        np.concatenate([w0, w1]),
        ("eye",),
        single(faces),
        local=np.concatenate([l0, l1]),
    )
