"""The pose from which OpenSim's tool searches the first frame: the best of several, see `start_poses`."""

from collections.abc import Mapping, Sequence

import numpy as np

from kinesynth.kinematics.initial_poses import (
    ARM_BODIES,
    ARM_POSES,
    ROOT,
    ROOT_BODY,
    arm_start,
    is_arm,
    root_on_markers,
)
from kinesynth.opensim_models.coordinates import default_pose
from kinesynth.opensim_models.ik_tool import solve_angles
from kinesynth.opensim_models.markers import marker_bodies, marker_places
from kinesynth.opensim_models.opened import Model, coordinate_names
from kinesynth.opensim_models.posing import forward_kinematics

TRIAL_ACCURACY = 1e-4
GOOD_FIT_M = 0.02  # RMS of an arm's markers at which no further start is tried: local minima lie above 0.05


def best_start(model: Model, names: Sequence[str], frame: np.ndarray, weights: Mapping[str, float]) -> dict[str, float]:
    """Return the coordinates, rad and m, from which to search one frame of markers (1, M, 3) m."""
    start = default_pose(model) | _root(model, names, frame[0])
    coordinates = coordinate_names(model)
    bodies = marker_bodies(model)
    best = {"r": (np.inf, start), "l": (np.inf, start)}
    for pose in ARM_POSES:
        trial = start | arm_start(pose)
        angles = solve_angles(model, names, frame, 1.0, weights, trial, TRIAL_ACCURACY)
        error = np.linalg.norm(forward_kinematics(model, angles, names).markers - frame, axis=-1)[0]
        solved = dict(zip(coordinates, angles[0].tolist(), strict=True))
        for side, (lowest, _) in best.items():
            arm = [bodies[name] in {f"{body}_{side}" for body in ARM_BODIES} for name in names]
            rms = float(np.sqrt(np.nanmean(error[arm] ** 2)))
            if rms < lowest:
                best[side] = (rms, solved)
        if max(rms for rms, _ in best.values()) < GOOD_FIT_M:
            break
    left_arm = {name: value for name, value in best["l"][1].items() if is_arm(name) and name.endswith("_l")}
    return best["r"][1] | left_arm


def _root(model: Model, names: Sequence[str], frame: np.ndarray) -> dict[str, float]:
    """Return the pelvis coordinates that lay the pelvis' markers on the measured ones (M, 3) m."""
    bodies = marker_bodies(model)
    here = [index for index, name in enumerate(names) if bodies[name] == ROOT_BODY]
    root = root_on_markers(marker_places(model, [names[index] for index in here]), frame[None, here])[0]
    return {} if np.isnan(root).any() else dict(zip(ROOT, root.tolist(), strict=True))
