"""What the stages ask of an OpenSim model. Import this in a child process only (see `kinesynth.isolation`)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import opensim as osim

from kinesynth.dynamics.contact import FootMotion
from kinesynth.dynamics.names import FEET, OTHERS, TOES
from kinesynth.dynamics.other_contacts import (
    GENERIC_HIP_DISTANCE_M,
    GENERIC_THIGH_LENGTH_M,
    OWNER,
    POINTS,
    OtherMotion,
)
from kinesynth.errors import BadInput
from kinesynth.opensim_files import read_storage, write_storage

LEAST_MOMENT_ARM_M = 0.001


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a new folder in the working directory: a tool that fails must not find an earlier clip's results."""
    with TemporaryDirectory(dir=Path.cwd()) as folder:
        yield Path(folder)


def load_model(path: Path) -> osim.Model:
    """Load a model.

    Raises:
        BadInput: OpenSim cannot read the file.
    """
    osim.Logger.setLevelString("error")
    try:
        return osim.Model(str(path))
    except RuntimeError as error:
        found = " ".join(str(error).split())[:200]
        raise BadInput(path, "model", found, "an OpenSim model", "run scale_model again") from error


def coordinate_names(model: osim.Model) -> tuple[str, ...]:
    """Return the coordinates in the order of the model's CoordinateSet, which is not that of its state."""
    coordinates = model.getCoordinateSet()
    return tuple(coordinates.get(index).getName() for index in range(coordinates.getSize()))


def muscle_names(model: osim.Model) -> tuple[str, ...]:
    """Return the muscles in the order of the model's ForceSet."""
    muscles = model.getMuscles()
    return tuple(muscles.get(index).getName() for index in range(muscles.getSize()))


def driven_coordinates(model: osim.Model) -> dict[str, bool]:
    """Return which coordinates muscles drive, among those that are neither coupled, locked nor prescribed.

    A muscle drives a coordinate on which it has a moment arm of a millimetre or more in the default pose.
    """
    state = model.initSystem()
    muscles = [model.getMuscles().get(index) for index in range(model.getMuscles().getSize())]
    driven = {}
    for index in range(model.getCoordinateSet().getSize()):
        coordinate = model.getCoordinateSet().get(index)
        if not coordinate.isConstrained(state):
            arms = (abs(muscle.computeMomentArm(state, coordinate)) for muscle in muscles)
            driven[coordinate.getName()] = max(arms, default=0.0) > LEAST_MOMENT_ARM_M
    return driven


def check_coordinates(model: osim.Model, names: Sequence[str]) -> None:
    """Refuse angles of another model.

    Raises:
        BadInput: `names` are not the model's coordinates in their order.
    """
    expected = coordinate_names(model)
    if tuple(names) != expected:
        strangers = sorted(set(names) ^ set(expected)) or "the same in another order"
        raise BadInput(
            model.getInputFileName(), "coordinates", f"angles that differ in {strangers}", "angles of this model",
            "pass the model that inverse-kinematics used",
        )  # fmt: skip


def total_mass(model: osim.Model) -> float:
    """Return the model's mass in kg."""
    return float(model.getTotalMass(model.initSystem()))


def mass_centres(model: osim.Model, angles: np.ndarray) -> np.ndarray:
    """Return where the whole body's mass centre is in each of `angles` (T, J), (T, 3) m in ground."""
    centres = [model.calcMassCenterPosition(state).to_numpy() for state, _ in _posed(model, angles)]
    return np.reshape(centres, (len(angles), 3))


def foot_motion(model: osim.Model, angles: np.ndarray) -> FootMotion:
    """Pose `model` in each of `angles` (T, J) and return how its feet stand and move."""
    transforms, jacobian = _body_motion(model, angles, FEET, TOES)
    return FootMotion(transforms[:, : len(FEET)], transforms[:, len(FEET) :], jacobian)


def other_motion(model: osim.Model, angles: np.ndarray) -> OtherMotion:
    """Pose `model` in each of `angles` (T, J) and return how the bodies move that a seat or a table may push."""
    transforms, jacobian = _body_motion(model, angles, OTHERS, ("tibia_r",))
    origins = transforms[..., 3]
    right, left, below = origins[:, 1], origins[:, 2], origins[:, -1]
    thigh = float(np.linalg.norm(right - below, axis=1).mean())
    scales = float(np.linalg.norm(right - left, axis=1).mean()) / GENERIC_HIP_DISTANCE_M, thigh / GENERIC_THIGH_LENGTH_M
    points = np.stack(
        [
            transforms[:, owner, :, 3] + transforms[:, owner, :, :3] @ (scales[length] * np.array(local))
            for owner, (_, local, length) in zip(OWNER, POINTS, strict=True)
        ],
        axis=1,
    )
    return OtherMotion(points, origins[:, :-1], jacobian, (right - below)[:, 1] / thigh)


def _posed(model: osim.Model, angles: np.ndarray) -> Iterator[tuple[osim.State, np.ndarray]]:
    """Yield the model's one state, posed in each of `angles` (T, J) in turn, and where it has the J coordinates."""
    state = model.initSystem()
    to_state = state_columns(model, state)
    positions = np.empty(len(to_state))
    for row in angles:
        positions[to_state] = row
        state.setQ(_vector(positions))
        model.realizePosition(state)
        yield state, to_state


def _body_motion(
    model: osim.Model, angles: np.ndarray, moving: Sequence[str], beside: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Return poses (T, M + B, 3, 4) of `moving` bodies and those `beside`, and the former's Jacobians (T, M, 6, J)."""
    bodies = [model.getBodySet().get(name) for name in (*moving, *beside)]
    matrix, poses, jacobians = osim.Matrix(), list[np.ndarray](), list[np.ndarray]()
    for state, to_state in _posed(model, angles):
        matter = model.getMatterSubsystem()  # the state's: posing has built the system anew
        poses += [_pose(body, state) for body in bodies]
        for body in bodies[: len(moving)]:
            matter.calcFrameJacobian(state, body.getMobilizedBodyIndex(), osim.Vec3(0), matrix)
            jacobians.append(matrix.to_numpy()[:, to_state])
    frames = len(angles)
    return np.reshape(poses, (frames, len(bodies), 3, 4)), np.reshape(jacobians, (frames, len(moving), 6, -1))


def generalised_forces(
    folder: Path,
    model_path: Path,
    names: Sequence[str],
    times: np.ndarray,
    angles: np.ndarray,
    loads: Path | None = None,
) -> np.ndarray:
    """Return the forces (T, J), N m and N, that move the model through `angles` (T, J) without its muscles.

    Runs OpenSim's InverseDynamicsTool in `folder`. `angles` must be smooth: the tool differentiates interpolating
    splines. `loads` is an ExternalLoads file.
    """
    write_motion(folder / "angles.mot", names, times, angles)
    tool = osim.InverseDynamicsTool()
    tool.setModelFileName(str(model_path))
    tool.setCoordinatesFileName(str(folder / "angles.mot"))
    tool.setLowpassCutoffFrequency(-1.0)
    tool.setStartTime(-np.inf)  # all rows: a bound at a row's own time may lose that row to rounding
    tool.setEndTime(np.inf)
    excluded = osim.ArrayStr()
    excluded.append("Muscles")
    tool.setExcludedForces(excluded)
    if loads is not None:
        tool.setExternalLoadsFileName(str(loads))
    tool.setResultsDir(str(folder))
    tool.setOutputGenForceFileName("forces.sto")
    if not tool.run():
        raise RuntimeError("InverseDynamicsTool failed")
    result = read_storage(folder / "forces.sto")
    if len(result.times) != len(times):
        raise RuntimeError(f"InverseDynamicsTool solved {len(result.times)} of {len(times)} frames")
    return np.stack([result.column(_force_label(result.names, name)) for name in names], axis=1)


def write_motion(path: Path, names: Sequence[str], times: np.ndarray, angles: np.ndarray) -> None:
    """Write `angles` (T, J) under plain coordinate names; to state paths the tools answer with zeros."""
    columns = dict(zip(names, angles.T, strict=True))
    write_storage(path, times, columns, in_degrees=False, name="coordinates")


def _force_label(labels: Sequence[str], coordinate: str) -> str:
    """Return the tool's label, whose suffix tells a moment from a force."""
    return f"{coordinate}_moment" if f"{coordinate}_moment" in labels else f"{coordinate}_force"


def state_columns(model: osim.Model, state: osim.State) -> np.ndarray:
    """Return where the state holds each coordinate of the CoordinateSet."""
    coordinates = model.getCoordinateSet()
    columns = np.empty(coordinates.getSize(), dtype=int)
    for index in range(coordinates.getSize()):
        state.setU(osim.Vector(state.getNU(), 0.0))
        coordinates.get(index).setSpeedValue(state, 1.0)
        columns[index] = np.argmax(state.getU().to_numpy())
    state.setU(osim.Vector(state.getNU(), 0.0))
    return columns


def _pose(body: osim.Body, state: osim.State) -> np.ndarray:
    """Return the body's frame in ground as rotation and origin (3, 4)."""
    transform = body.getTransformInGround(state)
    rotation = transform.R().asMat33()
    axes = [[rotation.get(row, column) for column in range(3)] for row in range(3)]
    return np.column_stack([axes, transform.p().to_numpy()])


def _vector(values: np.ndarray) -> osim.Vector:
    return osim.Vector.createFromMat(np.ascontiguousarray(values))
