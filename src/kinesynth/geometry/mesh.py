"""Geometry of triangle meshes: rays, nearest points, normals, volume. Vertices are (N, 3) m, faces (F, 3)."""

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


def nearest_point(vertices: np.ndarray, faces: np.ndarray, point: np.ndarray) -> tuple[int, np.ndarray]:
    """Return the face nearest to a point (3,) and the barycentric coordinates (3,) of its nearest point.

    Only triangles around the 64 nearest vertices are looked at.
    """
    around = np.argsort(np.linalg.norm(vertices - point, axis=1), kind="stable")[:64]
    near = np.flatnonzero(np.isin(faces, around).any(axis=1))
    corners = vertices[faces[near]]  # (n, 3 corners, 3)
    candidates = [_inside(corners, point), *(_on_edge(corners, point, edge) for edge in range(3))]
    weights = np.stack(candidates)  # (4, n, 3)
    distance = np.linalg.norm(np.einsum("qnk,nkc->qnc", weights, corners) - point, axis=-1)
    distance[0, (weights[0] < 0.0).any(axis=-1)] = np.inf
    which, face = np.unravel_index(distance.argmin(), distance.shape)
    return int(near[face]), weights[which, face]


def _inside(corners: np.ndarray, point: np.ndarray) -> np.ndarray:
    """Return barycentric coordinates (n, 3) of the foot of the perpendicular on each triangle's plane."""
    edges = corners[:, 1:] - corners[:, :1]  # (n, 2, 3)
    gram = edges @ np.swapaxes(edges, 1, 2) + 1e-18 * np.eye(2)
    uv = np.linalg.solve(gram, edges @ (point - corners[:, 0])[..., None])[..., 0]
    return np.concatenate([1.0 - uv.sum(axis=1, keepdims=True), uv], axis=1)


def _on_edge(corners: np.ndarray, point: np.ndarray, edge: int) -> np.ndarray:
    """Return barycentric coordinates (n, 3) of the nearest point on one edge of each triangle."""
    start, end = corners[:, edge], corners[:, (edge + 1) % 3]
    along = np.einsum("ni,ni->n", point - start, end - start) / (np.square(end - start).sum(axis=1) + 1e-18)
    weights = np.zeros((len(corners), 3))
    weights[:, edge] = 1.0 - np.clip(along, 0.0, 1.0)
    weights[:, (edge + 1) % 3] = np.clip(along, 0.0, 1.0)
    return weights


def volume(vertices: np.ndarray, faces: np.ndarray) -> float:
    """Return the volume enclosed by a closed mesh, m³ (divergence theorem)."""
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    return float(np.abs(np.einsum("fi,fi->", np.cross(a, b), c)) / 6.0)


def vertex_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Return area-weighted unit normals (N,3); zero where a vertex has no face."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    total = np.stack(
        [np.bincount(faces.reshape(-1), np.repeat(normal[:, k], 3), minlength=len(vertices)) for k in range(3)], axis=1
    )
    return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12))
