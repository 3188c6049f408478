"""Forward kinematics with OpenSim: from a model and its angles to couplers, keypoints and markers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import opensim

from kinesynth.opensim_models.couplers import coupled

ROTATIONAL = 1  # opensim.Coordinate.Rotational; Coupled coordinates (3) are radians too, but never converted


@dataclass(frozen=True)
class Trajectory:
    """A motion of the model in ground.

    Attributes:
        angles: (T, J) rad, m for translations, in CoordinateSet order, dependent ones as their couplers say.
        keypoints: (T, 2B, 3) m: the B body origins (joint centres), then the B mass centres, in BodySet order.
        markers: (T, M, 3) m.
    """

    angles: np.ndarray
    keypoints: np.ndarray
    markers: np.ndarray


def coordinate_names(model: opensim.Model) -> list[str]:
    """Return the coordinates (J) in CoordinateSet order."""
    return [coordinate.getName() for coordinate in model.getCoordinateSet()]


def from_storage(model: opensim.Model, values: Mapping[str, np.ndarray], in_degrees: bool) -> np.ndarray:
    """Return coordinates (T, J) in radians and metres from a storage's columns.

    OpenSim's tools convert rotational coordinates only: translations and coupled ones stand in a file as they are.
    """
    columns = []
    for coordinate in model.getCoordinateSet():
        column = np.asarray(values[coordinate.getName()], dtype=float)
        to_convert = in_degrees and coordinate.getMotionType() == ROTATIONAL
        columns.append(np.deg2rad(column) if to_convert else column)
    return np.stack(columns, axis=-1)


def forward_kinematics(model: opensim.Model, angles: np.ndarray, marker_names: Sequence[str]) -> Trajectory:
    """Pose the model in each frame of `angles` (T, J) and return where its parts are."""
    state = model.initSystem()
    angles = coupled(model, angles)
    bodies = list(model.getBodySet())
    markers = [model.getMarkerSet().get(name) for name in marker_names]
    keypoints = np.empty((len(angles), 2 * len(bodies), 3))
    positions = np.empty((len(angles), len(markers), 3))
    for frame, row in enumerate(angles):
        set_pose(model, state, row)
        origins = [body.getPositionInGround(state).to_numpy() for body in bodies]
        centres = [body.findStationLocationInGround(state, body.getMassCenter()).to_numpy() for body in bodies]
        keypoints[frame] = origins + centres
        positions[frame] = [marker.getLocationInGround(state).to_numpy() for marker in markers]
    return Trajectory(angles, keypoints, positions)


def set_pose(model: opensim.Model, state: opensim.State, row: np.ndarray) -> None:
    """Set all coordinates (J,) as they are given, locked ones too; nothing is clamped or projected."""
    for coordinate, value in zip(model.getCoordinateSet(), row.tolist(), strict=True):
        coordinate.setLocked(state, False)
        coordinate.setValue(state, value, False)
    model.realizePosition(state)


def _strings(array: opensim.ArrayStr) -> list[str]:
    return [array.get(index) for index in range(array.getSize())]
