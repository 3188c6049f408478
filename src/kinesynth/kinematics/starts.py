"""Where the search for the first frame's pose begins.

From the default pose alone, arms that are raised or twisted can end in a local minimum, and every later frame would
follow. So the root is put where the trunk's markers are, several arm poses are tried, and each arm keeps its best.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import opensim
from scipy.spatial.transform import Rotation

from kinesynth.kinematics.forward_kinematics import coordinate_names, forward_kinematics
from kinesynth.kinematics.ik_tool import default_pose, solve_angles

TRIAL_ACCURACY = 1e-4
GOOD_FIT_M = 0.02  # RMS of an arm's markers at which no further start is tried: local minima lie above 0.05
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
ROOT = ("pelvis_tilt", "pelvis_list", "pelvis_rotation", "pelvis_tx", "pelvis_ty", "pelvis_tz")


def best_start(
    model: opensim.Model, names: Sequence[str], frame: np.ndarray, weights: Mapping[str, float]
) -> dict[str, float]:
    """Return the coordinates, rad and m, from which to search one frame of markers (1, M, 3) m."""
    start = default_pose(model) | _root(model, names, frame[0])
    coordinates = coordinate_names(model)
    best = {"r": (np.inf, start), "l": (np.inf, start)}
    for pose in ARM_POSES.values():
        trial = start | {f"{name}_{side}": q for side in "rl" for name, q in zip(ARM_COORDINATES, pose, strict=True)}
        angles = solve_angles(model, names, frame, 1.0, weights, trial, TRIAL_ACCURACY)
        error = np.linalg.norm(forward_kinematics(model, angles, names).markers - frame, axis=-1)[0]
        solved = dict(zip(coordinates, angles[0].tolist(), strict=True))
        for side, (lowest, _) in best.items():
            arm = [_body(model, name) in {f"{body}_{side}" for body in ARM_BODIES} for name in names]
            rms = float(np.sqrt(np.nanmean(error[arm] ** 2)))
            if rms < lowest:
                best[side] = (rms, solved)
        if max(rms for rms, _ in best.values()) < GOOD_FIT_M:
            break
    left_arm = {name: value for name, value in best["l"][1].items() if _is_arm(name) and name.endswith("_l")}
    return best["r"][1] | left_arm


def _root(model: opensim.Model, names: Sequence[str], frame: np.ndarray) -> dict[str, float]:
    """Return the pelvis coordinates that lay the pelvis' markers on the measured ones (M, 3) m."""
    seen = [m for m, name in enumerate(names) if _body(model, name) == "pelvis" and not np.isnan(frame[m]).any()]
    if len(seen) < 3:
        return {}
    local = np.array([model.getMarkerSet().get(names[m]).get_location().to_numpy() for m in seen])
    measured = frame[seen]
    rotation, _ = Rotation.align_vectors(measured - measured.mean(0), local - local.mean(0))
    origin = measured.mean(0) - rotation.apply(local.mean(0))
    return dict(zip(ROOT, [*rotation.as_euler("ZXY"), *origin], strict=True))


def _is_arm(coordinate: str) -> bool:
    return coordinate.startswith(("arm_", "elbow_", "pro_sup", "wrist_"))


def _body(model: opensim.Model, marker: str) -> str:
    return str(model.getMarkerSet().get(marker).getParentFrame().findBaseFrame().getName())
