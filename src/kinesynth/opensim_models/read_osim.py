"""Reads a model into arrays: those of a `kinesynth.skeleton.definition.SkeletonDefinition`."""

from pathlib import Path
from typing import Any

import numpy as np
import opensim

from kinesynth.errors import BadInput
from kinesynth.opensim_models.coordinates import coordinate_ranges, default_pose, is_translation
from kinesynth.opensim_models.functions import FunctionTable
from kinesynth.opensim_models.masses import read_masses
from kinesynth.opensim_models.opened import Model, body_names, coordinate_names, muscle_names, open_with_state
from kinesynth.opensim_models.posing import matrix_of

_X, _Y, _Z = np.eye(3)
_AXES: dict[str, dict[int, np.ndarray]] = {  # axis slot -> axis, in the order of the joint's coordinates
    "WeldJoint": {},
    "PinJoint": {0: _Z},
    "SliderJoint": {3: _X},
    "UniversalJoint": {0: _X, 1: _Y},
    "GimbalJoint": {0: _X, 1: _Y, 2: _Z},
    "BallJoint": {0: _X, 1: _Y, 2: _Z},
    "PlanarJoint": {0: _Z, 3: _X, 4: _Y},
    "FreeJoint": {0: _X, 1: _Y, 2: _Z, 3: _X, 4: _Y, 5: _Z},
}
_FULL_CIRCLE = 2 * np.pi - 1e-6


def read_osim(path: Path) -> dict[str, Any]:
    """Return the attributes of the `SkeletonDefinition` of the model in `path`.

    Raises:
        BadInput: OpenSim cannot load the model, it is not a tree, or it has a joint, function or coupler of a kind
            unknown here.
    """
    model, _ = open_with_state(path)
    functions = FunctionTable(path)
    bodies = {name: index for index, name in enumerate(body_names(model))}
    coordinates = {name: index for index, name in enumerate(coordinate_names(model))}
    record = (
        _bodies(model)
        | _joints(path, model, bodies, coordinates, functions)
        | _coordinates(model)
        | _couplers(path, model, coordinates, functions)
        | _markers(model, bodies)
        | _contacts(model, bodies)
    )
    record["coordinate_free"] &= record["coupled_to"] < 0
    knots, coefficients = functions.arrays()
    return record | {"function_knots": knots, "function_coefficients": coefficients}


def _bodies(model: Model) -> dict[str, Any]:
    return {
        "body_names": body_names(model),
        "masses": read_masses(model).masses,
        "mass_centres": _rows([body.getMassCenter().to_numpy() for body in model.getBodySet()]),
        "muscle_names": muscle_names(model),
    }


def _joints(
    path: Path, model: Model, bodies: dict[str, int], coordinates: dict[str, int], functions: FunctionTable
) -> dict[str, Any]:
    count = len(bodies)
    parents = np.full(count, -1)
    names, types = [""] * count, [""] * count
    positions = {end: np.zeros((count, 3)) for end in ("parent", "child")}
    orientations = {end: np.tile(np.eye(3), (count, 1, 1)) for end in ("parent", "child")}
    axes = np.tile(np.concatenate([np.eye(3), np.eye(3)]), (count, 1, 1))
    axis_coordinates = np.full((count, 6), -1)
    axis_functions = np.full((count, 6), functions.zero)
    for joint in model.getJointSet():
        ends = {"parent": joint.getParentFrame(), "child": joint.getChildFrame()}
        body = bodies[ends["child"].findBaseFrame().getName()]
        if names[body]:
            raise BadInput(path, joint.getName(), f"a second joint to {names[body]}'s body", "a tree", "weld by joints")
        names[body], types[body] = joint.getName(), joint.getConcreteClassName()
        parents[body] = bodies.get(ends["parent"].findBaseFrame().getName(), -1)
        for end, frame in ends.items():
            transform = frame.findTransformInBaseFrame()
            positions[end][body] = transform.p().to_numpy()
            orientations[end][body] = matrix_of(transform.R())
        for slot, (axis, coordinate, function) in _joint_axes(path, joint, functions).items():
            axes[body, slot] = axis
            axis_coordinates[body, slot] = coordinates[coordinate] if coordinate else -1
            axis_functions[body, slot] = function
    return {
        "parents": parents,
        "joint_names": tuple(names),
        "joint_types": tuple(types),
        "parent_places": positions["parent"],
        "parent_orientations": orientations["parent"],
        "child_places": positions["child"],
        "child_orientations": orientations["child"],
        "axes": axes,
        "axis_coordinates": axis_coordinates,
        "axis_functions": axis_functions,
    }


def _joint_axes(path: Path, joint: Any, functions: FunctionTable) -> dict[int, tuple[np.ndarray, str, int]]:
    """Return, by slot, the axis, the name of its coordinate ("" for none) and the index of its function."""
    kind = joint.getConcreteClassName()
    if kind == "CustomJoint":
        return _custom_axes(joint, functions)
    if kind not in _AXES:
        raise BadInput(path, joint.getName(), kind, ", ".join(["CustomJoint", *_AXES]), "rebuild it as a CustomJoint")
    names = [joint.get_coordinates(index).getName() for index in range(joint.numCoordinates())]
    pairs = zip(_AXES[kind].items(), names, strict=True)
    return {slot: (axis, name, functions.identity) for (slot, axis), name in pairs}


def _custom_axes(joint: Any, functions: FunctionTable) -> dict[int, tuple[np.ndarray, str, int]]:
    transform = opensim.CustomJoint.safeDownCast(joint).getSpatialTransform()
    axes = {}
    for slot in range(6):
        axis = transform.getTransformAxis(slot)
        names = axis.getCoordinateNamesInArray()
        direction = np.array([axis.getAxis().get(index) for index in range(3)])
        function = functions.add(axis.getFunction()) if axis.hasFunction() else functions.zero
        name = names.get(0) if names.getSize() else ""
        axes[slot] = (direction / np.linalg.norm(direction), name, function)
    return axes


def _coordinates(model: Model) -> dict[str, Any]:
    ranges = _rows([*coordinate_ranges(model)], 2)
    translational = np.array([is_translation(item) for item in model.getCoordinateSet()], dtype=bool)
    return {
        "coordinate_names": coordinate_names(model),
        "coordinate_ranges": ranges,
        "coordinate_defaults": np.array(list(default_pose(model).values())),
        "coordinate_translational": translational,
        "coordinate_free": ~translational & (ranges[:, 1] - ranges[:, 0] >= _FULL_CIRCLE),
    }


def _couplers(path: Path, model: Model, coordinates: dict[str, int], functions: FunctionTable) -> dict[str, Any]:
    coupled_to = np.full(len(coordinates), -1)
    coupling_functions = np.full(len(coordinates), -1)
    for constraint in model.getConstraintSet():
        coupler = opensim.CoordinateCouplerConstraint.safeDownCast(constraint)
        kind = constraint.getConcreteClassName()
        if coupler is None or coupler.getIndependentCoordinateNames().getSize() != 1:
            expected = "a CoordinateCouplerConstraint of one coordinate"
            raise BadInput(path, constraint.getName(), kind, expected, "remove the constraint")
        dependent = coordinates[coupler.getDependentCoordinateName()]
        coupled_to[dependent] = coordinates[coupler.getIndependentCoordinateNames().get(0)]
        factor = float(coupler.getPropertyByName("scale_factor").toString())
        coupling_functions[dependent] = functions.add(coupler.getFunction(), factor)
    return {"coupled_to": coupled_to, "coupling_functions": coupling_functions}


def _markers(model: Model, bodies: dict[str, int]) -> dict[str, Any]:
    """Return the markers that sit on bodies."""
    placed = [(item.getName(), item.getParentFrame(), item.get_location()) for item in model.getMarkerSet()]
    return _points("marker", placed, bodies)


def _contacts(model: Model, bodies: dict[str, int]) -> dict[str, Any]:
    """Return the contact spheres that sit on bodies."""
    spheres = [opensim.ContactSphere.safeDownCast(geometry) for geometry in model.getContactGeometrySet()]
    placed = [(item.getName(), item.getFrame(), item.get_location()) for item in spheres if item is not None]
    radii = {item.getName(): item.getRadius() for item in spheres if item is not None}
    points = _points("contact", placed, bodies)
    return points | {"contact_radii": np.array([radii[name] for name in points["contact_names"]])}


def _points(kind: str, placed: list[tuple[str, Any, Any]], bodies: dict[str, int]) -> dict[str, Any]:
    """Return names, bodies and places of points given as (name, frame, location); those on the ground are left out."""
    on_bodies = [item for item in placed if item[1].findBaseFrame().getName() in bodies]
    return {
        f"{kind}_names": tuple(name for name, _, _ in on_bodies),
        f"{kind}_bodies": np.array([bodies[frame.findBaseFrame().getName()] for _, frame, _ in on_bodies], dtype=int),
        f"{kind}_places": _rows([_place(frame, location) for _, frame, location in on_bodies]),
    }


def _place(frame: Any, location: Any) -> np.ndarray:
    """Return a location in `frame` as one in the body that the frame sits on."""
    transform = frame.findTransformInBaseFrame()
    place: np.ndarray = transform.p().to_numpy() + matrix_of(transform.R()) @ location.to_numpy()
    return place


def _rows(rows: list[Any], width: int = 3) -> np.ndarray:
    return np.array(rows, dtype=float).reshape(-1, width)
