"""Soft shadows computed on the meshes themselves, for machines where the renderer's own cost too much.

On a software renderer true shadows cost five times the rest of the picture. Here the body casts them instead: it is
filled with some sixty spheres, and each point of skin, cloth and floor is darkened by the part of its sky that the
spheres take (cosine-weighted solid angle) and by the spheres between it and the main light.
"""

from dataclasses import dataclass

import numpy as np

from kinesynth.geometry.mesh import vertex_normals
from kinesynth.render.anatomy import Piece, RestBody, single
from kinesynth.render.scene import Scene

_BIN_M = 0.09
_TRUNK = ("pelvis", "spine1", "spine2", "spine3")
_SKIPPED = ("index", "middle", "ring", "pinky", "thumb", "eye", "jaw")
_FLOOR_CELL_M = 0.06
_FLOOR_MARGIN_M = 1.1
_MAX_FLOOR_CELLS = 120
_ABOVE_FLOOR_M = 0.003


@dataclass(frozen=True)
class Spheres:
    """Spheres that fill a body at rest: centres (S,3) m, radii (S,) m and the joint (S,) that carries each."""

    centre: np.ndarray
    radius: np.ndarray
    joint: np.ndarray

    def posed(self, transform: np.ndarray) -> np.ndarray:
        """Return the centres (S,3) under bone transforms (J,3,4)."""
        bones = transform[self.joint]
        return np.asarray(np.einsum("sab,sb->sa", bones[..., :3], self.centre) + bones[..., 3])


@dataclass(frozen=True)
class KeyLight:
    """The main light: the direction (3,) towards it, its fraction of the light, and its half-angle's tangent."""

    direction: np.ndarray
    fraction: float
    spread: float


def key_light(scene: Scene) -> KeyLight:
    """Return the light that throws the shadows: the sun, or the middle of the ceiling."""
    light = scene.lights[0]
    if light.kind == "sun":
        direction = np.array(light.position)
        return KeyLight(direction / np.linalg.norm(direction), min(0.7, 0.3 * light.power_watt), 0.09)
    return KeyLight(np.array([0.25, 0.93, 0.27]), 0.35, 0.30)


def fill(body: RestBody) -> Spheres:
    """Return spheres inside a body: one per slice of a limb, two per slice of the trunk."""
    owner = body.weights.argmax(axis=1)
    found: list[tuple[np.ndarray, float, int]] = []
    for j, name in enumerate(body.joint_names):
        points = body.vertices[owner == j]
        if len(points) < 8 or any(part in name for part in _SKIPPED):
            continue
        halves = [points[points[:, 0] * sign >= 0] for sign in (-1, 1)] if name in _TRUNK else [points]
        for half in halves:
            axis = 1 if name in _TRUNK else int(np.ptp(half, axis=0).argmax())
            found += [(*_sphere(part), j) for part in _slices(half, axis)]
    centre, radius, joint = zip(*found, strict=True)
    return Spheres(np.array(centre), np.array(radius), np.array(joint))


def _slices(points: np.ndarray, axis: int) -> list[np.ndarray]:
    """Return the points cut across an axis into slices of about `_BIN_M`."""
    along = points[:, axis]
    count = max(1, round(float(np.ptp(along)) / _BIN_M))
    index = np.clip(((along - along.min()) / max(np.ptp(along), 1e-6) * count).astype(int), 0, count - 1)
    return [points[index == k] for k in range(count) if (index == k).sum() >= 4]


def _sphere(points: np.ndarray) -> tuple[np.ndarray, float]:
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    return centre, 0.95 * float(np.median(np.linalg.norm(points - centre, axis=1)))


def visibility(
    points: np.ndarray, normals: np.ndarray, centres: np.ndarray, radii: np.ndarray, light: KeyLight
) -> np.ndarray:
    """Return how much light (n,), 0..1, reaches points (n,3) with unit normals (n,3) past spheres (S,3), (S,).

    The sky's part is one minus each sphere's cosine-weighted solid angle, multiplied over spheres that are taken as
    independent; the main light's part is one minus the deepest cover of its disc by a sphere.
    """
    p, n, c = (array.astype(np.float32) for array in (points, normals, centres))
    r = radii.astype(np.float32)
    square = np.maximum((p**2).sum(1)[:, None] + (c**2).sum(1) - 2 * p @ c.T, 1e-8)
    cosine = (n @ c.T - (n * p).sum(1)[:, None]) / np.sqrt(square)
    sky = np.exp(-np.clip(cosine, 0, 1) * np.minimum(r**2 / square, 1.0)).prod(axis=1)

    towards = light.direction.astype(np.float32)
    along = c @ towards - (p @ towards)[:, None]
    miss = np.sqrt(np.maximum(square - along**2, 0)) - r
    soft = 0.02 + light.spread * np.abs(along)
    # A sphere that the point itself lies in or just under is its own limb, whose shape the renderer shades.
    cover = np.clip(0.5 - miss / (2 * soft), 0, 1) * (along > 0.5 * r) * (square > (1.25 * r) ** 2)
    key = 1 - (cover**2 * (3 - 2 * cover)).max(axis=1)
    return np.asarray(sky * (1 - light.fraction + light.fraction * key))


def piece_shades(
    posed: np.ndarray, faces: np.ndarray, spheres: Spheres, transforms: np.ndarray, light: KeyLight
) -> np.ndarray:
    """Return the light (T,n) float32 that reaches a piece's posed points (T,n,3)."""
    shades = np.empty(posed.shape[:2], dtype=np.float32)
    for t, points in enumerate(posed):
        centres = spheres.posed(transforms[t])
        shades[t] = visibility(points, vertex_normals(points, faces), centres, spheres.radius, light)
    return shades


def floor_patch(low: np.ndarray, high: np.ndarray, floor_m: float) -> Piece:
    """Return a grid just above the floor under everything between `low` and `high` (3,), on which shadows fall."""
    axes = []
    for axis in (0, 2):
        span = high[axis] - low[axis] + 2 * _FLOOR_MARGIN_M
        count = min(_MAX_FLOOR_CELLS, int(np.ceil(span / _FLOOR_CELL_M))) + 1
        axes.append(np.linspace(low[axis] - _FLOOR_MARGIN_M, high[axis] + _FLOOR_MARGIN_M, count))
    x, z = np.meshgrid(*axes, indexing="ij")
    points = np.stack([x, np.full(x.shape, floor_m + _ABOVE_FLOOR_M), z], axis=-1).reshape(-1, 3)
    i, k = np.meshgrid(np.arange(len(axes[0]) - 1), np.arange(len(axes[1]) - 1), indexing="ij")
    corner = i * len(axes[1]) + k
    across = len(axes[1])
    offsets = np.array([0, 1, 1 + across, 0, 1 + across, across])
    faces = (corner[..., None] + offsets).reshape(-1, 3)
    return Piece("shadow", points, faces, np.zeros((len(points), 0)), ("shadow",), single(faces))


def floor_shades(patch: Piece, spheres: Spheres, transforms: np.ndarray, light: KeyLight) -> np.ndarray:
    """Return the light (T,n) float32 that reaches the floor, 1 at the patch's rim, so that it ends unseen."""
    up = np.broadcast_to([0.0, 1.0, 0.0], patch.rest.shape)
    low, high = patch.rest.min(axis=0)[[0, 2]], patch.rest.max(axis=0)[[0, 2]]
    flat = patch.rest[:, [0, 2]]
    fade = np.clip(np.minimum(flat - low, high - flat).min(axis=1) / (0.6 * _FLOOR_MARGIN_M), 0, 1)
    seen = [visibility(patch.rest, up, spheres.posed(each), spheres.radius, light) for each in transforms]
    return np.asarray(1 - fade * (1 - np.stack(seen)), dtype=np.float32)
