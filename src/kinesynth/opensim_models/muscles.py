"""The muscles of a model: what they drive, their paths, and what decides their force."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import opensim

from kinesynth.errors import BadInput
from kinesynth.opensim_models.coordinates import chain, unconstrained
from kinesynth.opensim_models.couplers import coupled, couplers
from kinesynth.opensim_models.opened import Model, body_names, coordinate_names, open_model
from kinesynth.opensim_models.posing import set_positions, set_speeds, state_columns

PathSamples = tuple[np.ndarray, np.ndarray]
MIN_MOMENT_ARM_M = 0.001
SPEED_STEP = 1e-6


def moved_coordinates(model: Model) -> dict[str, bool]:
    """Return which coordinates muscles move, among those that are neither coupled, locked nor prescribed.

    A muscle moves a coordinate on which it has a moment arm of a millimetre or more in the default pose.
    """
    state = model.initSystem()
    muscles = _muscles(model)
    moved = {}
    for name in unconstrained(model, state):
        coordinate = model.getCoordinateSet().get(name)
        arms = (abs(muscle.computeMomentArm(state, coordinate)) for muscle in muscles)
        moved[name] = max(arms, default=0.0) > MIN_MOMENT_ARM_M
    return moved


def coordinates_with_torque(model: Model, least_nm: float) -> frozenset[str]:
    """Return the coordinates on which a torque of the model has an optimal moment of `least_nm` or more."""
    actuators = (opensim.CoordinateActuator.safeDownCast(actuator) for actuator in model.getActuators())
    return frozenset(each.get_coordinate() for each in actuators if each and each.getOptimalForce() >= least_nm)


def muscle_properties(path: Path, force_length: np.ndarray, force_velocity: np.ndarray) -> dict[str, np.ndarray]:
    """Return what decides the forces of A muscles.

    Args:
        path: the model (.osim).
        force_length: (P,) normalised fibre lengths at which the curve of active force is asked.
        force_velocity: (P,) normalised velocities.

    Returns:
        max_isometric_force (A,) N; optimal_fibre_length, tendon_slack_length and min_fibre_length (A,) m;
        optimal_pennation, at the optimal fibre length, and max_pennation (A,) rad; max_contraction_velocity (A,)
        optimal fibre lengths per second; bounds (A, 2) of activation; the curves force_length and force_velocity
        (A, P).

    Raises:
        BadInput: a muscle is not a Millard2012EquilibriumMuscle, whose curves alone are known here.
    """
    model = open_model(path)
    model.initSystem()
    muscles = [_millard(path, muscle) for muscle in _muscles(model)]
    pennations = [muscle.getPennationModel() for muscle in muscles]

    def each(values: list[Any]) -> np.ndarray:
        return np.array(values, dtype=float)

    return {
        "max_isometric_force": each([muscle.getMaxIsometricForce() for muscle in muscles]),
        "optimal_fibre_length": each([muscle.getOptimalFiberLength() for muscle in muscles]),
        "tendon_slack_length": each([muscle.getTendonSlackLength() for muscle in muscles]),
        "optimal_pennation": each([muscle.getPennationAngleAtOptimalFiberLength() for muscle in muscles]),
        "max_pennation": each([pennation.get_maximum_pennation_angle() for pennation in pennations]),
        "max_contraction_velocity": each([muscle.getMaxContractionVelocity() for muscle in muscles]),
        "min_fibre_length": each([muscle.getMinimumFiberLength() for muscle in muscles]),
        "bounds": each([(muscle.getMinControl(), muscle.getMaxControl()) for muscle in muscles]),
        "force_length": _values([muscle.getActiveForceLengthCurve() for muscle in muscles], force_length),
        "force_velocity": _values([muscle.getForceVelocityCurve() for muscle in muscles], force_velocity),
    }


def crossed_coordinates(path: Path) -> dict[str, list[str]]:
    """Return, by muscle, the coordinates between the bodies of its path that are free to move.

    A coupled coordinate (a knee cap's) is represented by the one that drives it.
    """
    model = open_model(path)
    free = set(unconstrained(model, model.initSystem()))
    chains = {body: chain(model, body) for body in body_names(model)}
    drivers = {coupler.dependent: coupler.independent[0] for coupler in couplers(model)}
    crossed = {}
    for muscle in _muscles(model):
        points = opensim.GeometryPath.safeDownCast(muscle.updPath()).getPathPointSet()
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
    model = open_model(path)
    state = model.initSystem()
    names, to_state = coordinate_names(model), state_columns(model, state)
    muscles = _muscles(model)
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
        set_positions(state, positions)
        set_speeds(state, np.zeros(len(names)))
        model.realizePosition(state)
        lengths[frame] = [muscle.getLength(state) for muscle in muscles]
        for column, unit in coupled_speeds.items():
            speeds[to_state] = unit[frame]
            set_speeds(state, speeds)
            model.realizeVelocity(state)
            gradients[frame, movers[column], column] = [muscles[i].getLengtheningSpeed(state) for i in movers[column]]
    return lengths, gradients


def full_forces(path: Path, angles: np.ndarray, speeds: np.ndarray) -> np.ndarray:
    """Return the forces (T, A) N of fully active muscles with stiff tendons, as OpenSim's StaticOptimization has them.

    Args:
        path: the model (.osim).
        angles: (T, J) rad and m.
        speeds: (T, J) rad/s and m/s.
    """
    model = open_model(path)
    state = model.initSystem()
    to_state, muscles = state_columns(model, state), _muscles(model)
    forces = np.zeros((len(angles), len(muscles)))
    positions, velocities = np.zeros(len(to_state)), np.zeros(len(to_state))
    for frame, row in enumerate(coupled(model, angles)):
        positions[to_state], velocities[to_state] = row, speeds[frame]
        set_positions(state, positions)
        set_speeds(state, velocities)
        model.realizeVelocity(state)
        forces[frame] = [muscle.calcInextensibleTendonActiveFiberForce(state, 1.0) for muscle in muscles]
    return forces


def _muscles(model: Model) -> list[opensim.Muscle]:
    return [model.getMuscles().get(index) for index in range(model.getMuscles().getSize())]


def _millard(path: Path, muscle: opensim.Muscle) -> opensim.Millard2012EquilibriumMuscle:
    millard = opensim.Millard2012EquilibriumMuscle.safeDownCast(muscle)
    if millard is None:
        found, expected = muscle.getConcreteClassName(), "Millard2012EquilibriumMuscle"
        raise BadInput(path, muscle.getName(), found, expected, "use the engine opensim")
    return millard


def _values(curves: Sequence[opensim.Function], arguments: np.ndarray) -> np.ndarray:
    """Return the curves' values (A, P) at arguments (P,)."""
    return np.array([[curve.calcValue(argument) for argument in arguments.tolist()] for curve in curves])
