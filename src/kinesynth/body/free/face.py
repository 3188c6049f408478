"""The face landmarks and extra vertex joints that `smplx.SMPLX` asks for, on any head.

Nothing in this package reads them; they are laid out by a plain proportional scheme in units of the distance between
the eyes, in the order of the 68-point convention (Sagonas et al. 2013) without its contour.
"""

import numpy as np

from kinesynth.body.joints import JOINT_NAMES
from kinesynth.geometry.mesh import ray_hit

_CONTOUR_ROWS = 79  # SMPL-X tabulates its face contour for 79 yaw angles


def landmark_arrays(
    vertices: np.ndarray, faces: np.ndarray, joints: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Return lmk_faces_idx, lmk_bary_coords, their dynamic counterparts and extra_vertex_ids of a rest body.

    Args:
        vertices: (N, 3) m, T-pose, x left, y up, z forward.
        faces: (F, 3).
        joints: (55, 3) m.
        weights: skinning weights (N, 55).
    """
    joint = dict(zip(JOINT_NAMES, joints, strict=True))
    centre = 0.5 * (joint["left_eye"] + joint["right_eye"])
    unit = np.linalg.norm(joint["left_eye"] - joint["right_eye"])
    starts = centre + unit * np.column_stack([_layout(), np.full(51, 3.0)])
    static = [_hit(vertices, faces, start, np.array([0.0, 0.0, -1.0])) for start in starts]
    turn = np.linspace(-np.pi / 2, np.pi / 2, 17)
    rays = np.column_stack([np.sin(turn), -0.2 - 0.6 * np.cos(turn), np.cos(turn)])
    contour = [_hit(vertices, faces, joint["head"], ray) for ray in rays]
    return {
        "lmk_faces_idx": np.array([face for face, _ in static], np.int64),
        "lmk_bary_coords": np.array([point for _, point in static], np.float32),
        "dynamic_lmk_faces_idx": np.tile(np.array([face for face, _ in contour], np.int64), (_CONTOUR_ROWS, 1)),
        "dynamic_lmk_bary_coords": np.tile(np.array([p for _, p in contour], np.float32), (_CONTOUR_ROWS, 1, 1)),
        "extra_vertex_ids": _extra_vertices(vertices, joint, weights),
    }


def _hit(vertices: np.ndarray, faces: np.ndarray, start: np.ndarray, direction: np.ndarray) -> tuple[int, np.ndarray]:
    """Return the first hit of a ray, or where the ray misses, the corner of the mesh that is nearest to it."""
    hit = ray_hit(vertices, faces, start, direction)
    if hit is not None:
        return hit
    unit = direction / np.linalg.norm(direction)
    offset = vertices - start
    nearest = np.linalg.norm(offset - np.outer(offset @ unit, unit), axis=1).argmin()
    face, corner = np.argwhere(faces == nearest)[0]
    return int(face), np.eye(3)[corner]


def _layout() -> np.ndarray:
    """Return 51 landmarks (51, 2): x to the left, y up, in eye distances from between the eyes."""
    right_brow = [(-1.05, 0.30), (-0.85, 0.42), (-0.60, 0.45), (-0.38, 0.42), (-0.18, 0.35)]
    bridge = [(0.0, 0.05), (0.0, -0.20), (0.0, -0.40), (0.0, -0.60)]
    nostrils = [(x, -0.78) for x in (-0.25, -0.13, 0.0, 0.13, 0.25)]
    lid = [(-0.22, 0.0), (-0.10, 0.10), (0.10, 0.10), (0.20, 0.0), (0.10, -0.08), (-0.10, -0.08)]
    right_eye = [(x - 0.5, y) for x, y in lid]
    left_eye = [(-right_eye[i][0], right_eye[i][1]) for i in (3, 2, 1, 0, 5, 4)]
    left_brow = [(-x, y) for x, y in reversed(right_brow)]
    lips = [*_ring(12, 0.42, 0.20), *_ring(8, 0.30, 0.05)]
    return np.array([*right_brow, *left_brow, *bridge, *nostrils, *right_eye, *left_eye, *lips])


def _ring(count: int, half_width: float, half_height: float) -> list[tuple[float, float]]:
    """Return points around the mouth, clockwise for a viewer, from the person's right corner."""
    angles = np.pi - 2.0 * np.pi * np.arange(count) / count
    return [(half_width * float(np.cos(a)), -1.15 + half_height * float(np.sin(a))) for a in angles]


def _extra_vertices(vertices: np.ndarray, joint: dict[str, np.ndarray], weights: np.ndarray) -> np.ndarray:
    """Return the vertices of smplx's 21 extra joints: face, feet, finger tips, in its order."""

    def extreme(owner: str, direction: tuple[float, float, float]) -> int:
        score = np.where(weights[:, JOINT_NAMES.index(owner)] > 0.5, vertices @ direction, -np.inf)
        return int(score.argmax())

    ids = [extreme("head", (0, 0, 1)), extreme("right_eye", (0, 0, 1)), extreme("left_eye", (0, 0, 1))]
    ids += [extreme("head", (-1, 0, 0)), extreme("head", (1, 0, 0))]
    for side, outward in (("left", 1.0), ("right", -1.0)):
        ids += [
            extreme(f"{side}_foot", (-0.3 * outward, 0, 1)),
            extreme(f"{side}_foot", (outward, 0, 0.5)),
            extreme(f"{side}_ankle", (0, -0.3, -1)),
        ]
    for side in ("left", "right"):
        for finger in ("thumb", "index", "middle", "ring", "pinky"):
            tip = joint[f"{side}_{finger}3"] - joint[f"{side}_{finger}2"]
            ids.append(extreme(f"{side}_{finger}3", tuple(tip)))
    return np.array(ids, np.int64)
