"""Whether points of unknown labels are markers on the skin of a body that was fitted to the known ones.

A marker stays at the skin, or at the end of a wand that a segment carries. Balls, sticks and other people stay off the
body; joint centres and the like lie within it. How deep a point may seem to lie depends on how well a few known markers
tell the body, so depth is held against the limb's thickness, and against whether the point is computed: what software
computes keeps its distance to some marker exactly, which skin never does.
"""

from collections.abc import Sequence
from itertools import takewhile

import numpy as np

from kinesynth.geometry.mesh import ray_hit

AT_SOME_DISTANCE_M, PLAINLY_OFF_M = 0.12, 0.2
_RIGID_M = 0.04  # standard deviation of the distance to a point of the skin; wands sway by less
_DEEP_M, _DEEP_FRACTION = 0.040, 0.35  # of the way from the skin to the middle of the limb
_INNER_M, _INNER_FRACTION, _KEPT_M = 0.022, 0.55, 1e-4
_BELOW_M, _BELOW_FRACTION, _FAR_STEADIER = 0.012, 0.35, 0.25
_MAX_RAYS = 5
INSIDE = "inside the body"
_MIN_ALIKE, _MIN_LETTERS, _MIN_FRACTION_INSIDE = 3, 2, 0.5


def off_skin(
    names: Sequence[str],
    positions: np.ndarray,
    known: np.ndarray,
    vertices: np.ndarray,
    normals: np.ndarray,
    faces: np.ndarray,
) -> dict[str, str]:
    """Return which points are no markers on the skin, and why.

    Args:
        names: of the P points.
        positions: (T, P, 3) m of the points, NaN where not seen.
        known: (T, M, 3) m of the markers that hold the body.
        vertices: (T, N, 3) m of the body in these frames.
        normals: (T, N, 3) of its vertices, outward.
        faces: (F, 3) of the mesh.
    """
    steadiest = _steadiest(known, known)
    usual = float(np.min(steadiest)) if len(steadiest) else 0.0
    everything = np.concatenate([known, positions], axis=1)
    found: dict[str, str] = {}
    for point, name in enumerate(names):
        seen = np.isfinite(positions[:, point]).all(-1)
        track, body, outward = positions[seen, point], vertices[seen], normals[seen]
        if not len(track):
            found[name] = "never seen together with enough known markers"
            continue
        depth, nearest, sway = _depth(track, body, outward)
        middle = float(np.median(depth))
        if -middle > PLAINLY_OFF_M or (-middle > AT_SOME_DISTANCE_M and sway > _RIGID_M):
            found[name] = f"{-middle:.1f} m off the body"
        elif middle > _BELOW_M:
            fraction = _fraction(depth, nearest, body, outward, faces)
            kept = float(_steadiest(positions[:, [point]], np.delete(everything, known.shape[1] + point, axis=1))[0])
            if _is_inside(middle, fraction, kept, usual):
                found[name] = INSIDE
    return found | named_alike(names, [name for name, why in found.items() if why == INSIDE])


def named_alike(names: Sequence[str], inside: Sequence[str]) -> dict[str, str]:
    """Return which other points are called as those `inside` the body are: all begin or all end with the same letters.

    Wrists and elbows are thin: their joint centres lie as near to the skin as a marker does.

    Example:
        >>> named_alike(["JC_RH", "JC_RK", "JC_RA", "JC_RE", "Box"], ["JC_RH", "JC_RK", "JC_RA"])
        {'JC_RE': 'named like JC_RH, which is inside the body'}
    """
    if len(inside) < _MIN_ALIKE:
        return {}
    begin, end = _beginning(inside), _beginning([name[::-1] for name in inside])[::-1]
    found: dict[str, str] = {}
    for affix, has in ((begin, str.startswith), (end, str.endswith)):
        family = [name for name in names if has(name, affix)]
        if len(affix) >= _MIN_LETTERS and len(inside) >= _MIN_FRACTION_INSIDE * len(family):
            found |= {name: f"named like {inside[0]}, which is {INSIDE}" for name in family if name not in inside}
    return found


def _beginning(names: Sequence[str]) -> str:
    """Return the letters with which all names begin."""
    same = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    return "".join(letters[0] for letters in same)


def _is_inside(depth: float, fraction: float, kept: float, usual: float) -> bool:
    """Weigh a depth (m) as it is, as a fraction of the half thickness, and how well the point keeps a distance (m)."""
    return (
        (depth > _DEEP_M and fraction > _DEEP_FRACTION)
        or (depth > _INNER_M and fraction > _INNER_FRACTION and kept < _KEPT_M)
        or (depth > _BELOW_M and fraction > _BELOW_FRACTION and kept < min(_KEPT_M, _FAR_STEADIER * usual))
    )


def _depth(track: np.ndarray, vertices: np.ndarray, normals: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Return depth (T,) m below the skin, the nearest vertex (T,), and how the distance to one vertex varies, m."""
    distance = np.linalg.norm(vertices - track[:, None], axis=-1)
    nearest, frame = distance.argmin(axis=1), np.arange(len(track))
    outside = np.einsum("tc,tc->t", track - vertices[frame, nearest], normals[frame, nearest])
    anchor = int(np.median(distance, axis=0).argmin())
    return -np.sign(outside) * distance[frame, nearest], nearest, float(distance[:, anchor].std())


def _fraction(
    depth: np.ndarray, nearest: np.ndarray, vertices: np.ndarray, normals: np.ndarray, faces: np.ndarray
) -> float:
    """Return the median of depth over half the thickness of the body below the nearest vertex."""
    fractions = []
    for frame in range(0, len(depth), max(1, len(depth) // _MAX_RAYS)):
        skin, inward = vertices[frame, nearest[frame]], -normals[frame, nearest[frame]]
        hit = ray_hit(vertices[frame], faces, skin + 1e-4 * inward, inward)
        if hit is not None:
            across = np.linalg.norm(hit[1] @ vertices[frame][faces[hit[0]]] - skin)
            fractions.append(2.0 * depth[frame] / across)
    return float(np.median(fractions)) if fractions else 0.0


def _steadiest(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return for each of the points (T, P, 3) the standard deviation of its steadiest distance to an other, (P,) m."""
    distance = np.linalg.norm(points[:, :, None] - others[:, None], axis=-1)
    together = np.isfinite(distance).sum(axis=0)
    filled = np.where(np.isfinite(distance), distance, 0.0)
    mean = filled.sum(axis=0) / np.maximum(together, 1)
    spread = np.sqrt((np.where(np.isfinite(distance), distance - mean, 0.0) ** 2).sum(axis=0) / np.maximum(together, 1))
    usable = (together >= 5) & (mean > 1e-6)
    return np.where(usable, spread, np.inf).min(axis=1)
