"""Clothes cut from the body.

A garment is the part of the body's surface between straight cuts (waist, hems, sleeve ends, collar), moved outwards by
its ease, smoothed, and let hang: below the chest or the mid-thigh its radius about the trunk or the leg may shrink
only slowly, so that cloth falls from the widest place instead of following the skin.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from kinesynth.render.anatomy import Piece, RestBody, single
from kinesynth.render.folds import Folds, folds
from kinesynth.render.mesh import Patch, smooth, smoothing_matrix, vertex_normals

# Sleeve ends as a fraction of the way shoulder -> elbow (0..1) -> wrist (1..2); hems likewise hip -> knee -> ankle.
SLEEVES = {"vest": -0.12, "t-shirt": 0.55, "long sleeve": 1.9, "jacket": 1.93}
LEGS = {"shorts": 0.45, "knee-length": 0.92, "leggings": 1.86, "trousers": 1.97}

_WAISTBAND_M = 0.012  # what a lower garment takes up under an upper one

# Girths on which a pattern closes without a jump: cloth coordinates are stretched to them, pitches divide them.
TRUNK_GIRTH_M, LEG_GIRTH_M, ARM_GIRTH_M = 0.96, 0.48, 0.32
PITCHES_M = tuple(TRUNK_GIRTH_M / n for n in (6, 12, 18, 24))


@dataclass(frozen=True)
class Fit:
    """How a garment lies: m, and m per m for `taper`, by which its radius may shrink downwards.

    `slack` is how far its cloth falls under its own weight, m.
    """

    ease: float
    clearance: float
    smoothing: int
    taper: float
    slack: float


UPPER_FIT = {
    "vest": Fit(0.016, 0.010, 14, 0.06, 0.006),
    "t-shirt": Fit(0.020, 0.010, 18, 0.05, 0.010),
    "long sleeve": Fit(0.019, 0.010, 16, 0.06, 0.009),
    "jacket": Fit(0.030, 0.014, 28, 0.05, 0.012),
}
LOWER_FIT = {
    "shorts": Fit(0.014, 0.006, 16, -0.06, 0.006),
    "knee-length": Fit(0.014, 0.006, 16, -0.01, 0.006),
    "leggings": Fit(0.004, 0.003, 3, 9.0, 0.0),
    "trousers": Fit(0.013, 0.006, 16, 0.04, 0.006),
}


@dataclass(frozen=True)
class Region:
    """A garment's cuts, as fields over points of the rest pose that are positive inside, in metres from the cut.

    Attributes:
        waist, lower_hem: heights of the upper and lower cut.
        side: distance from the median plane at which sleeves end.
        armpit: height below which `side` cuts nothing (a sleeveless garment keeps the flanks).
        collar: height, depth and slope of the neck's plane instead of `waist`.
    """

    waist: float
    lower_hem: float
    side: float
    armpit: float
    collar: tuple[float, float, float] | None = None

    def fields(self, points: np.ndarray) -> list[np.ndarray]:
        """Return the distance (n,) inside each cut."""
        x, y, z = points.T
        result = [y - self.lower_hem, np.maximum(self.side - np.abs(x), self.armpit - y)]
        if self.collar is None:
            return [*result, self.waist - y]
        height, depth, slope = self.collar
        shoulders = 1.5 * np.maximum(np.abs(x) - 0.07, 0)  # the plane bends up before it meets the deltoids
        return [*result, (height + slope * (depth - z) + shoulders - y) / np.hypot(1, slope)]


def upper_region(body: RestBody, cut: str) -> Region:
    """Return the cuts of an upper garment."""
    neck, hip = body.joint("neck"), body.joint("left_hip")
    shoulder, elbow, wrist = (body.joint(f"left_{name}") for name in ("shoulder", "elbow", "wrist"))
    side = _along(SLEEVES[cut], shoulder[0], elbow[0], wrist[0])
    armpit = shoulder[1] - 0.115 if cut == "vest" else -np.inf
    rise = {"vest": -0.012, "jacket": 0.02}.get(cut, 0.006)
    low = hip[1] - (0.02 if cut == "jacket" else 0.005)  # above the crotch: lower down a shirt would join the legs
    return Region(waist=np.inf, lower_hem=low, side=side, armpit=armpit, collar=(neck[1] + rise, neck[2] - 0.03, 0.55))


def lower_region(body: RestBody, cut: str) -> Region:
    """Return the cuts of a lower garment; its waist lies under every upper garment."""
    hip, knee, ankle = (body.joint(f"left_{name}")[1] for name in ("hip", "knee", "ankle"))
    return Region(waist=_waist(body), lower_hem=_along(LEGS[cut], hip, knee, ankle), side=np.inf, armpit=-np.inf)


def _waist(body: RestBody) -> float:
    return float(body.joint("pelvis")[1] + 0.05)


def _along(fraction: float, start: float, middle: float, end: float) -> float:
    return float(np.interp(fraction, [-1, 0, 1, 2], [2 * start - middle, start, middle, end]))


def upper(body: RestBody, cut: str, seed: int) -> Piece:
    """Return an upper garment (`SLEEVES`) for a body; `seed` lays out its folds."""
    patch = _cut(body, upper_region(body, cut)).refined()
    base = patch.sample(body.vertices)
    shoulder = body.joint("left_shoulder")
    over_waist = np.clip((_waist(body) + 0.03 - base[:, 1]) / 0.03, 0, 1) * (np.abs(base[:, 0]) < shoulder[0] + 0.08)
    clearance = UPPER_FIT[cut].clearance + _WAISTBAND_M * over_waist
    points = _offset(body, patch, UPPER_FIT[cut], clearance)
    trunk = np.array([0.0, shoulder[1] - 0.09, body.joint("spine2")[2]])
    below = (trunk[1] - base[:, 1]) / 0.06
    trunk_only = np.clip(below, 0, 1) * (patch.sample(body.weight("shoulder", "elbow", "wrist")) < 0.3)
    points = _hang(points, trunk_only, trunk, UPPER_FIT[cut].taper, taut=True)
    piece = _finish(
        f"upper: {cut}", body, patch, points, UPPER_FIT[cut], clearance, _upper_uv(body, patch, points), seed
    )
    return replace(piece, tint=_seams(body, piece, upper_region(body, cut), front=cut == "jacket"))


def lower(body: RestBody, cut: str, seed: int) -> Piece:
    """Return a lower garment (`LEGS`) for a body; `seed` lays out its folds."""
    patch = _cut(body, lower_region(body, cut)).refined()
    base = patch.sample(body.vertices)
    clearance = np.full(len(base), LOWER_FIT[cut].clearance)
    points = _offset(body, patch, LOWER_FIT[cut], clearance)
    fitted = np.clip((base[:, 1] - body.joint("pelvis")[1] + 0.06) / 0.05, 0, 1)[:, None]  # under the shirt
    points += fitted * (base + clearance[:, None] * _unit(patch.sample(body.normals)) - points)
    for side, sign in (("left", 1), ("right", -1)):
        hip, knee, ankle = (body.joint(f"{side}_{name}") for name in ("hip", "knee", "ankle"))
        start = hip + 0.25 * (knee - hip)
        weight = np.clip((start[1] - base[:, 1]) / 0.08, 0, 1) * (np.sign(base[:, 0]) == sign)
        points = _hang(points, weight, start, LOWER_FIT[cut].taper, towards=ankle)
    piece = _finish(
        f"lower: {cut}", body, patch, points, LOWER_FIT[cut], clearance, _lower_uv(body, points, patch.faces), seed
    )
    return replace(piece, tint=_seams(body, piece, lower_region(body, cut), front=False))


def _seams(body: RestBody, piece: Piece, region: Region, *, front: bool) -> np.ndarray:
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


def covered(body: RestBody, region: Region, margin: float) -> np.ndarray:
    """Return which body vertices (N,) lie more than `margin` m inside a garment's cuts."""
    inside = np.min(region.fields(body.vertices), axis=0)
    return np.asarray((inside > margin) & (body.weight("head", "jaw", "eye") < 0.3))


def _cut(body: RestBody, region: Region) -> Patch:
    skin = body.weight("jaw", "eye", "head") < 0.6  # keeps mouth and eyeballs, separate surfaces, out of collars
    patch = Patch.whole(len(body.vertices), body.faces[skin[body.faces].all(axis=1)])
    for k in range(3):
        patch = patch.cut(region.fields(patch.sample(body.vertices))[k])
    return patch


def _offset(body: RestBody, patch: Patch, fit: Fit, clearance: np.ndarray) -> np.ndarray:
    """Return the patch's points (n,3) moved out by the ease and smoothed, nowhere nearer than the clearance (n,)."""
    base, normal = patch.sample(body.vertices), _unit(patch.sample(body.normals))
    matrix = smoothing_matrix(len(base), patch.faces)
    points = base + fit.ease * normal
    for _ in range(fit.smoothing // 2):
        points = push_out(smooth(points, matrix, 6), base, normal, clearance)
    return points


def push_out(points: np.ndarray, base: np.ndarray, normal: np.ndarray, clearance: np.ndarray) -> np.ndarray:
    """Return points (n,3) that are at least `clearance` (n,) above `base` (n,3) along `normal` (n,3)."""
    height = np.einsum("nd,nd->n", points - base, normal)
    return np.asarray(points + np.maximum(clearance - height, 0)[:, None] * normal)


def _hang(
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
    axis = np.array([0.0, -1.0, 0.0]) if towards is None else _unit(towards - start)
    relative = points - start
    along = relative @ axis
    across = relative - along[:, None] * axis
    side = _unit(np.cross(axis, [0.0, 0.0, 1.0]))
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
    left, share = np.floor(fine).astype(int), fine - np.floor(fine)
    row = np.minimum(row, len(outline) - 1)
    wanted = (1 - share) * outline[row, left % n_angle] + share * outline[row, (left + 1) % n_angle]
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


def _finish(
    name: str,
    body: RestBody,
    patch: Patch,
    points: np.ndarray,
    fit: Fit,
    clearance: np.ndarray,
    uv: np.ndarray,
    seed: int,
) -> Piece:
    """Return the piece with smoothed skinning weights and its edges turned inwards into a hem."""
    matrix = smoothing_matrix(len(points), patch.faces)
    base, normal = patch.sample(body.vertices), _unit(patch.sample(body.normals))
    points = push_out(smooth(points, matrix, 8), base, normal, clearance)
    weights = smooth(patch.sample(body.weights), matrix, 3 * fit.smoothing)

    rim = patch.boundary
    corners, local = np.unique(rim, return_inverse=True)
    local = local.reshape(-1, 2) + len(points)
    inwards = points[corners] - 0.006 * vertex_normals(points, patch.faces)[corners]
    fold = np.concatenate([np.stack([rim[:, 1], rim[:, 0], local[:, 0]], 1), np.stack([rim[:, 1], *local.T], 1)])
    faces = np.concatenate([patch.faces, fold])
    keep = np.concatenate([np.arange(len(points)), corners])
    fold_uv = np.zeros((len(fold), 3, 2))
    return Piece(
        name,
        np.concatenate([points, inwards]),
        faces,
        weights[keep],
        (name.partition(":")[0],),
        single(faces),
        uv=np.concatenate([uv, fold_uv]),
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


def _upper_uv(body: RestBody, patch: Patch, points: np.ndarray) -> np.ndarray:
    """Return cloth coordinates (F,3,2) m: around and down the trunk, or around and along a sleeve; a seam between.

    What moves with the arm is sleeve: a place alone would not tell the hips of a broad person from the arms.
    """
    arm = patch.sample(body.weight("shoulder", "elbow", "wrist"))
    sleeve = arm[patch.faces].mean(axis=1) > 0.5
    x, y, z = np.moveaxis(points[patch.faces], 2, 0)
    trunk = np.stack([_around(x, z - body.joint("spine2")[2], TRUNK_GIRTH_M), y], axis=2)
    limb = np.array([body.joint(f"left_{name}") for name in ("shoulder", "elbow", "wrist")])
    axis_y, axis_z = (np.interp(np.abs(x), limb[:, 0], limb[:, k]) for k in (1, 2))
    along = np.stack([_around(z - axis_z, y - axis_y, ARM_GIRTH_M), np.abs(x)], axis=2)
    return np.where(sleeve[:, None, None], along, trunk)


def _lower_uv(body: RestBody, points: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Return cloth coordinates (F,3,2) m around and along each leg, the left the mirror of the right."""
    hip, ankle = body.joint("left_hip"), body.joint("left_ankle")
    corner = points[faces]
    sign = np.sign(corner[..., 0].mean(axis=1, keepdims=True))
    share = np.clip((hip[1] - corner[..., 1]) / (hip[1] - ankle[1]), 0, 1)[..., None]
    axis = hip + share * (ankle - hip)
    around = _around(sign * corner[..., 0] - axis[..., 0], corner[..., 2] - axis[..., 2], LEG_GIRTH_M)
    return np.stack([around, corner[..., 1]], axis=2)


def _around(x: np.ndarray, z: np.ndarray, girth: float) -> np.ndarray:
    """Return the way (F,3) m around a tube of that girth, without a jump inside a face."""
    turn = np.arctan2(x, z) / (2 * np.pi)
    return np.asarray(girth * (turn - np.round(turn - turn[:, :1])))


def _unit(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12))
