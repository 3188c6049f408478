"""Soft dark patches on the floor under the feet and the body.

On a software renderer true shadows cost more than the rest of the picture together; without any, a person floats.
"""

import numpy as np

from kinesynth.render.anatomy import Piece, single

_RINGS, _SPOKES = 5, 24
_ABOVE_FLOOR_M = 0.002
_FADE_M = 0.25  # a foot so high above the floor no longer darkens it


def patches(shoes: list[np.ndarray], body: np.ndarray, floor_m: float) -> list[tuple[Piece, np.ndarray]]:
    """Return patches and their points (T,n,3).

    Args:
        shoes: posed points (T,n,3) of each shoe, m, world.
        body: posed points (T,n,3) of the whole person.
        floor_m: height of the floor.
    """
    made = [_patch(f"shadow of shoe {k}", points, (0.075, 0.045), floor_m) for k, points in enumerate(shoes)]
    return [*made, _patch("shadow of body", body, (0.22, 0.22), floor_m)]


def _patch(name: str, points: np.ndarray, spread: tuple[float, float], floor_m: float) -> tuple[Piece, np.ndarray]:
    """Return an ellipse under the points, `spread` m wider than they are, that shrinks as they rise."""
    flat = points[..., [0, 2]]
    centre = (flat.min(axis=1) + flat.max(axis=1)) / 2
    relative = flat - centre[:, None]
    _, axes = np.linalg.eigh(np.einsum("tni,tnj->tij", relative, relative))  # minor axis first
    extent = np.abs(relative @ axes).max(axis=1) + np.array(spread[::-1])
    height = points[..., 1].min(axis=1) - floor_m
    radii = extent * np.clip(1 - height / _FADE_M, 0, 1)[:, None]

    radial, angle = np.meshgrid(
        np.linspace(0, 1, _RINGS), np.linspace(0, 2 * np.pi, _SPOKES, endpoint=False), indexing="ij"
    )
    unit = np.stack([radial * np.cos(angle), radial * np.sin(angle)], axis=-1).reshape(-1, 2)
    ground = centre[:, None] + (unit * radii[:, None]) @ np.swapaxes(axes, 1, 2)
    posed = np.stack([ground[..., 0], np.full(ground.shape[:2], floor_m + _ABOVE_FLOOR_M), ground[..., 1]], axis=-1)
    i, k = np.meshgrid(np.arange(_RINGS - 1), np.arange(_SPOKES), indexing="ij")
    a, b = i * _SPOKES + k, i * _SPOKES + (k + 1) % _SPOKES
    faces = np.stack([a, b, b + _SPOKES, a, b + _SPOKES, a + _SPOKES], axis=-1).reshape(-1, 3)
    local = np.column_stack([unit, np.zeros(len(unit))])
    return Piece(name, local, faces, np.zeros((len(unit), 0)), ("shadow",), single(faces), local=local), posed
