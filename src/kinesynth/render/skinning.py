"""Poses for meshes: SMPL-X's joint chain and linear blend skinning in plain numpy."""

import numpy as np
from scipy import sparse

from kinesynth.geometry.mesh import vertex_normals
from kinesynth.render.anatomy import Piece, RestBody
from kinesynth.render.mesh import push_out


def rotation_matrices(rotation_vectors: np.ndarray) -> np.ndarray:
    """Return the matrices (...,3,3) of rotation vectors (...,3) rad (Rodrigues' formula)."""
    angle = np.linalg.norm(rotation_vectors, axis=-1)[..., None, None]
    x, y, z = np.moveaxis(rotation_vectors, -1, 0)
    zero = np.zeros_like(x)
    skew = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1).reshape(*x.shape, 3, 3)
    sine = np.sinc(angle / np.pi)  # sin(a)/a
    half = np.sinc(angle / (2 * np.pi))  # sin(a/2)/(a/2)
    return np.asarray(np.eye(3) + sine * skew + 0.5 * half**2 * (skew @ skew))


def bone_transforms(
    rotation_vectors: np.ndarray, translation: np.ndarray, joints: np.ndarray, parents: np.ndarray
) -> np.ndarray:
    """Return the transforms (T,J,3,4) from the rest pose to the posed body.

    Args:
        rotation_vectors: (T,J,3) rad, each joint relative to its parent, the root relative to the world.
        translation: (T,3) m, SMPL-X's `transl`.
        joints: rest positions (J,3) m.
        parents: (J,), -1 at the root.
    """
    local = rotation_matrices(rotation_vectors)
    rotation = np.empty_like(local)
    position = np.empty((*local.shape[:2], 3))
    for j, parent in enumerate(parents):
        if parent < 0:
            rotation[:, j], position[:, j] = local[:, j], joints[j] + translation
        else:
            rotation[:, j] = rotation[:, parent] @ local[:, j]
            position[:, j] = position[:, parent] + rotation[:, parent] @ (joints[j] - joints[parent])
    offset = position - np.einsum("tjab,jb->tja", rotation, joints)
    return np.concatenate([rotation, offset[..., None]], axis=-1)


def skin(piece: Piece, transforms: np.ndarray) -> np.ndarray:
    """Return the piece's points (T,n,3) m under bone transforms (T,J,3,4)."""
    weights = sparse.csr_array(np.where(piece.weights < 1e-3, 0, piece.weights))
    total = np.asarray(weights.sum(axis=1)).reshape(-1, 1)
    homogeneous = np.concatenate([piece.rest, np.ones((len(piece.rest), 1))], axis=1)
    posed = np.empty((len(transforms), *piece.rest.shape))
    for t, transform in enumerate(transforms):
        blended = (weights @ transform.reshape(len(transform), 12) / total).reshape(-1, 3, 4)
        posed[t] = np.einsum("nab,nb->na", blended, homogeneous)
    return posed


def drape(piece: Piece, transforms: np.ndarray, body: RestBody, body_vertices: np.ndarray) -> np.ndarray:
    """Return a piece's points (T,n,3) on a posed body (T,N,3).

    Skin lies on the body as it is; cloth is skinned by itself, falls by its slack, creases,
    and is pushed out where it sank into the body: it rests on what faces up and hangs away from what faces down.
    """
    if piece.anchor is not None and piece.clearance is None:
        return np.stack([piece.anchor @ vertices for vertices in body_vertices])
    posed = skin(piece, transforms)
    if piece.anchor is None or piece.clearance is None:
        return posed
    for t, vertices in enumerate(body_vertices):
        normals = piece.anchor @ vertex_normals(vertices, body.faces)
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
        points = posed[t]
        if piece.slack is not None:
            points = points - piece.slack[:, None] * [0.0, 1.0, 0.0]
        if piece.folds is not None:
            points = piece.folds.apply(points)
        posed[t] = push_out(points, piece.anchor @ vertices, normals, piece.clearance)
    return posed
