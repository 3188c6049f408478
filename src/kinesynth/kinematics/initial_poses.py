"""Where the search for the first frame's pose begins.

From the default pose alone, arms that are raised or twisted can end in a local minimum, and every later frame would
follow. So the root is put where the pelvis' markers are, several arm poses are tried, and each arm keeps its best.
"""

import numpy as np

from kinesynth.geometry.rigid_fit import rigid_fit

# Shoulder flexion, adduction, rotation and elbow flexion, rad.
ARM_POSES = {
    "hanging": (0.0, 0.0, 0.0, 0.3),
    "bent": (0.2, -0.2, 0.3, 1.6),
    "forward": (1.5, 0.0, 0.0, 0.3),
    "sideways": (0.0, -1.5, 0.0, 0.3),
    "overhead": (2.8, 0.0, 0.0, 0.3),
    "behind": (-0.7, 0.0, 0.0, 0.3),
}
ARM_COORDINATES = ("arm_flex", "arm_add", "arm_rot", "elbow_flex")
ARM_BODIES = ("humerus", "ulna", "radius", "hand")
ROOT_BODY = "pelvis"
ROOT = ("pelvis_tilt", "pelvis_list", "pelvis_rotation", "pelvis_tx", "pelvis_ty", "pelvis_tz")


def arm_start(pose: str) -> dict[str, float]:
    """Return the coordinates of both arms in one of `ARM_POSES`."""
    return {f"{name}_{side}": q for side in "rl" for name, q in zip(ARM_COORDINATES, ARM_POSES[pose], strict=True)}


def is_arm(coordinate: str) -> bool:
    """Tell whether a coordinate moves an arm."""
    return coordinate.startswith(("arm_", "elbow_", "pro_sup", "wrist_"))


def root_on_markers(local: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """Return the coordinates `ROOT` (T, 6), rad and m, that lay a body's markers on the measured ones.

    The angles are about z, x and y in turn. NaN where fewer than three markers are seen.

    Args:
        local: (K, 3) places on the body.
        measured: (T, K, 3) places in ground, NaN where missing.
    """
    seen = ~np.isnan(measured).any(axis=-1)
    rotation, origin = rigid_fit(local, measured, seen)
    angles = np.stack(
        [
            np.arctan2(-rotation[:, 0, 1], rotation[:, 1, 1]),
            np.arcsin(np.clip(rotation[:, 2, 1], -1.0, 1.0)),
            np.arctan2(-rotation[:, 2, 0], rotation[:, 2, 2]),
        ],
        axis=1,
    )
    return np.where(seen.sum(axis=1, keepdims=True) >= 3, np.concatenate([angles, origin], axis=1), np.nan)
