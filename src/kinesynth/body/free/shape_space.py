"""Linear shape space of sampled bodies, and the sparse regressor from its vertices to its joints."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from kinesynth.body.joints import OPPOSITE, PARENTS

_RIDGE_M = 0.004
"""Error that a joint may gain for weights smaller by one; keeps the weights at about one or below."""
_MIRROR = np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True)
class ShapeSpace:
    """vertices = mean + directions @ betas: (N, 3) m, (N, 3, C) m; the samples' betas (S, C) have unit variance."""

    mean: np.ndarray
    directions: np.ndarray
    betas: np.ndarray


def mirror_vertices(vertices: np.ndarray) -> np.ndarray:
    """Return, per vertex of a symmetric body (N, 3), the index of its mirror image in x, (N,)."""
    distance, mirrored = cKDTree(vertices).query(vertices * _MIRROR)
    if distance.max() > 1e-3 or not np.array_equal(mirrored[mirrored], np.arange(len(vertices))):
        raise ValueError(f"the mesh is not mirror-symmetric: {distance.max():.4f} m")
    return np.asarray(mirrored)


def principal_components(bodies: np.ndarray, faces: np.ndarray, components: int) -> ShapeSpace:
    """Return the first principal components of bodies (S, N, 3), vertices weighted by the skin area that they carry.

    Without the weights the face, which holds a fifth of the vertices, would own the space. Signs are fixed so that
    a positive first component means a taller body and each other component has its largest entry positive.
    """
    mean = bodies.mean(axis=0)
    root_area = np.sqrt(vertex_areas(mean, faces))[:, None]
    centred = ((bodies - mean) * root_area).reshape(len(bodies), -1)
    # The Gram matrix is S x S: hundreds, where the covariance would be tens of thousands.
    values, vectors = np.linalg.eigh(centred @ centred.T / len(bodies))
    order = np.argsort(values)[::-1][:components]
    betas = vectors[:, order] * np.sqrt(len(bodies))  # unit variance
    directions = np.einsum("snk,sc->nkc", bodies - mean, betas) / len(bodies)
    signs = _signs(mean, directions)
    return ShapeSpace(mean, directions * signs, betas * signs)


def vertex_areas(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Return a third of the area of the triangles around each vertex, (N,) m²."""
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    area = 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1)
    return np.bincount(faces.ravel(), weights=np.repeat(area / 3.0, 3), minlength=len(vertices))


def sparse_regressor(
    space: ShapeSpace, joints: np.ndarray, skinning: np.ndarray, mirrored: np.ndarray, *, vertices_per_joint: int = 32
) -> np.ndarray:
    """Return an affine, mirror-symmetric regressor (J, N) such that regressor @ vertices follows `joints` over shape.

    Args:
        space: linear shape space of the vertices.
        joints: joint centres of the samples (S, J, 3) m, mirror-symmetric.
        skinning: weights (N, J); only vertices that a joint or its parent moves are candidates.
        mirrored: index of each vertex's mirror image (N,).
        vertices_per_joint: most vertices a joint may use.
    """
    design = np.column_stack([np.ones(len(joints)), space.betas])
    targets = np.einsum("cs,sjk->jkc", np.linalg.pinv(design), joints)  # mean and ten directions of every joint
    basis = np.concatenate([space.mean[..., None], space.directions], axis=-1)
    regressor = np.zeros((joints.shape[1], len(space.mean)))
    for joint, opposite in enumerate(OPPOSITE):
        if opposite < joint:
            regressor[joint] = regressor[opposite][mirrored]
            continue
        midline = opposite == joint
        moved = skinning[:, joint] + skinning[:, PARENTS[joint]] > 1e-3
        near = _candidates(space.mean, targets[joint, :, 0], moved)
        used, weights = _sparse_fit(basis[near], targets[joint], vertices_per_joint // (2 if midline else 1))
        regressor[joint, near[used]] = weights
        if midline:
            regressor[joint] = 0.5 * (regressor[joint] + regressor[joint][mirrored])
    return regressor


def _candidates(vertices: np.ndarray, centre: np.ndarray, moved: np.ndarray, per_octant: int = 40) -> np.ndarray:
    """Return the indices of the vertices `moved` with a joint that are nearest to it, from all eight octants around it.

    Nearest ones alone would lie on the back for a joint of the spine, whose centre no mean of them can reach.
    """
    offset = vertices - centre
    octant = (offset > 0.0) @ [1, 2, 4]
    distance = np.where(moved, np.linalg.norm(offset, axis=1), np.inf)
    order = np.argsort(distance, kind="stable")[: int(moved.sum())]
    return np.concatenate([order[octant[order] == which][:per_octant] for which in range(8)])


def _sparse_fit(basis: np.ndarray, target: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Return indices into `basis` (n, 3, C) and weights (most,) with sum 1 whose combination is nearest to `target`.

    Ridge regression, over and over without the smaller half of the weights until no more than `most` are left.
    """
    used = np.arange(len(basis))
    while True:
        rows = basis[used].reshape(len(used), -1)
        # Weights are deviations from the plain mean, so that their sum stays 1 whatever the ridge does.
        centred = rows - rows.mean(axis=0)
        gram = centred @ centred.T + _RIDGE_M**2 * np.eye(len(used))
        deviation = np.linalg.solve(gram, centred @ (target.ravel() - rows.mean(axis=0)))
        weights = 1.0 / len(used) + deviation - deviation.mean()
        if len(used) <= most:
            return used, weights
        kept = max(most, len(used) // 2)
        used = used[np.sort(np.argsort(np.abs(weights))[-kept:])]


def _signs(mean: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Return +1 or -1 per component, (C,)."""
    flat = directions.reshape(-1, directions.shape[-1])
    signs = np.sign(flat[np.abs(flat).argmax(axis=0), np.arange(flat.shape[1])])
    vertex_of_head = mean[:, 1].argmax()
    signs[0] = np.sign(directions[vertex_of_head, 1, 0] - directions[mean[:, 1].argmin(), 1, 0])
    return np.asarray(signs)
