"""A whole model from its tables."""

from collections.abc import Iterable, Mapping, Sequence

import opensim

from kinesynth.opensim_models.build.joints import add_bodies, add_couplers, add_joints, read_functions
from kinesynth.opensim_models.build.muscles import add_actuators, add_muscles, add_wrap_surfaces
from kinesynth.opensim_models.build.rows import Row, numbers
from kinesynth.opensim_models.opened import Model

TABLES = (
    *("bodies", "joints", "axes", "coordinates", "functions", "couplers"),
    *("wraps", "muscles", "path_points", "path_wraps", "actuators", "contacts", "markers"),
)
"""What a model is built from."""


def model_of(name: str, tables: Mapping[str, Sequence[Row]]) -> Model:
    """Return a model of a name, from the rows of `TABLES`: each side's its own."""
    model = opensim.Model()
    model.setName(name)
    functions = read_functions(tables["functions"])
    add_bodies(model, tables["bodies"])
    add_joints(model, tables["joints"], tables["axes"], tables["coordinates"], functions)
    add_couplers(model, tables["couplers"], functions)
    add_wrap_surfaces(model, tables["wraps"])
    add_muscles(model, tables["muscles"], tables["path_points"], tables["path_wraps"], tables["wraps"])
    add_actuators(model, tables["actuators"])
    _add_contacts(model, tables["contacts"])
    _add_markers(model, tables["markers"])
    model.finalizeConnections()
    return model


def _add_contacts(model: Model, rows: Iterable[Row]) -> None:
    """Add contact spheres, where the feet may touch the floor."""
    for row in rows:
        place = opensim.Vec3(*numbers(row, "x", "y", "z"))
        body = model.getBodySet().get(row["body"])
        model.addContactGeometry(opensim.ContactSphere(float(row["radius"]), place, body, row["contact"]))


def _add_markers(model: Model, rows: Iterable[Row]) -> None:
    for row in rows:
        body = model.getBodySet().get(row["body"])
        model.addMarker(opensim.Marker(row["marker"], body, opensim.Vec3(*numbers(row, "x", "y", "z"))))
