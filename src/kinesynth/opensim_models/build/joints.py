"""Bodies, joints, coordinates and couplers, from rows of their tables."""

from collections.abc import Iterable, Mapping, Sequence

import opensim

from kinesynth.opensim_models.build.rows import Row, grouped, numbers
from kinesynth.opensim_models.opened import Model

Functions = Mapping[str, opensim.Function]

_INERTIA = tuple(f"inertia_{axes}" for axes in ("xx", "yy", "zz", "xy", "xz", "yz"))
_AXES = ("rotation1", "rotation2", "rotation3", "translation1", "translation2", "translation3")


def add_bodies(model: Model, rows: Iterable[Row]) -> None:
    """Add the bodies of bodies.csv."""
    for row in rows:
        mass_centre = opensim.Vec3(*numbers(row, "mass_centre_x", "mass_centre_y", "mass_centre_z"))
        inertia = opensim.Inertia(*numbers(row, *_INERTIA))
        model.addBody(opensim.Body(row["body"], float(row["mass"]), mass_centre, inertia))


def add_joints(
    model: Model, rows: Iterable[Row], axes: Iterable[Row], coordinates: Iterable[Row], functions: Functions
) -> None:
    """Add the joints of joints.csv with their coordinates.

    A custom joint takes its axes from axes.csv and functions.csv; the coordinates of the other joints are, in order,
    those that coordinates.csv lists for them.
    """
    axes_of, coordinates_of = grouped(axes, "joint"), grouped(coordinates, "joint")
    for row in rows:
        name = row["joint"]
        kind = getattr(opensim, row["type"].capitalize() + "Joint")
        transform = [_spatial_transform(axes_of[name], functions)] if row["type"] == "custom" else []
        joint = kind(name, *_frame(model, row, "parent"), *_frame(model, row, "child"), *transform)
        model.addJoint(joint)  # which gives a custom joint its coordinates
        for index, coordinate in enumerate(coordinates_of.get(name, ())):
            _set_coordinate(joint.upd_coordinates(index), coordinate)


def add_couplers(model: Model, rows: Iterable[Row], functions: Functions) -> None:
    """Add the constraints of couplers.csv, by which one coordinate follows another."""
    for row in rows:
        independent = opensim.ArrayStr()
        independent.append(row["independent"])
        coupler = opensim.CoordinateCouplerConstraint()
        coupler.setName(f"{row['dependent']}_coupler")
        coupler.setIndependentCoordinateNames(independent)
        coupler.setDependentCoordinateName(row["dependent"])
        coupler.setFunction(functions[row["function"]])
        model.addConstraint(coupler)


def read_functions(rows: Iterable[Row]) -> dict[str, opensim.Function]:
    """Return the OpenSim functions of functions.csv by name, with `identity` and `zero`."""
    functions = {"identity": opensim.LinearFunction(1.0, 0.0), "zero": opensim.Constant(0.0)}
    for name, own in grouped(rows, "function").items():
        functions[name] = _function(own[0]["kind"], own)
    return functions


def _function(kind: str, rows: Sequence[Row]) -> opensim.Function:
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


def _spatial_transform(rows: Sequence[Row], functions: Functions) -> opensim.SpatialTransform:
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


def _frame(model: Model, row: Row, end: str) -> tuple[opensim.PhysicalFrame, opensim.Vec3, opensim.Vec3]:
    """Return the body that the joint's `end` sits on, and the joint frame's place and orientation in it."""
    body = model.getGround() if row[end] == "ground" else model.getBodySet().get(row[end])
    place = opensim.Vec3(*numbers(row, f"{end}_x", f"{end}_y", f"{end}_z"))
    return body, place, opensim.Vec3(*numbers(row, f"{end}_rx", f"{end}_ry", f"{end}_rz"))


def _set_coordinate(coordinate: opensim.Coordinate, row: Row) -> None:
    coordinate.setName(row["coordinate"])
    coordinate.setDefaultValue(float(row["default"]))
    coordinate.setRangeMin(float(row["minimum"]))
    coordinate.setRangeMax(float(row["maximum"]))
    coordinate.setDefaultClamped(row["clamped"] == "yes")
    coordinate.setDefaultLocked(row["locked"] == "yes")
