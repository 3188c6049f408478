"""The coordinates of a model: their bounds and defaults, what holds them, and their columns in files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import opensim

from kinesynth.errors import BadInput
from kinesynth.opensim_models.couplers import couplers
from kinesynth.opensim_models.markers import marker_bodies
from kinesynth.opensim_models.opened import Model, State, coordinate_names


@dataclass(frozen=True)
class CoordinateFacts:
    """What a model says of a coordinate.

    Attributes:
        name: of it.
        is_rotation: whether it turns only; those that also shift a joint are none.
        low: minimum of its range, rad or m.
        high: maximum.
        default: value, rad or m.
        held: whether it is locked or prescribed.
    """

    name: str
    is_rotation: bool
    low: float
    high: float
    default: float
    held: bool


def coordinate_facts(model: Model, state: State) -> tuple[CoordinateFacts, ...]:
    """Return what the model says of each coordinate, in CoordinateSet order."""
    return tuple(
        CoordinateFacts(
            name=coordinate.getName(),
            is_rotation=is_rotation(coordinate),
            low=coordinate.getRangeMin(),
            high=coordinate.getRangeMax(),
            default=coordinate.getDefaultValue(),
            held=bool(coordinate.getDefaultLocked() or coordinate.isPrescribed(state)),
        )
        for coordinate in model.getCoordinateSet()
    )


def is_rotation(coordinate: opensim.Coordinate) -> bool:
    """Tell rotations from translations and from coordinates that move a joint in both ways (a knee's)."""
    return bool(coordinate.getMotionType() == opensim.Coordinate.Rotational)


def is_translation(coordinate: opensim.Coordinate) -> bool:
    """Tell translations from rotations and from coordinates that move a joint in both ways (a knee's)."""
    return bool(coordinate.getMotionType() == opensim.Coordinate.Translational)


def default_pose(model: Model) -> dict[str, float]:
    """Return the model's default coordinates in rad and m."""
    return {name: model.getCoordinateSet().get(name).getDefaultValue() for name in coordinate_names(model)}


def coordinate_ranges(model: Model) -> np.ndarray:
    """Return the ranges (J, 2) rad and m."""
    return np.array([(item.getRangeMin(), item.getRangeMax()) for item in model.getCoordinateSet()])


def coordinate_bounds(model: Model) -> np.ndarray:
    """Return the bounds (J, 2) within which the tools search: infinite where not clamped, equal where locked."""
    bounds = np.empty((model.getCoordinateSet().getSize(), 2))
    for index, coordinate in enumerate(model.getCoordinateSet()):
        default = coordinate.getDefaultValue()
        if coordinate.getDefaultLocked():
            bounds[index] = default, default
        elif coordinate.getDefaultClamped():
            bounds[index] = coordinate.getRangeMin(), coordinate.getRangeMax()
        else:
            bounds[index] = -np.inf, np.inf
    return bounds


def lock(model: Model, coordinates: Sequence[str]) -> None:
    """Hold coordinates at their defaults."""
    for name in coordinates:
        model.updCoordinateSet().get(name).setDefaultLocked(True)


def unconstrained(model: Model, state: State) -> tuple[str, ...]:
    """Return the coordinates that are neither coupled, locked nor prescribed."""
    return tuple(item.getName() for item in model.getCoordinateSet() if not item.isConstrained(state))


def chain(model: Model, body: str) -> list[str]:
    """Return the coordinates between ground and a body."""
    joints = {joint.getChildFrame().findBaseFrame().getName(): joint for joint in model.getJointSet()}
    names: list[str] = []
    while body in joints:
        joint = joints[body]
        names += [joint.get_coordinates(index).getName() for index in range(joint.numCoordinates())]
        body = joint.getParentFrame().findBaseFrame().getName()
    return names


def unobserved(model: Model, markers: Sequence[str]) -> list[str]:
    """Return the independent coordinates that move no body with one of the markers."""
    bodies = marker_bodies(model)
    moved = {name for carrier in {bodies[marker] for marker in markers} for name in chain(model, carrier)}
    dependent = {coupler.dependent for coupler in couplers(model)}
    return [name for name in coordinate_names(model) if name not in moved | dependent]


def check_coordinates(model: Model, names: Sequence[str]) -> None:
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


def from_storage(model: Model, values: Mapping[str, np.ndarray], in_degrees: bool) -> np.ndarray:
    """Return coordinates (T, J) in radians and metres from a storage's columns.

    OpenSim's tools convert rotational coordinates only: translations and coupled ones stand in a file as they are.
    """
    columns = []
    for coordinate in model.getCoordinateSet():
        column = np.asarray(values[coordinate.getName()], dtype=float)
        columns.append(np.deg2rad(column) if in_degrees and is_rotation(coordinate) else column)
    return np.stack(columns, axis=-1)


def unwrap(model: Model, angles: np.ndarray) -> np.ndarray:
    """Return `angles` (T, J) without jumps by whole turns, except where these would leave a coordinate's limits."""
    result = angles.copy()
    for index, coordinate in enumerate(model.getCoordinateSet()):
        if not is_rotation(coordinate):
            continue
        column = np.unwrap(angles[:, index])
        inside = coordinate.getRangeMin() <= column.min() and column.max() <= coordinate.getRangeMax()
        if inside or not coordinate.getDefaultClamped():
            result[:, index] = column
    return result
