"""Bodies, joints, coordinates and couplers of the skeleton, from their tables. Runs where OpenSim is loaded."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

import opensim

from kinesynth.skeleton.tables import Row, both_sides, numbers, read_table

_INERTIA = tuple(f"inertia_{axes}" for axes in ("xx", "yy", "zz", "xy", "xz", "yz"))
_AXES = ("rotation1", "rotation2", "rotation3", "translation1", "translation2", "translation3")


def add_bodies(model: Any) -> None:
    """Add the bodies of bodies.csv."""
    for row in both_sides("bodies"):
        mass_centre = opensim.Vec3(*numbers(row, "mass_centre_x", "mass_centre_y", "mass_centre_z"))
        inertia = opensim.Inertia(*numbers(row, *_INERTIA))
        model.addBody(opensim.Body(row["body"], float(row["mass"]), mass_centre, inertia))


def add_joints(model: Any) -> None:
    """Add the joints of joints.csv with their coordinates.

    A custom joint takes its axes from axes.csv and functions.csv; the coordinates of the other joints are, in order,
    those that coordinates.csv lists for them.
    """
    functions = read_functions()
    axes = _grouped(both_sides("axes"), "joint")
    coordinates = _grouped(both_sides("coordinates"), "joint")
    for row in both_sides("joints"):
        name = row["joint"]
        kind = getattr(opensim, row["type"].capitalize() + "Joint")
        transform = [_spatial_transform(axes[name], functions)] if row["type"] == "custom" else []
        joint = kind(name, *_frame(model, row, "parent"), *_frame(model, row, "child"), *transform)
        model.addJoint(joint)  # which gives a custom joint its coordinates
        for index, coordinate in enumerate(coordinates.get(name, ())):
            _set_coordinate(joint.upd_coordinates(index), coordinate)


def add_couplers(model: Any) -> None:
    """Add the constraints of couplers.csv, by which one coordinate follows another."""
    functions = read_functions()
    for row in both_sides("couplers"):
        independent = opensim.ArrayStr()
        independent.append(row["independent"])
        coupler = opensim.CoordinateCouplerConstraint()
        coupler.setName(f"{row['dependent']}_coupler")
        coupler.setIndependentCoordinateNames(independent)
        coupler.setDependentCoordinateName(row["dependent"])
        coupler.setFunction(functions[row["function"]])
        model.addConstraint(coupler)


def read_functions() -> dict[str, Any]:
    """Return the OpenSim functions of functions.csv by name, with `identity` and `zero`."""
    functions: dict[str, Any] = {"identity": opensim.LinearFunction(1.0, 0.0), "zero": opensim.Constant(0.0)}
    for name, rows in _grouped(read_table("functions"), "function").items():
        functions[name] = _function(rows[0]["kind"], rows)
    return functions


def _function(kind: str, rows: list[Row]) -> Any:
    """Return one function: a constant y, knots (x, y) of a natural cubic spline, or coefficients y of the powers x."""
    heights = [float(row["y"]) for row in rows]
    match kind:
        case "constant":
            return opensim.Constant(heights[0])
        case "polynomial":
            return opensim.PolynomialFunction(opensim.Vector(heights))
        case "spline":
            spline = opensim.SimmSpline()
            for row, height in zip(rows, heights, strict=True):
                spline.addPoint(float(row["x"]), height)
            return spline
        case _:
            raise ValueError(f"functions.csv: unknown kind {kind}")


def _spatial_transform(rows: list[Row], functions: dict[str, Any]) -> Any:
    transform = opensim.SpatialTransform()
    for row in rows:
        axis = transform.updTransformAxis(_AXES.index(row["axis"]))
        axis.setAxis(opensim.Vec3(*numbers(row, "x", "y", "z")))
        if row["coordinate"]:
            names = opensim.ArrayStr()
            names.append(row["coordinate"])
            axis.setCoordinateNames(names)
        axis.set_function(functions[row["function"]])
    return transform


def _frame(model: Any, row: Row, end: str) -> tuple[Any, Any, Any]:
    """Return the body that the joint's `end` sits on, and the joint frame's place and orientation in it."""
    body = model.getGround() if row[end] == "ground" else model.getBodySet().get(row[end])
    place = opensim.Vec3(*numbers(row, f"{end}_x", f"{end}_y", f"{end}_z"))
    return body, place, opensim.Vec3(*numbers(row, f"{end}_rx", f"{end}_ry", f"{end}_rz"))


def _set_coordinate(coordinate: Any, row: Row) -> None:
    coordinate.setName(row["coordinate"])
    coordinate.setDefaultValue(float(row["default"]))
    coordinate.setRangeMin(float(row["minimum"]))
    coordinate.setRangeMax(float(row["maximum"]))
    coordinate.setDefaultClamped(row["clamped"] == "yes")
    coordinate.setDefaultLocked(row["locked"] == "yes")


def _grouped(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    """Return neighbouring rows that agree in `column`, by its value."""
    return {value: list(run) for value, run in groupby(rows, key=lambda row: row[column])}
