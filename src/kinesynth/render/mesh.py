"""Triangle meshes as arrays: cutting, smoothing.

A piece cut from a body is a `Patch`: triangles over points, each point a weighted mean of body vertices. Whatever is
known at the body's vertices (rest position, posed position, skinning weight) is known on the patch by `patch.sample`.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse


@dataclass(frozen=True)
class Patch:
    """A piece of surface: `faces` (F,3) over n points, `matrix` (n,N) sparse rows of weights over body vertices."""

    matrix: sparse.csr_array
    faces: np.ndarray

    @classmethod
    def whole(cls, n_vertices: int, faces: np.ndarray) -> "Patch":
        """Return the whole body as a patch."""
        return cls(sparse.csr_array(sparse.eye_array(n_vertices)), np.asarray(faces))

    def sample(self, values: np.ndarray) -> np.ndarray:
        """Return the values (N,...) known at body vertices at the patch's points, (n,...)."""
        flat = values.reshape(len(values), -1)
        return np.asarray(self.matrix @ flat).reshape(-1, *values.shape[1:])

    def cut(self, field: np.ndarray) -> "Patch":
        """Return what lies where `field` (n,), taken as linear over each triangle, is positive.

        Triangles that the zero line crosses are split along it, so that the new edge is as straight as the field.
        """
        matrix, faces = _split(self.faces, field)
        return Patch(sparse.csr_array(matrix @ self.matrix), faces).compact()

    def compact(self) -> "Patch":
        """Return the patch without points that no face uses."""
        used, faces = np.unique(self.faces, return_inverse=True)
        return Patch(self.matrix[used], faces.reshape(-1, 3))

    def refined(self) -> "Patch":
        """Return the patch with every triangle split into four."""
        edges = np.concatenate([self.faces[:, [0, 1]], self.faces[:, [1, 2]], self.faces[:, [2, 0]]])
        unique, index = np.unique(np.sort(edges, axis=1), axis=0, return_inverse=True)
        n = self.matrix.shape[0]
        middle = (n + index).reshape(3, -1).T  # of edges 0-1, 1-2, 2-0
        (a, b, c), (ab, bc, ca) = self.faces.T, middle.T
        corners = [(a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca)]
        rows = np.repeat(np.arange(len(unique)), 2)
        halves = sparse.coo_array((np.full(len(rows), 0.5), (rows, unique.reshape(-1))), shape=(len(unique), n))
        matrix = sparse.vstack([self.matrix, sparse.csr_array(halves) @ self.matrix])
        return Patch(sparse.csr_array(matrix), np.concatenate([np.stack(each, axis=1) for each in corners]))

    @cached_property
    def boundary(self) -> np.ndarray:
        """Directed edges (E,2) that belong to one face only, in the face's direction."""
        return boundary_edges(self.faces)


def _split(faces: np.ndarray, field: np.ndarray) -> tuple[sparse.csr_array, np.ndarray]:
    """Return the interpolation (n',n) and faces of the part of a mesh where `field` is positive."""
    inside = field > 0
    count = inside[faces].sum(axis=1)
    rolled = {k: _rotate_first(faces[count == k], inside[faces[count == k]] == (k == 1)) for k in (1, 2)}
    # In `rolled[1]` the first corner is the only one inside; in `rolled[2]` it is the only one outside.
    edges = np.concatenate([rolled[k][:, [0, c]] for k in (1, 2) for c in (1, 2)])
    unique, index = np.unique(np.sort(edges, axis=1), axis=0, return_inverse=True)
    crossing = len(field) + index.reshape(-1)
    n1, n2 = len(rolled[1]), len(rolled[2])
    p1, q1, p2, q2 = np.split(crossing, np.cumsum([n1, n1, n2]))
    tips = np.stack([rolled[1][:, 0], p1, q1], axis=1)
    _, b, c = rolled[2].T
    quads = np.concatenate([np.stack([p2, b, c], axis=1), np.stack([p2, c, q2], axis=1)])

    low, high = unique.T
    fraction = field[low] / (field[low] - field[high])
    rows = np.arange(len(unique))
    new = sparse.coo_array(
        (np.concatenate([1 - fraction, fraction]), (np.tile(rows, 2), np.concatenate([low, high]))),
        shape=(len(unique), len(field)),
    )
    matrix = sparse.csr_array(sparse.vstack([sparse.eye_array(len(field)), new]))
    return matrix, np.concatenate([faces[count == 3], tips, quads])


def _rotate_first(faces: np.ndarray, marked: np.ndarray) -> np.ndarray:
    """Return each face turned so that its one marked corner comes first."""
    start = marked.argmax(axis=1)
    return np.take_along_axis(faces, (start[:, None] + np.arange(3)) % 3, axis=1)


def boundary_edges(faces: np.ndarray) -> np.ndarray:
    """Return the directed edges (E,2) that occur in one face only."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    _, inverse, counts = np.unique(np.sort(edges, axis=1), axis=0, return_inverse=True, return_counts=True)
    return np.asarray(edges[counts[inverse.reshape(-1)] == 1])


def smoothing_matrix(n: int, faces: np.ndarray, strength: float = 0.5) -> sparse.csr_array:
    """Return the matrix (n,n) of one step of Laplacian smoothing.

    A point moves by `strength` towards the mean of its neighbours; a boundary point only heeds its neighbours along
    the boundary, so that hems stay where they are cut.
    """
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    rim = boundary_edges(faces)
    on_rim = np.zeros(n, dtype=bool)
    on_rim[rim] = True
    inner = np.concatenate([edges, edges[:, ::-1]])
    inner = inner[~on_rim[inner[:, 0]]]
    pairs = np.unique(np.concatenate([inner, rim, rim[:, ::-1]]), axis=0)
    degree = np.maximum(np.bincount(pairs[:, 0], minlength=n), 1)
    mean = sparse.coo_array((1 / degree[pairs[:, 0]], (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    has_neighbour = np.bincount(pairs[:, 0], minlength=n) > 0
    stay = sparse.diags_array(np.where(has_neighbour, 1 - strength, 1.0))
    return sparse.csr_array(stay + strength * mean)


def smooth(values: np.ndarray, matrix: sparse.csr_array, steps: int) -> np.ndarray:
    """Return `values` (n,k) after so many steps of smoothing."""
    for _ in range(steps):
        values = matrix @ values
    return values


def push_out(points: np.ndarray, base: np.ndarray, normal: np.ndarray, clearance: np.ndarray) -> np.ndarray:
    """Return points (n,3) that are at least `clearance` (n,) above `base` (n,3) along `normal` (n,3)."""
    height = np.einsum("nd,nd->n", points - base, normal)
    return np.asarray(points + np.maximum(clearance - height, 0)[:, None] * normal)
