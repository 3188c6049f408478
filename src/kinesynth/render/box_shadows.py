"""Soft shadows of boxes on the floor, for machines where the renderer's own cost too much; see `shading`.

Each point of a patch of floor is darkened by the part of its sky that the boxes take and by what they cover of the main
light, both by rays against the boxes.
"""

import numpy as np

from kinesynth.render.occluders import bounds, out_of, turn
from kinesynth.render.prop import Prop
from kinesynth.render.scene import Occluder, Scene
from kinesynth.render.shading import KeyLight, key_light

_SKY_RAYS = 64
_KEY_RAYS = 12
_GOLDEN_RAD = np.pi * (3 - np.sqrt(5))
_CELLS = 48  # along the longer side of a patch
_RIM_M = 0.7
_FAR_M = 50.0
_MAX_SHADOW_M = 3.0
_ABOVE_FLOOR_M = 0.004  # the body's own patch lies a little lower


def hit(start: np.ndarray, ray: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Return which rays (n,3) from points (n,3) meet one of the boxes (b,2,3) between `start` and `start + ray`."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = (corners - start[:, None, None]) / ray[:, None, None]  # (n,b,2,3)
    near, far = np.fmin(ends[:, :, 0], ends[:, :, 1]), np.fmax(ends[:, :, 0], ends[:, :, 1])
    enters, leaves = near.max(axis=-1), far.min(axis=-1)
    return np.asarray(((enters <= leaves) & (leaves > 0) & (enters < 1)).any(axis=1))


def light_on_floor(points: np.ndarray, corners: np.ndarray, light: KeyLight) -> np.ndarray:
    """Return the light (n,), 0..1, that reaches points (n,3) of a level floor past boxes (b,2,3)."""

    def reaching(directions: np.ndarray) -> np.ndarray:
        rays = np.repeat(_FAR_M * directions[:, None], len(points), axis=1).astype(np.float32)
        return np.mean([~hit(points.astype(np.float32), ray, corners.astype(np.float32)) for ray in rays], axis=0)

    return np.asarray(reaching(_sky()) * (1 - light.fraction + light.fraction * reaching(_disc(light))))


def floor_shadow(scene: Scene, thing: Occluder, k: int) -> Prop:
    """Return a patch of the floor, darkened by a thing that stands on it; where it ends it is clear."""
    floor_m, corners, light = scene.room.floor.height_m, bounds(thing), key_light(scene)
    turned = turn(thing) @ light.direction
    low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
    slope = np.array([turned[0], turned[2]]) / max(turned[1], 0.2)
    thrown = -slope * min(high[1], _MAX_SHADOW_M / max(np.linalg.norm(slope), 1e-6))
    first = np.minimum(low[[0, 2]], low[[0, 2]] + thrown) - _RIM_M
    last = np.maximum(high[[0, 2]], high[[0, 2]] + thrown) + _RIM_M
    counts = np.maximum(2, np.ceil(_CELLS * (last - first) / (last - first).max()).astype(int))
    axes = [np.linspace(first[i], last[i], counts[i] + 1) for i in (0, 1)]
    x, z = np.meshgrid(*axes, indexing="ij")
    flat = np.stack([x, z], axis=-1).reshape(-1, 2)
    local = np.insert(flat, 1, 0.0, axis=1)
    rim = np.clip(np.minimum(flat - first, last - flat).min(axis=1) / (0.6 * _RIM_M), 0, 1)
    inside = KeyLight(turned / np.linalg.norm(turned), light.fraction, light.spread)
    shade = 1 - rim * (1 - light_on_floor(local, corners, inside))
    placed = out_of(thing, local, floor_m + _ABOVE_FLOOR_M + 0.001 * k)
    return Prop(f"shadow of {k}", placed, _grid(*counts), "shadow", (1.0, 1.0, 1.0), shade=shade.astype(np.float32))


def _grid(across: int, along: int) -> np.ndarray:
    """Return the faces (F,4) of a grid of that many cells, whose points run along first."""
    i, k = np.meshgrid(np.arange(across), np.arange(along), indexing="ij")
    corner = (i * (along + 1) + k).reshape(-1, 1)
    return np.asarray(corner + np.array([0, 1, along + 2, along + 1]))


def _sky() -> np.ndarray:
    """Return directions (n,3) over the upper half space, evenly by the cosine that a level floor sees them with."""
    k = np.arange(_SKY_RAYS)
    radius = np.sqrt((k + 0.5) / _SKY_RAYS)
    return _directions(radius, k * _GOLDEN_RAD)


def _directions(radius: np.ndarray, angle: np.ndarray) -> np.ndarray:
    up = np.sqrt(np.maximum(1 - radius**2, 0))
    return np.stack([radius * np.cos(angle), up, radius * np.sin(angle)], axis=-1)


def _disc(light: KeyLight) -> np.ndarray:
    """Return directions (n,3) to points spread evenly over the main light."""
    side = np.cross(light.direction, [0.3, 0.1, 1.0])
    side /= np.linalg.norm(side)
    other = np.cross(light.direction, side)
    k = np.arange(_KEY_RAYS)
    radius, angle = light.spread * np.sqrt((k + 0.5) / _KEY_RAYS), k * _GOLDEN_RAD
    spread = radius[:, None] * (np.cos(angle)[:, None] * side + np.sin(angle)[:, None] * other)
    return np.asarray(light.direction + spread)
