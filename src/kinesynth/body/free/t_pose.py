"""Bring anny's relaxed rest pose (arms hanging out, elbows and fingers bent) into SMPL-X's T-pose.

Frame throughout: x to the body's left, y up, z forward.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinesynth.geometry.rotations import shortest_arc

CLAVICLE_RISE = np.radians(8.0)
"""Elevation of the clavicle when the arm goes from 45 to 90 degrees of abduction."""
SHOULDER_RISE = np.radians(20.0)
"""Rotation of the bone between clavicle and humerus; spreads the bending of the deltoid skin over two joints."""
FINGER_SPLAY = {2: np.radians(3.0), 3: np.radians(-4.0), 4: np.radians(-9.0), 5: np.radians(-18.0)}
"""Angle of each straight finger to the arm's axis, positive towards the thumb."""
FOREARM_TWIST_FRACTIONS = {"lowerarm01": 0.25, "lowerarm02": 0.6}
"""How much of the hand's pronation the two forearm bones take along."""


@dataclass(frozen=True)
class Rig:
    """A bone hierarchy: names, parents (parent before child), skinning weights and bone indices (N, K)."""

    labels: Sequence[str]
    parents: Sequence[int]
    weights: np.ndarray
    indices: np.ndarray


def to_t_pose(vertices: np.ndarray, heads: np.ndarray, rig: Rig) -> tuple[np.ndarray, np.ndarray]:
    """Return vertices (S, N, 3) and bone heads (S, bones, 3) of bodies brought from the rest pose into the T-pose."""
    rotations = _world_rotations(heads, rig)
    posed = heads.copy()
    for bone, parent in enumerate(rig.parents):
        if parent >= 0:
            offset = heads[:, bone] - heads[:, parent]
            posed[:, bone] = posed[:, parent] + np.einsum("sij,sj->si", rotations[:, parent], offset)
    shifts = posed - np.einsum("sbij,sbj->sbi", rotations, heads)
    skinned = np.stack([_skin(*body, rig) for body in zip(vertices, rotations, shifts, strict=True)])
    return skinned, posed


def _skin(vertices: np.ndarray, rotations: np.ndarray, shifts: np.ndarray, rig: Rig) -> np.ndarray:
    transforms = np.concatenate([rotations, shifts[..., None]], axis=-1)  # (bones, 3, 4)
    blended = np.einsum("nk,nkij->nij", rig.weights, transforms[rig.indices])
    return np.asarray(np.einsum("nij,nj->ni", blended[..., :3], vertices) + blended[..., 3])


def _world_rotations(heads: np.ndarray, rig: Rig) -> np.ndarray:
    """Return the rotation of every bone from the rest pose to the T-pose in the body's frame, (S, bones, 3, 3)."""
    chosen: dict[str, np.ndarray] = {}
    for suffix, side in (("L", 1.0), ("R", -1.0)):
        head = {label[:-2]: heads[:, bone] for bone, label in enumerate(rig.labels) if label.endswith(f".{suffix}")}
        rotations = _arm(head, side) | _leg(head)
        chosen |= {f"{bone}.{suffix}": rotation for bone, rotation in rotations.items()}
    result = np.tile(np.eye(3), (*heads.shape[:2], 1, 1))
    for bone, (label, parent) in enumerate(zip(rig.labels, rig.parents, strict=True)):
        if label in chosen:
            result[:, bone] = chosen[label]
        elif parent >= 0:
            result[:, bone] = result[:, parent]
    return result


def _arm(head: dict[str, np.ndarray], side: float) -> dict[str, np.ndarray]:
    upper = head["lowerarm01"] - head["upperarm01"]
    fore = head["wrist"] - head["lowerarm01"]
    outward = np.broadcast_to([side, 0.0, 0.0], upper.shape)
    upper_rotation = _shortest_arc(upper, outward)
    # Extending the elbow about its own axis first keeps the forearm's roll.
    fore_rotation = upper_rotation @ _shortest_arc(fore, upper)
    hand_rotation = _align_frames(
        _frame(head["finger3-1"] - head["wrist"], head["finger2-1"] - head["finger5-1"]),
        _frame(outward, np.broadcast_to([0.0, 0.0, 1.0], outward.shape)),
    )
    rotations = {
        "clavicle": _about(2, np.full(len(upper), side * CLAVICLE_RISE)),
        "shoulder01": _about(2, np.full(len(upper), side * SHOULDER_RISE)),
        "upperarm01": upper_rotation,
        "wrist": hand_rotation,
    }
    twist = _twist_about_x(hand_rotation @ np.swapaxes(fore_rotation, -1, -2))
    for bone, fraction in FOREARM_TWIST_FRACTIONS.items():
        rotations[bone] = _about(0, fraction * twist) @ fore_rotation
    return rotations | _fingers(head, hand_rotation, side)


def _fingers(head: dict[str, np.ndarray], hand_rotation: np.ndarray, side: float) -> dict[str, np.ndarray]:
    rotations = {}
    for finger, splay in FINGER_SPLAY.items():
        target = np.array([side * np.cos(splay), 0.0, np.sin(splay)])
        for knuckle in (1, 2):
            name = f"finger{finger}-{knuckle}"
            phalanx = head[f"finger{finger}-{knuckle + 1}"] - head[name]
            in_hand = np.einsum("sij,sj->si", hand_rotation, phalanx)
            rotations[name] = _shortest_arc(in_hand, np.broadcast_to(target, in_hand.shape)) @ hand_rotation
        # The last phalanx has no further joint: it bends on by as much as the middle one did.
        bend = rotations[f"finger{finger}-2"] @ np.swapaxes(rotations[f"finger{finger}-1"], -1, -2)
        rotations[f"finger{finger}-3"] = bend @ rotations[f"finger{finger}-2"]
    return rotations


def _leg(head: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    down = np.broadcast_to([0.0, -1.0, 0.0], head["foot"].shape)
    toes = 0.5 * (head["toe2-1"] + head["toe3-1"]) - head["foot"]
    return {
        "upperleg01": _shortest_arc(head["lowerleg01"] - head["upperleg01"], down),
        "lowerleg01": _shortest_arc(head["foot"] - head["lowerleg01"], down),
        "foot": _about(1, -np.arctan2(toes[:, 0], toes[:, 2])),
    }


def _shortest_arc(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    return np.asarray(shortest_arc(start, end).as_matrix())


def _about(axis: int, angle: np.ndarray) -> np.ndarray:
    rotation = np.tile(np.eye(3), (len(angle), 1, 1))
    i, j = (axis + 1) % 3, (axis + 2) % 3
    rotation[:, i, i] = rotation[:, j, j] = np.cos(angle)
    rotation[:, j, i] = np.sin(angle)
    rotation[:, i, j] = -np.sin(angle)
    return rotation


def _twist_about_x(rotation: np.ndarray) -> np.ndarray:
    """Return the angle of the x part of a swing-twist decomposition, (S,) rad."""
    trace = np.einsum("sii->s", rotation)
    return np.asarray(2.0 * np.arctan2(rotation[:, 2, 1] - rotation[:, 1, 2], 1.0 + trace))


def _frame(primary: np.ndarray, secondary: np.ndarray) -> np.ndarray:
    """Return orthonormal frames (S, 3, 3), columns: `primary`, the part of `secondary` normal to it, their product."""
    first = primary / np.linalg.norm(primary, axis=-1, keepdims=True)
    second = secondary - first * np.einsum("si,si->s", first, secondary)[:, None]
    second = second / np.linalg.norm(second, axis=-1, keepdims=True)
    return np.stack([first, second, np.cross(first, second)], axis=-1)


def _align_frames(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    return np.asarray(end @ np.swapaxes(start, -1, -2))
