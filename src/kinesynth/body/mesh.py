"""Geometry of triangle meshes: rays, volume, outline. Vertices are (N, 3) m, faces (F, 3)."""

import numpy as np


def ray_hit(
    vertices: np.ndarray, faces: np.ndarray, origin: np.ndarray, direction: np.ndarray, *, last: bool = False
) -> tuple[int, np.ndarray] | None:
    """Return the face that a ray meets and the barycentric coordinates (3,) of the point, or None.

    Args:
        vertices: mesh vertices.
        faces: triangles.
        origin: start of the ray (3,) m.
        direction: of the ray (3,), any length.
        last: take the farthest hit in place of the nearest.

    Source: Möller and Trumbore 1997, doi:10.1080/10867651.1997.10487468, over all triangles at once.
    """
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    edge1, edge2 = b - a, c - a
    normal = np.cross(direction, edge2)
    determinant = np.einsum("fi,fi->f", edge1, normal)
    crossing = np.abs(determinant) > 1e-14
    inverse = 1.0 / np.where(crossing, determinant, 1.0)
    from_a = origin - a
    u = np.einsum("fi,fi->f", from_a, normal) * inverse
    second = np.cross(from_a, edge1)
    v = second @ direction * inverse
    distance = np.einsum("fi,fi->f", edge2, second) * inverse
    slack = 1e-9  # a ray through an edge meets at least one of its two triangles
    hits = np.flatnonzero(crossing & (u >= -slack) & (v >= -slack) & (u + v <= 1.0 + slack) & (distance > 0.0))
    if not len(hits):
        return None
    face = hits[distance[hits].argmax() if last else distance[hits].argmin()]
    weights = np.clip([1.0 - u[face] - v[face], u[face], v[face]], 0.0, 1.0)
    return int(face), weights / weights.sum()


def volume(vertices: np.ndarray, faces: np.ndarray) -> float:
    """Return the volume enclosed by a closed mesh, m³ (divergence theorem)."""
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    return float(np.abs(np.einsum("fi,fi->", np.cross(a, b), c)) / 6.0)
