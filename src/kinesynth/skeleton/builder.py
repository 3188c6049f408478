"""The generic skeleton: a full-body OpenSim model made from the tables beside this file.

Kinesynth-112: 23 bodies, 42 coordinates and 112 muscles. Bones and the 80 leg muscles have the figures of Rajagopal
2016 as corrected by Lai 2017 (knee, high flexion) and Uhlrich 2022 (passive forces, hip abductor paths); the head is
split from the torso by de Leva 1996; 6 trunk muscles are Hamner 2010's, 13 per arm Saul 2015's, laid on a shoulder
without girdle. Torques drive neck and wrists; weak ones stand by everywhere above the pelvis.
"""

from pathlib import Path
from typing import Any

from kinesynth.atomic import atomic_path
from kinesynth.isolation import isolated
from kinesynth.skeleton.tables import both_sides, numbers, read_table

MODEL_NAME = "kinesynth"


def build_skeleton(*, output: Path, log: Path = Path("build_skeleton.log")) -> None:
    """Write the generic skeleton, the model that subjects are scaled from.

    Args:
        output: the OpenSim model (.osim) to write.
        log: where OpenSim's messages go.
    """
    isolated(print_model, output.absolute(), timeout_seconds=120.0, log=log)


def print_model(output: Path) -> None:
    """Build the model and write it to `output`. Runs where OpenSim is loaded."""
    model = build_model()
    with atomic_path(output) as temporary:
        if not model.printToXML(str(temporary)):
            raise RuntimeError(f"OpenSim could not write {temporary}")


def build_model() -> Any:
    """Return the generic skeleton as an `opensim.Model`."""
    import opensim

    from kinesynth.skeleton.joints import add_bodies, add_couplers, add_joints
    from kinesynth.skeleton.muscles import add_actuators, add_muscles, add_wrap_surfaces

    model = opensim.Model()
    model.setName(MODEL_NAME)
    add_bodies(model)
    add_joints(model)
    add_couplers(model)
    add_wrap_surfaces(model)
    add_muscles(model)
    add_actuators(model)
    add_contacts(model)
    add_markers(model)
    model.finalizeConnections()
    return model


def add_contacts(model: Any) -> None:
    """Add the contact spheres of contacts.csv, where the feet may touch the floor."""
    import opensim

    for row in both_sides("contacts"):
        place = opensim.Vec3(*numbers(row, "x", "y", "z"))
        body = model.getBodySet().get(row["body"])
        model.addContactGeometry(opensim.ContactSphere(float(row["radius"]), place, body, row["contact"]))


def add_markers(model: Any) -> None:
    """Add the markers of markers.csv, which lists both sides."""
    import opensim

    for row in read_table("markers"):
        body = model.getBodySet().get(row["body"])
        model.addMarker(opensim.Marker(row["marker"], body, opensim.Vec3(*numbers(row, "x", "y", "z"))))
