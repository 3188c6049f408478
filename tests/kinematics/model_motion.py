"""Markers of a known motion, made by OpenSim."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np


def turning(frames: int, **other: np.ndarray) -> dict[str, np.ndarray]:
    """Return coordinates (T,) of a motion across the half turn while legs and arms move, with others."""
    phase = np.linspace(0.0, 1.0, frames)
    return {
        "pelvis_rotation": 3.0 + 0.5 * phase,
        "pelvis_tx": 0.4 * phase,
        "hip_flexion_r": 0.3 + 0.6 * phase,
        "knee_angle_r": 0.2 + 1.2 * phase,
        "ankle_angle_r": 0.2 * phase,
        "lumbar_extension": -0.2 * phase,
        "thoracic_extension": 0.61 * -0.2 * phase,
        "elbow_flex_r": 0.5 + phase,
        "pro_sup_r": 0.8 * np.ones(frames),
        "arm_add_l": -0.6 - 0.4 * phase,
        **other,
    }


def markers_of(
    skeleton: Path, values: Mapping[str, np.ndarray], frames: int
) -> tuple[list[str], np.ndarray, list[str], np.ndarray]:
    """Return marker names, positions (T, M, 3) m, coordinate names and angles (T, J) of a motion."""
    from kinesynth.opensim_models.coordinates import default_pose
    from kinesynth.opensim_models.opened import coordinate_names, light_model
    from kinesynth.opensim_models.posing import forward_kinematics

    model = light_model(skeleton)
    coordinates = list(coordinate_names(model))
    start = default_pose(model)
    angles = np.stack([np.broadcast_to(values.get(name, start[name]), frames) for name in coordinates], axis=1)
    markers = [marker.getName() for marker in model.getMarkerSet()]
    trajectory = forward_kinematics(model, angles, markers)
    return markers, trajectory.markers, coordinates, trajectory.angles


def joint_centres_of(skeleton: Path) -> dict[str, np.ndarray]:
    """Return the joint centres (3,) m of the model's default pose, as the static pose names them."""
    from kinesynth.kinematics.scaling_protocol import JOINT_CENTRES
    from kinesynth.opensim_models.opened import light_model

    model = light_model(skeleton)
    state = model.initSystem()
    return {
        side + name: model.getBodySet().get(f"{body}_{side.lower()}").getPositionInGround(state).to_numpy()
        for name, body in JOINT_CENTRES.items()
        for side in "RL"
    }
