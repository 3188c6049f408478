"""What OpenSim itself says, for comparison."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import opensim

from kinesynth.skeleton.definition import SkeletonDefinition

opensim.Logger.setLevelString("error")


def random_angles(definition: SkeletonDefinition, frames: int, seed: int = 0) -> np.ndarray:
    """Return angles (T, J) inside the limits (at most a turn, a few metres)."""
    low, high = np.clip(definition.coordinate_ranges, -np.pi, np.pi).T
    return definition.coupled(np.random.default_rng(seed).uniform(low, high, (frames, len(low))))


def pose(model: Any, state: Any, angles: Mapping[str, float]) -> None:
    """Set coordinates as they are given: no constraint is enforced, no limit heeded."""
    for name, value in angles.items():
        coordinate = model.getCoordinateSet().get(name)
        coordinate.setClamped(state, False)
        coordinate.setLocked(state, False)
        coordinate.setValue(state, float(value), False)
    model.realizePosition(state)


def forward_kinematics(
    path: Path, definition: SkeletonDefinition, angles: np.ndarray, scales: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return joint centres (T, B, 3), mass centres (T, B, 3) and markers (T, M, 3) in ground."""
    model = opensim.Model(str(path))
    state = model.initSystem()
    if scales is not None:
        model.scale(state, _scale_set(definition.body_names, scales), False)
        state = model.initSystem()
    centres, masses, markers = [], [], []
    for row in angles:
        pose(model, state, dict(zip(definition.coordinate_names, row, strict=True)))
        bodies = list(model.getBodySet())
        centres.append([body.getPositionInGround(state).to_numpy() for body in bodies])
        masses.append([body.findStationLocationInGround(state, body.getMassCenter()).to_numpy() for body in bodies])
        markers.append([marker.getLocationInGround(state).to_numpy() for marker in model.getMarkerSet()])
    return np.array(centres), np.array(masses), np.array(markers)


def moment_arms(model: Any, state: Any, coordinate: str) -> np.ndarray:
    """Return the muscles' moment arms (A,) from their lengthening at unit speed, with the patella moving along."""
    for other in model.getCoordinateSet():
        other.setSpeedValue(state, 0.0)
    model.getCoordinateSet().get(coordinate).setSpeedValue(state, 1.0)
    if coordinate.startswith("knee_angle"):
        model.getCoordinateSet().get(f"{coordinate}_beta").setSpeedValue(state, 1.0)
    model.realizeVelocity(state)
    return -np.array([muscle.getPath().getLengtheningSpeed(state) for muscle in model.getMuscles()])


def _scale_set(bodies: tuple[str, ...], scales: np.ndarray) -> Any:
    scale_set = opensim.ScaleSet()
    for body, factors in zip(bodies, scales, strict=True):
        scale = opensim.Scale()
        scale.setSegmentName(body)
        scale.setScaleFactors(opensim.Vec3(*map(float, factors)))
        scale.setApply(True)
        scale_set.cloneAndAppend(scale)
    return scale_set
