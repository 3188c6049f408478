"""Poses models, and says where their parts then are and how they move."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import opensim

from kinesynth.opensim_models.couplers import coupled
from kinesynth.opensim_models.opened import Model, State


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


def forward_kinematics(model: Model, angles: np.ndarray, marker_names: Sequence[str]) -> Trajectory:
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


def set_pose(model: Model, state: State, row: np.ndarray) -> None:
    """Set all coordinates (J,) as they are given, locked ones too; nothing is clamped or projected."""
    for coordinate, value in zip(model.getCoordinateSet(), row.tolist(), strict=True):
        coordinate.setLocked(state, False)
        coordinate.setValue(state, value, False)
    model.realizePosition(state)


def set_coordinates(model: Model, state: State, values: Mapping[str, float]) -> None:
    """Set some coordinates as they are given, locked ones too; the others stay."""
    for name, value in values.items():
        coordinate = model.getCoordinateSet().get(name)
        coordinate.setLocked(state, False)
        coordinate.setValue(state, value, False)
    model.realizePosition(state)


def body_frames(model: Model, state: State, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the orientations (B, 3, 3) and origins (B, 3) m of bodies in ground."""
    frames = np.array([_frame(model.getBodySet().get(name), state) for name in names]).reshape(-1, 3, 4)
    return frames[..., :3], frames[..., 3]


def mass_centres(model: Model, angles: np.ndarray) -> np.ndarray:
    """Return where the whole body's mass centre is in each of `angles` (T, J), (T, 3) m in ground."""
    centres = [model.calcMassCenterPosition(state).to_numpy() for state, _ in _posed(model, angles)]
    return np.reshape(centres, (len(angles), 3))


def body_motion(
    model: Model, angles: np.ndarray, moving: Sequence[str], beside: Sequence[str] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """Pose the model in each of `angles` (T, J), and say how bodies stand and how each coordinate moves them.

    Args:
        model: the model.
        angles: (T, J) rad and m.
        moving: M bodies.
        beside: B bodies of which poses alone are asked.

    Returns:
        The poses (T, M + B, 3, 4) of all in ground, rotation and origin, and the Jacobians (T, M, 6, J) of the moving
        ones' angular and linear velocities.
    """
    bodies = [model.getBodySet().get(name) for name in (*moving, *beside)]
    matrix, poses, jacobians = opensim.Matrix(), list[np.ndarray](), list[np.ndarray]()
    for state, to_state in _posed(model, angles):
        matter = model.getMatterSubsystem()  # the state's: posing has built the system anew
        poses += [_frame(body, state) for body in bodies]
        for body in bodies[: len(moving)]:
            matter.calcFrameJacobian(state, body.getMobilizedBodyIndex(), opensim.Vec3(0), matrix)
            jacobians.append(matrix.to_numpy()[:, to_state])
    frames = len(angles)
    return np.reshape(poses, (frames, len(bodies), 3, 4)), np.reshape(jacobians, (frames, len(moving), 6, -1))


def _posed(model: Model, angles: np.ndarray) -> Iterator[tuple[State, np.ndarray]]:
    """Yield the model's one state, posed in each of `angles` (T, J) in turn, and where it has the J coordinates."""
    state = model.initSystem()
    to_state = state_columns(model, state)
    positions = np.empty(len(to_state))
    for row in angles:
        positions[to_state] = row
        set_positions(state, positions)
        model.realizePosition(state)
        yield state, to_state


def state_columns(model: Model, state: State) -> np.ndarray:
    """Return where the state holds each coordinate of the CoordinateSet."""
    coordinates = model.getCoordinateSet()
    columns = np.empty(coordinates.getSize(), dtype=int)
    for index in range(coordinates.getSize()):
        state.setU(opensim.Vector(state.getNU(), 0.0))
        coordinates.get(index).setSpeedValue(state, 1.0)
        columns[index] = np.argmax(state.getU().to_numpy())
    state.setU(opensim.Vector(state.getNU(), 0.0))
    return columns


def set_positions(state: State, values: np.ndarray) -> None:
    """Set all positions (Q,) of a state, in its own order."""
    state.setQ(opensim.Vector.createFromMat(np.ascontiguousarray(values)))


def set_speeds(state: State, values: np.ndarray) -> None:
    """Set all speeds (U,) of a state, in its own order."""
    state.setU(opensim.Vector.createFromMat(np.ascontiguousarray(values)))


def matrix_of(rotation: opensim.Rotation) -> np.ndarray:
    """Return a rotation as a matrix (3, 3)."""
    matrix = rotation.asMat33()
    return np.array([[matrix.get(row, column) for column in range(3)] for row in range(3)])


def _frame(body: opensim.Body, state: State) -> np.ndarray:
    """Return the body's frame in ground as rotation and origin (3, 4)."""
    transform = body.getTransformInGround(state)
    return np.column_stack([matrix_of(transform.R()), transform.p().to_numpy()])
