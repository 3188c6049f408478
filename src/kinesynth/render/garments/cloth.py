"""How cloth lies on a body: off the skin by its ease, smooth, hanging from the widest place, hemmed and sewn.

Below the chest or the mid-thigh the radius about the trunk or the leg may shrink only slowly, so that cloth falls from
the widest place instead of following the skin.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from kinesynth.geometry.mesh import vertex_normals
from kinesynth.render.anatomy import Piece, RestBody, single
from kinesynth.render.folds import Folds, folds
from kinesynth.render.garments.cuts import Region
from kinesynth.render.mesh import Patch, push_out, smooth, smoothing_matrix


@dataclass(frozen=True)
class Looseness:
    """How a garment lies: m, and m per m for `taper`, by which its radius may shrink downwards.

    `slack` is how far its cloth falls under its own weight, m.
    """

    ease: float
    clearance: float
    smoothing: int
    taper: float
    slack: float


def offset(body: RestBody, patch: Patch, fit: Looseness, clearance: np.ndarray) -> np.ndarray:
    """Return the patch's points (n,3) moved out by the ease and smoothed, nowhere nearer than the clearance (n,)."""
    base, normal = patch.sample(body.vertices), unit(patch.sample(body.normals))
    matrix = smoothing_matrix(len(base), patch.faces)
    points = base + fit.ease * normal
    for _ in range(fit.smoothing // 2):
        points = push_out(smooth(points, matrix, 6), base, normal, clearance)
    return points


def hang(
    points: np.ndarray,
    weight: np.ndarray,
    start: np.ndarray,
    taper: float,
    towards: np.ndarray | None = None,
    *,
    taut: bool = False,
) -> np.ndarray:
    """Return points (n,3) that fall from the widest place above them.

    About the axis from `start` downwards (or `towards` a point), the outline's radius may shrink by no more than
    `taper` per metre. `weight` (n,) blends from the points given (0) to the hanging ones (1).
    `taut` cloth also spans the hollows of the outline, as between the breasts.
    """
    axis = np.array([0.0, -1.0, 0.0]) if towards is None else unit(towards - start)
    relative = points - start
    along = relative @ axis
    across = relative - along[:, None] * axis
    side = unit(np.cross(axis, [0.0, 0.0, 1.0]))
    angle = np.arctan2(across @ np.cross(axis, side), across @ side)
    radius = np.linalg.norm(across, axis=1)

    chosen = (weight > 0) & (along > -0.06)
    n_angle, step = 48, 0.02
    column = np.floor((angle + np.pi) / (2 * np.pi) * n_angle).astype(int) % n_angle
    row = np.clip(((along + 0.06) / step).astype(int), 0, None)
    outline = np.zeros((row[chosen].max() + 1, n_angle))
    np.maximum.at(outline, (row[chosen], column[chosen]), radius[chosen])
    if taut:
        outline = _hull(outline)
    for i in range(1, len(outline)):
        outline[i] = np.maximum(outline[i], outline[i - 1] - taper * step)
    for _ in range(3):
        outline = (np.roll(outline, 1, axis=1) + 2 * outline + np.roll(outline, -1, axis=1)) / 4

    fine = (angle + np.pi) / (2 * np.pi) * n_angle - 0.5
    left, fraction = np.floor(fine).astype(int), fine - np.floor(fine)
    row = np.minimum(row, len(outline) - 1)
    wanted = (1 - fraction) * outline[row, left % n_angle] + fraction * outline[row, (left + 1) % n_angle]
    grown = np.where(chosen, np.maximum(wanted, radius), radius)
    scale = 1 + weight * (grown / np.maximum(radius, 1e-9) - 1)
    return np.asarray(start + along[:, None] * axis + scale[:, None] * across)


def _hull(outline: np.ndarray) -> np.ndarray:
    """Return the radii (R,A), at even angles, of the convex hulls of rows of radii: an outline without hollows."""
    angle = 2 * np.pi * np.arange(outline.shape[1]) / outline.shape[1]
    cosine = np.cos(angle[:, None] - angle)
    support = (outline[:, None, :] * cosine).max(axis=2)  # how far the row reaches in each direction
    facing = np.where(cosine > 0.15, cosine, np.nan)
    return np.asarray(np.nanmin(support[:, None, :] / facing, axis=2))


def finish(
    name: str,
    body: RestBody,
    patch: Patch,
    points: np.ndarray,
    fit: Looseness,
    clearance: np.ndarray,
    seed: int,
) -> Piece:
    """Return the piece with smoothed skinning weights and its edges turned inwards into a hem."""
    matrix = smoothing_matrix(len(points), patch.faces)
    base, normal = patch.sample(body.vertices), unit(patch.sample(body.normals))
    points = push_out(smooth(points, matrix, 8), base, normal, clearance)
    weights = smooth(patch.sample(body.weights), matrix, 3 * fit.smoothing)

    rim = patch.boundary
    corners, local = np.unique(rim, return_inverse=True)
    local = local.reshape(-1, 2) + len(points)
    inwards = points[corners] - 0.006 * vertex_normals(points, patch.faces)[corners]
    fold = np.concatenate([np.stack([rim[:, 1], rim[:, 0], local[:, 0]], 1), np.stack([rim[:, 1], *local.T], 1)])
    faces = np.concatenate([patch.faces, fold])
    keep = np.concatenate([np.arange(len(points)), corners])
    return Piece(
        name,
        np.concatenate([points, inwards]),
        faces,
        weights[keep],
        (name.partition(":")[0],),
        single(faces),
        anchor=patch.matrix[keep],
        clearance=np.concatenate([clearance, 0.25 * clearance[corners]]),
        slack=np.full(len(keep), fit.slack),
        folds=_folds(np.concatenate([points, inwards]), faces, matrix, corners, seed) if fit.slack else None,
    )


def _folds(points: np.ndarray, faces: np.ndarray, even: sparse.csr_array, corners: np.ndarray, seed: int) -> Folds:
    """Return the folds of a garment whose last points are its hem, which moves with the `corners` it is turned from."""
    n = even.shape[0]
    take = sparse.csr_array(sparse.eye_array(n))[corners]
    copied = sparse.csr_array(
        sparse.hstack([sparse.vstack([even, take]), sparse.csr_array((n + len(corners), len(corners)))])
    )
    made = folds(points, faces, copied, seed)
    made.wave[n:] = made.wave[corners]
    return made


def seams(body: RestBody, piece: Piece, region: Region, *, front: bool) -> np.ndarray:
    """Return factors (n,3) on the cloth's colour: a stitched line along every hem, and a zip down an open front."""
    assert piece.anchor is not None
    base = piece.anchor @ body.vertices
    hem = np.min(np.abs(region.fields(base)), axis=0)
    factor = 1 - 0.28 * np.exp(-np.square((hem - 0.021) / 0.006))
    factor = np.where(hem < 0.018, 0.93 * factor, factor)
    if front:
        zip_line = np.exp(-np.square(base[:, 0] / 0.007)) * (base[:, 2] > body.joint("spine3")[2])
        factor = factor * (1 - 0.75 * zip_line)
    return np.repeat(factor[:, None], 3, axis=1)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Return vectors (...,3) at length 1; zero ones stay."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12))
