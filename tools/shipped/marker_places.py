"""How `skeleton/tables/markers.csv` was made: the mean body laid over the generic skeleton.

The skeleton is scaled so that its joint centres lie as far apart as the mean body's, and posed so that they coincide;
the turn of each segment about its own axis is taken from published landmarks (`tables/guides.csv`). Each virtual
marker's place on its body is read off and the scale taken out again. Where a measurement needs other landmarks, its
factor is thus 1 on the mean body, whose flesh over the bones counts as the generic subject's.

    python -m tools.shipped.marker_places BODY.npz GENERIC.osim MARKERS.csv
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kinesynth.atomic import write_text
from kinesynth.body.measurements import measurements
from kinesynth.body.model import load_body
from kinesynth.body.static_pose import static_markers
from kinesynth.body.virtual_markers import resolve_markers
from kinesynth.isolation import isolated
from kinesynth.kinematics.scaling_protocol import JOINT_CENTRES, NEUTRAL_WHEN_STATIC, table
from kinesynth.kinematics.static_pose import looking_ahead
from kinesynth.skeleton.marker_weights import marker_weights

if TYPE_CHECKING:
    from kinesynth.opensim_models.opened import Model

ACCURACY = 1e-8
MIRROR = np.array([1.0, 1.0, -1.0])


def coregister(body: Path, skeleton: Path, output: Path) -> None:
    """Write the table of markers (marker, body, x, y, z in m, source), rounded to 1 mm and mirrored exactly.

    Args:
        body: body model in SMPL-X's schema, whose mean shape is used.
        skeleton: the generic OpenSim model.
        output: the table to write.
    """
    layout = resolve_markers(load_body(body))
    carriers = dict(zip(layout.names, layout.bodies, strict=True))
    static = static_markers(body, np.zeros(10))
    log = output.with_suffix(".log").absolute()
    positions = isolated(_places, skeleton.absolute(), static, carriers, timeout_seconds=300, log=log)
    lines = ["marker,body,x,y,z,source"]
    for name, carrier in carriers.items():
        x, y, z = _symmetric(name, positions).round(3) + 0.0
        lines.append(f"{name},{carrier},{x:.3f},{y:.3f},{z:.3f},mean body laid over the skeleton")
    write_text(output, "\n".join(lines) + "\n")


def _symmetric(name: str, positions: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the mean of a marker's place and its counterpart's mirror image; a midline marker is its own."""
    other = {"R": "L", "L": "R"}.get(name[0], "") + name[1:]
    return np.asarray((positions[name] + MIRROR * positions.get(other, positions[name])) / 2)


def _places(skeleton: Path, static: Mapping[str, np.ndarray], carriers: Mapping[str, str]) -> dict[str, np.ndarray]:
    """Return each marker's place (3,) m on its unscaled body. Runs in a process of its own."""
    from kinesynth.opensim_models.coordinates import default_pose, lock
    from kinesynth.opensim_models.ik_tool import solve_angles
    from kinesynth.opensim_models.markers import marker_positions, place_on_body
    from kinesynth.opensim_models.opened import coordinate_names, default_state, light_model
    from kinesynth.opensim_models.posing import set_pose

    model = light_model(skeleton)
    lock(model, NEUTRAL_WHEN_STATIC)
    weights = _add_guides(model)
    factors = _scale_by_guides(model, static)
    guides = np.array([[static[name] for name in weights]])
    pose = solve_angles(model, list(weights), guides, 1.0, weights, default_pose(model), ACCURACY)[0]
    pose = looking_ahead(coordinate_names(model), pose)
    state = default_state(model)
    set_pose(model, state, pose)
    reached = marker_positions(model, state)
    for name in weights:
        sys.stdout.write(f"{name} off by {np.round(1000 * (reached[name] - static[name]))} mm\n")  # goes to the log
    return {
        name: place_on_body(model, state, carrier, static[name]) / factors[carrier]
        for name, carrier in carriers.items()
    }


def _add_guides(model: "Model") -> dict[str, float]:
    """Replace the model's markers by joint centres and published landmarks, and return their weights."""
    from kinesynth.opensim_models.markers import add_markers, remove_all_markers

    guides: dict[str, tuple[str, np.ndarray]] = {}
    for row in table("guides.csv"):
        sides = "RL" if row["marker"].startswith("R") else " "
        for side in sides:
            name = row["marker"] if side == " " else side + row["marker"][1:]
            place = np.array([float(row[axis]) for axis in "xyz"]) * (MIRROR if side == "L" else 1.0)
            guides[name] = row["body"].replace("_r", "_l") if side == "L" else row["body"], place
    for centre, carrier in JOINT_CENTRES.items():
        for side in "RL":
            guides[side + centre] = f"{carrier}_{side.lower()}", np.zeros(3)
    remove_all_markers(model)
    add_markers(model, guides)
    return marker_weights(list(guides), "static")


def _scale_by_guides(model: "Model", static: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Scale the model by those measurements that join guides, and return each body's factors (3,)."""
    from kinesynth.opensim_models.markers import marker_positions
    from kinesynth.opensim_models.opened import body_names, default_state
    from kinesynth.opensim_models.scaling import scale_bodies

    guides = marker_positions(model, default_state(model))
    factors = {name: np.ones(3) for name in body_names(model)}
    for measurement in measurements():
        if not all(guides.keys() >= set(pair) for pair in measurement.pairs):
            continue
        ratios = [
            np.linalg.norm(static[first] - static[second]) / np.linalg.norm(guides[first] - guides[second])
            for first, second in measurement.pairs
        ]
        for body in measurement.bodies:
            factors[body][["XYZ".index(axis) for axis in measurement.axes]] = np.mean(ratios)
    scale_bodies(model, factors)
    return factors


if __name__ == "__main__":
    coregister(*map(Path, sys.argv[1:]))
