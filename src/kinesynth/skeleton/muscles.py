"""Muscles, the surfaces they wrap around, and torque actuators, from their tables. Runs where OpenSim is loaded."""

from itertools import groupby
from typing import Any

import opensim

from kinesynth.skeleton.tables import Row, both_sides, numbers

_FIBRE = ("max_isometric_force", "optimal_fiber_length", "tendon_slack_length", "pennation_angle")
_PASSIVE = tuple(
    f"passive_{name}"
    for name in (
        "strain_at_zero_force",
        "strain_at_one_norm_force",
        "stiffness_at_low_force",
        "stiffness_at_one_norm_force",
        "curviness",
    )
)
# Active force over fibre length, the same for all muscles (Rajagopal 2016): normalised fibre lengths where it starts,
# bends and ends, the slope of its shallow part, and its least value.
_ACTIVE_FORCE_LENGTH = (0.25, 0.77, 1.9, 0.75, 0.0)
_WRAPS = {"cylinder": opensim.WrapCylinder, "sphere": opensim.WrapSphere}
_FIBRE_DAMPING = 0.1  # Millard 2013
_MINIMUM_ACTIVATION = 0.01


def add_wrap_surfaces(model: Any) -> None:
    """Add the cylinders and spheres of wraps.csv to their bodies."""
    for row in both_sides("wraps"):
        surface = _WRAPS[row["shape"]]()
        surface.setName(row["wrap"])
        surface.set_translation(opensim.Vec3(*numbers(row, "x", "y", "z")))
        surface.set_xyz_body_rotation(opensim.Vec3(*numbers(row, "rx", "ry", "rz")))
        surface.set_quadrant(row["quadrant"])
        surface.set_radius(float(row["radius"]))
        if row["shape"] == "cylinder":
            surface.set_length(float(row["length"]))
        model.getBodySet().get(row["body"]).addWrapObject(surface)


def add_muscles(model: Any) -> None:
    """Add the muscles of muscles.csv with the paths of path_points.csv and path_wraps.csv."""
    points, wraps = _by_muscle("path_points"), _by_muscle("path_wraps")
    wrap_bodies = {row["wrap"]: row["body"] for row in both_sides("wraps")}
    for row in both_sides("muscles"):
        name = row["muscle"]
        muscle = _muscle(row)
        model.addForce(muscle)
        for point in points[name]:
            body = model.getBodySet().get(point["body"])
            muscle.addNewPathPoint(f"{name}-P{point['point']}", body, opensim.Vec3(*numbers(point, "x", "y", "z")))
        for wrap in wraps.get(name, ()):
            _add_wrap(muscle, model.getBodySet().get(wrap_bodies[wrap["wrap"]]), wrap)


def add_actuators(model: Any) -> None:
    """Add the torque actuators of actuators.csv, for coordinates that no muscle drives."""
    for row in both_sides("actuators"):
        actuator = opensim.CoordinateActuator(row["coordinate"])
        actuator.setName(row["actuator"])
        actuator.setOptimalForce(float(row["optimal_force"]))
        model.addForce(actuator)


def _muscle(row: Row) -> Any:
    muscle = opensim.Millard2012EquilibriumMuscle(row["muscle"], *numbers(row, *_FIBRE))
    muscle.setFiberDamping(_FIBRE_DAMPING)
    muscle.setMinimumActivation(_MINIMUM_ACTIVATION)
    muscle.setDefaultActivation(_MINIMUM_ACTIVATION)
    muscle.setActiveForceLengthCurve(opensim.ActiveForceLengthCurve(*_ACTIVE_FORCE_LENGTH))
    muscle.setFiberForceLengthCurve(opensim.FiberForceLengthCurve(*numbers(row, *_PASSIVE)))
    return muscle


def _add_wrap(muscle: Any, body: Any, row: Row) -> None:
    """Let `muscle` wrap around a surface of `body` between two of its points (from 1; -1 stands for either end)."""
    path = opensim.GeometryPath.safeDownCast(muscle.updPath())
    path.addPathWrap(body.getWrapObject(row["wrap"]))
    wraps = path.updWrapSet()
    wrap = wraps.get(wraps.getSize() - 1)
    wrap.setName(f"{row['muscle']}_{row['wrap']}")
    wrap.set_method(row["method"])
    wrap.set_range(0, int(row["first_point"]))
    wrap.set_range(1, int(row["last_point"]))


def _by_muscle(table: str) -> dict[str, list[Row]]:
    return {muscle: list(rows) for muscle, rows in groupby(both_sides(table), key=lambda row: row["muscle"])}
