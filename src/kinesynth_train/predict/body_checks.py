"""Whether points in space can be a person's: shoulders above ankles, and what points forward in front.

A wrong axis of the world and swapped or mirrored views leave points that a skeleton fits well, and wrongly.
"""

import numpy as np

from kinesynth.errors import BadInput
from kinesynth.skeleton import SkeletonDefinition

UPRIGHT_COSINE = 0.5  # of the angle between ankles-to-shoulders and up: a person who stands, walks or crouches
BACKWARD_COSINE = 0.3
MIN_BEND = 0.1  # of the way from hip to ankle, by which the knee is off it in a leg that is bent, not just unsure


def check_upright(marked: SkeletonDefinition, positions: np.ndarray) -> list[str]:
    """Raise where the person's trunk hangs down; note where it mostly lies: then the world's up may be wrong."""
    body = _middle_of(marked, positions, ("torso", "scapula", "head")) - _middle_of(
        marked, positions, ("tibia", "calcn", "toes")
    )
    body = body[np.isfinite(body).all(axis=1)]
    if not len(body):
        return []
    direction = np.median(body / np.linalg.norm(body, axis=1, keepdims=True), axis=0)
    upward = float(direction[1] / max(np.linalg.norm(direction), 1e-9))
    axis = int(np.abs(direction).argmax())
    shown = f"{'-' if direction[axis] < 0 else ''}{'xyz'[axis]}"
    if upward < -UPRIGHT_COSINE:
        found = "a person who stands on the head"
        raise BadInput("points", "up", found, "shoulders above ankles", "say which way is up by --up")
    if upward < UPRIGHT_COSINE:
        return [f"the person lies along {shown}: if that is wrong, say by --up which axis is up"]
    return []


def _middle_of(marked: SkeletonDefinition, positions: np.ndarray, parts: tuple[str, ...]) -> np.ndarray:
    """Return the middle (T, 3) m of the points seen on bodies whose names begin so; NaN where none is."""
    columns = [marked.body_names[body].startswith(parts) for body in marked.marker_bodies]
    middle: np.ndarray = np.ma.masked_invalid(positions[:, columns]).mean(axis=1).filled(np.nan)
    return middle


def check_handedness(names: tuple[str, ...], positions: np.ndarray) -> None:
    """Raise where toes, knees or nose point backward, given which hip is the right one: views swapped or mirrored."""
    if not {"RHip", "RShoulder", "RKnee", "RAnkle"} <= set(names):
        return
    hips = positions[:, names.index("RHip")] - positions[:, names.index("LHip")]
    forward = np.cross(_middle(names, positions, "Shoulder") - _middle(names, positions, "Hip"), hips)
    for what, vectors in _pointing_forward(names, positions).items():
        lengths = np.linalg.norm(vectors, axis=-1) * np.linalg.norm(forward, axis=-1)
        cosine = (vectors * forward).sum(axis=-1) / np.where(lengths > 0, lengths, np.nan)
        if np.isfinite(cosine).mean() > 0.1 and np.nanmedian(cosine) < -BACKWARD_COSINE:
            fix = "check which video belongs to which camera, and that none is mirrored"
            raise BadInput("views", "body", f"{what} backward", f"{what} where the trunk looks", fix)


def _pointing_forward(names: tuple[str, ...], positions: np.ndarray) -> dict[str, np.ndarray]:
    """Return vectors (N, T, 3) that point where the trunk looks, as far as there are points for them."""

    def place(name: str) -> np.ndarray:
        point: np.ndarray = positions[:, names.index(name)]
        return point

    found = {}
    toe = next((name for name in ("BigToe", "FootIndex") if {f"R{name}", "RHeel"} <= set(names)), "")
    if toe:
        found["toes that point"] = np.stack([place(f"{side}{toe}") - place(f"{side}Heel") for side in "RL"])
    legs = np.stack([place(f"{side}Hip") - place(f"{side}Ankle") for side in "RL"])
    bends = np.stack([place(f"{side}Knee") - (place(f"{side}Hip") + place(f"{side}Ankle")) / 2 for side in "RL"])
    along = (bends * legs).sum(axis=-1, keepdims=True) / np.maximum((legs**2).sum(axis=-1, keepdims=True), 1e-9)
    bends = bends - along * legs
    bent = np.linalg.norm(bends, axis=-1, keepdims=True) > MIN_BEND * np.linalg.norm(legs, axis=-1, keepdims=True)
    found["knees that point"] = np.where(bent, bends, np.nan)
    if {"Nose", "REar", "LEar"} <= set(names):
        found["a nose that points"] = (place("Nose") - _middle(names, positions, "Ear"))[None]
    return found


def _middle(names: tuple[str, ...], positions: np.ndarray, part: str) -> np.ndarray:
    """Return the middle (T, 3) m of the right and the left one of a part."""
    middle: np.ndarray = (positions[:, names.index(f"R{part}")] + positions[:, names.index(f"L{part}")]) / 2
    return middle
