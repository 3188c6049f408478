"""Muscles, the surfaces they wrap around, and torque actuators, from rows of their tables."""

from collections.abc import Iterable

import opensim

from kinesynth.opensim_models.build.rows import Row, grouped, numbers
from kinesynth.opensim_models.opened import Model

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


def add_wrap_surfaces(model: Model, rows: Iterable[Row]) -> None:
    """Add the cylinders and spheres of wraps.csv to their bodies."""
    for row in rows:
        surface = _WRAPS[row["shape"]]()
        surface.setName(row["wrap"])
        surface.set_translation(opensim.Vec3(*numbers(row, "x", "y", "z")))
        surface.set_xyz_body_rotation(opensim.Vec3(*numbers(row, "rx", "ry", "rz")))
        surface.set_quadrant(row["quadrant"])
        surface.set_radius(float(row["radius"]))
        if row["shape"] == "cylinder":
            surface.set_length(float(row["length"]))
        model.getBodySet().get(row["body"]).addWrapObject(surface)


def add_muscles(
    model: Model, rows: Iterable[Row], path_points: Iterable[Row], path_wraps: Iterable[Row], surfaces: Iterable[Row]
) -> None:
    """Add the muscles of muscles.csv with the paths of path_points.csv and path_wraps.csv."""
    points, wraps = grouped(path_points, "muscle"), grouped(path_wraps, "muscle")
    wrap_bodies = {row["wrap"]: row["body"] for row in surfaces}
    for row in rows:
        name = row["muscle"]
        muscle = _muscle(row)
        model.addForce(muscle)
        for point in points[name]:
            body = model.getBodySet().get(point["body"])
            muscle.addNewPathPoint(f"{name}-P{point['point']}", body, opensim.Vec3(*numbers(point, "x", "y", "z")))
        for wrap in wraps.get(name, ()):
            _add_wrap(muscle, model.getBodySet().get(wrap_bodies[wrap["wrap"]]), wrap)


def add_actuators(model: Model, rows: Iterable[Row]) -> None:
    """Add the torque actuators of actuators.csv, for coordinates that no muscle drives."""
    for row in rows:
        actuator = opensim.CoordinateActuator(row["coordinate"])
        actuator.setName(row["actuator"])
        actuator.setOptimalForce(float(row["optimal_force"]))
        model.addForce(actuator)


def _muscle(row: Row) -> opensim.Muscle:
    muscle = opensim.Millard2012EquilibriumMuscle(row["muscle"], *numbers(row, *_FIBRE))
    muscle.setFiberDamping(_FIBRE_DAMPING)
    muscle.setMinimumActivation(_MINIMUM_ACTIVATION)
    muscle.setDefaultActivation(_MINIMUM_ACTIVATION)
    muscle.setActiveForceLengthCurve(opensim.ActiveForceLengthCurve(*_ACTIVE_FORCE_LENGTH))
    muscle.setFiberForceLengthCurve(opensim.FiberForceLengthCurve(*numbers(row, *_PASSIVE)))
    return muscle


def _add_wrap(muscle: opensim.Muscle, body: opensim.Body, row: Row) -> None:
    """Let `muscle` wrap around a surface of `body` between two of its points (from 1; -1 stands for either end)."""
    path = opensim.GeometryPath.safeDownCast(muscle.updPath())
    path.addPathWrap(body.getWrapObject(row["wrap"]))
    wraps = path.updWrapSet()
    wrap = wraps.get(wraps.getSize() - 1)
    wrap.setName(f"{row['muscle']}_{row['wrap']}")
    wrap.set_method(row["method"])
    wrap.set_range(0, int(row["first_point"]))
    wrap.set_range(1, int(row["last_point"]))
