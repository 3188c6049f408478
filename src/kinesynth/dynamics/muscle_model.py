"""What static optimization needs to know of a model's muscles. Import this in a child process only."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import opensim as osim

from kinesynth.dynamics.model import (
    coordinate_names,
    driven_coordinates,
    load_model,
    muscle_names,
    state_columns,
)
from kinesynth.dynamics.muscle_force import CURVE_POINTS, FORCE_LENGTH_RANGE, FORCE_VELOCITY_RANGE, MuscleForce, Muscles
from kinesynth.errors import BadInput
from kinesynth.opensim_models.couplers import coupled, couplers

PathSamples = tuple[np.ndarray, np.ndarray]
SPEED_STEP = 1e-6


def read_muscles(path: Path) -> Muscles:
    """Return the names of muscles and coordinates."""
    model = load_model(path)
    by_muscles = driven_coordinates(model)
    driven = tuple(name for name, moved in by_muscles.items() if moved)
    coordinates = list(model.getCoordinateSet())
    ranges = np.array([(item.getRangeMin(), item.getRangeMax()) for item in coordinates])
    defaults = np.array([item.getDefaultValue() for item in coordinates])
    return Muscles(muscle_names(model), driven, tuple(by_muscles), coordinate_names(model), ranges, defaults)


def read_muscle_force(path: Path) -> MuscleForce:
    """Return the force-generating properties of the model's muscles.

    Raises:
        BadInput: a muscle is not a Millard2012EquilibriumMuscle, whose curves alone are known here.
    """
    model = load_model(path)
    model.initSystem()
    muscles = [_millard(path, model.getMuscles().get(index)) for index in range(model.getMuscles().getSize())]
    pennations = [muscle.getPennationModel() for muscle in muscles]

    def each(values: list[Any]) -> np.ndarray:
        return np.array(values, dtype=float)

    return MuscleForce(
        max_isometric_force=each([muscle.getMaxIsometricForce() for muscle in muscles]),
        optimal_fibre_length=each([muscle.getOptimalFiberLength() for muscle in muscles]),
        tendon_slack_length=each([muscle.getTendonSlackLength() for muscle in muscles]),
        optimal_pennation=each([muscle.getPennationAngleAtOptimalFiberLength() for muscle in muscles]),
        max_pennation=each([pennation.get_maximum_pennation_angle() for pennation in pennations]),
        max_contraction_velocity=each([muscle.getMaxContractionVelocity() for muscle in muscles]),
        min_fibre_length=each([muscle.getMinimumFiberLength() for muscle in muscles]),
        bounds=each([(muscle.getMinControl(), muscle.getMaxControl()) for muscle in muscles]),
        force_length=_tables([muscle.getActiveForceLengthCurve() for muscle in muscles], FORCE_LENGTH_RANGE),
        force_velocity=_tables([muscle.getForceVelocityCurve() for muscle in muscles], FORCE_VELOCITY_RANGE),
    )


def crossed_coordinates(path: Path) -> dict[str, list[str]]:
    """Return, by muscle, the coordinates between the bodies of its path that are free to move.

    A coupled coordinate (a knee cap's) is represented by the one that drives it.
    """
    model = load_model(path)
    state = model.initSystem()
    chains = {body.getName(): _chain(model, body.getName()) for body in model.getBodySet()}
    free = {item.getName() for item in model.getCoordinateSet() if not item.isConstrained(state)}
    drivers = _drivers(model)
    crossed = {}
    for index in range(model.getMuscles().getSize()):
        muscle = model.getMuscles().get(index)
        points = osim.GeometryPath.safeDownCast(muscle.updPath()).getPathPointSet()
        bodies = [points.get(point).getParentFrame().findBaseFrame().getName() for point in range(points.getSize())]
        common = set.intersection(*(set(chains.get(body, ())) for body in bodies))
        names = {drivers.get(name, name) for body in bodies for name in chains.get(body, ()) if name not in common}
        crossed[muscle.getName()] = [name for name in coordinate_names(model) if name in names & free]
    return crossed


def sample_paths(path: Path, angles: np.ndarray, crossed: dict[str, list[str]]) -> PathSamples:
    """Return lengths (T, A) m and their gradients (T, A, J) m/rad of all muscles in the poses `angles` (T, J).

    A gradient is the speed at which the muscle lengthens while one coordinate moves at unit speed and takes those
    coupled to it along. This, and not `computeMomentArm`, which differs by up to 1.5 mm, agrees with the equations of
    motion.
    """
    model = load_model(path)
    state = model.initSystem()
    names, to_state = coordinate_names(model), state_columns(model, state)
    muscles = [model.getMuscles().get(index) for index in range(model.getMuscles().getSize())]
    movers = {
        column: [index for index, muscle in enumerate(muscles) if name in crossed[muscle.getName()]]
        for column, name in enumerate(names)
    }
    posed = coupled(model, angles)
    coupled_speeds = {
        column: (coupled(model, posed + SPEED_STEP * np.eye(len(names))[column]) - posed) / SPEED_STEP
        for column, moved in movers.items()
        if moved
    }
    lengths = np.zeros((len(angles), len(muscles)))
    gradients = np.zeros((len(angles), len(muscles), len(names)))
    positions, speeds = np.zeros(len(names)), np.zeros(len(names))
    for frame, row in enumerate(posed):
        positions[to_state] = row
        state.setQ(osim.Vector.createFromMat(positions))
        state.setU(osim.Vector(len(names), 0.0))
        model.realizePosition(state)
        lengths[frame] = [muscle.getLength(state) for muscle in muscles]
        for column, unit in coupled_speeds.items():
            speeds[to_state] = unit[frame]
            state.setU(osim.Vector.createFromMat(speeds))
            model.realizeVelocity(state)
            gradients[frame, movers[column], column] = [muscles[i].getLengtheningSpeed(state) for i in movers[column]]
    return lengths, gradients


def muscle_moments(
    path: Path, angles: np.ndarray, speeds: np.ndarray, activations: np.ndarray, driven: Sequence[str]
) -> np.ndarray:
    """Return the moments (K, T, D) N m of the model's own muscles about the coordinates `driven`.

    Forces are what OpenSim's StaticOptimization takes them to be; paths and moment arms are exact.

    Args:
        path: the model (.osim).
        angles: (T, J) rad and m.
        speeds: (T, J) rad/s and m/s.
        activations: (K, T, A), K sets of them.
        driven: names of D coordinates.
    """
    model = load_model(path)
    state = model.initSystem()
    to_state, names = state_columns(model, state), coordinate_names(model)
    muscles = [model.getMuscles().get(index) for index in range(model.getMuscles().getSize())]
    full, positions, velocities = np.zeros(activations.shape[1:]), np.zeros(len(names)), np.zeros(len(names))
    for frame, row in enumerate(coupled(model, angles)):
        positions[to_state], velocities[to_state] = row, speeds[frame]
        state.setQ(osim.Vector.createFromMat(positions))
        state.setU(osim.Vector.createFromMat(velocities))
        model.realizeVelocity(state)
        full[frame] = [muscle.calcInextensibleTendonActiveFiberForce(state, 1.0) for muscle in muscles]
    _, gradients = sample_paths(path, angles, crossed_coordinates(path))
    columns = [names.index(name) for name in driven]
    return np.asarray(-np.einsum("taj,kta->ktj", gradients[:, :, columns], full * activations))


def _millard(path: Path, muscle: osim.Muscle) -> osim.Millard2012EquilibriumMuscle:
    millard = osim.Millard2012EquilibriumMuscle.safeDownCast(muscle)
    if millard is None:
        found, expected = muscle.getConcreteClassName(), "Millard2012EquilibriumMuscle"
        raise BadInput(path, muscle.getName(), found, expected, "use the engine opensim")
    return millard


def _tables(curves: Sequence[osim.Function], span: tuple[float, float]) -> np.ndarray:
    """Return the curves' values (A, P) at evenly spaced arguments."""
    arguments = np.linspace(*span, CURVE_POINTS).tolist()
    return np.array([[curve.calcValue(argument) for argument in arguments] for curve in curves])


def _chain(model: osim.Model, body: str) -> list[str]:
    """Return the coordinates between ground and `body`."""
    joints = {joint.getChildFrame().findBaseFrame().getName(): joint for joint in model.getJointSet()}
    names: list[str] = []
    while body in joints:
        joint = joints[body]
        names += [joint.get_coordinates(index).getName() for index in range(joint.numCoordinates())]
        body = joint.getParentFrame().findBaseFrame().getName()
    return names


def _drivers(model: osim.Model) -> dict[str, str]:
    """Return, by coupled coordinate, the one that it follows."""
    return {coupler.dependent: coupler.independent[0] for coupler in couplers(model)}
