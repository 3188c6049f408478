"""Where an OpenSim model's bodies are, frame by frame. Runs in a process of its own, because OpenSim may end it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kinesynth.errors import BadInput

LIMB_BODIES = tuple(
    f"{body}_{side}"
    for side in "rl"
    for body in ("femur", "tibia", "talus", "calcn", "toes", "humerus", "ulna", "radius", "hand")
)
BODIES = ("pelvis", "torso", "head", *LIMB_BODIES)
PART_OF = {"head": "torso"}  # in models of the family that have no body of that name
# the T-pose of a Rajagopal model; its forearm is supinated (palm forward in standing) at pro_sup 0
T_POSE = {f"{name}_{side}": angle for side in "rl" for name, angle in (("arm_add", -np.pi / 2), ("pro_sup", np.pi / 2))}
_MEND = "use a model of the Rajagopal family and its coordinates"


@dataclass(frozen=True)
class BodyMotion:
    """Orientations (T, 21, 3, 3) and origins (T, 21, 3) m of `BODIES` in ground, and (21, ...) those of the T-pose."""

    orientations: np.ndarray
    origins: np.ndarray
    rest_orientations: np.ndarray
    rest_origins: np.ndarray


def body_motion(model_file: Path, coordinates: Mapping[str, np.ndarray], in_degrees: bool, source: Path) -> BodyMotion:
    """Pose a model by its coordinates.

    Dependent coordinates are computed from their couplers and never taken from the file: such columns are known to
    come in the wrong unit. Coordinates that the file lacks keep their defaults.

    Args:
        model_file: .osim.
        coordinates: (T,) per coordinate name; angles in degrees if `in_degrees`.
        in_degrees: whether angles are in degrees.
        source: the coordinates' file, to name it in errors.

    Raises:
        BadInput: the model is unreadable or has other bodies, or the file has none of its coordinates.
    """
    import opensim

    opensim.Logger.setLevelString("error")
    try:
        model = opensim.Model(str(model_file))
        state = model.initSystem()
    except RuntimeError as error:
        found = " ".join(str(error).split())[:160]
        raise BadInput(model_file, "model", found, "an OpenSim model", "open it in OpenSim to see more") from error
    bodies = model.getBodySet()
    missing = [name for name in BODIES if not bodies.contains(PART_OF.get(name, name))]
    if missing:
        raise BadInput(model_file, "bodies", f"no {', '.join(missing[:4])}", ", ".join(BODIES[:5]) + ", ...", _MEND)
    couplers = _couplers(opensim, model)
    names = [c.getName() for c in model.getCoordinateSet()]
    given = [name for name in names if name in coordinates and name not in couplers]
    if not given:
        found = ", ".join(list(coordinates)[:4]) or "nothing"
        raise BadInput(source, "columns", found, f"coordinates of the model ({', '.join(names[:4])}, ...)", _MEND)
    angles = {c.getName() for c in model.getCoordinateSet() if c.getMotionType() == opensim.Coordinate.Rotational}
    unit = {name: np.pi / 180.0 if in_degrees and name in angles else 1.0 for name in given}
    rest_orientations, rest_origins = _posed(opensim, model, state, _rest(model), couplers)
    frames = len(coordinates[given[0]])
    orientations, origins = np.empty((frames, len(BODIES), 3, 3)), np.empty((frames, len(BODIES), 3))
    for frame in range(frames):
        values = {name: float(coordinates[name][frame]) * unit[name] for name in given}
        orientations[frame], origins[frame] = _posed(opensim, model, state, values, couplers)
    return BodyMotion(orientations, origins, rest_orientations, rest_origins)


def _rest(model: Any) -> dict[str, float]:
    return {c.getName(): T_POSE.get(c.getName(), 0.0) for c in model.getCoordinateSet()}


def _couplers(opensim: Any, model: Any) -> dict[str, tuple[str, Any]]:
    """Return dependent coordinate: (independent coordinate, function)."""
    found = {}
    for constraint in model.getConstraintSet():
        coupler = opensim.CoordinateCouplerConstraint.safeDownCast(constraint)
        if coupler is not None:
            names = coupler.getIndependentCoordinateNames()
            found[coupler.getDependentCoordinateName()] = (names.get(0), coupler.getFunction())
    return found


def _posed(
    opensim: Any, model: Any, state: Any, values: Mapping[str, float], couplers: Mapping[str, tuple[str, Any]]
) -> tuple[np.ndarray, np.ndarray]:
    """Set coordinates and return the bodies' orientations (21, 3, 3) and origins (21, 3)."""
    coordinates = model.getCoordinateSet()
    dependent = {
        name: function.calcValue(opensim.Vector(1, values[independent]))
        for name, (independent, function) in couplers.items()
        if independent in values
    }
    for name, value in {**values, **dependent}.items():
        coordinate = coordinates.get(name)
        coordinate.setLocked(state, False)
        coordinate.setValue(state, value, False)
    model.realizePosition(state)
    orientations, origins = np.empty((len(BODIES), 3, 3)), np.empty((len(BODIES), 3))
    for index, name in enumerate(BODIES):
        present = name if model.getBodySet().contains(name) else PART_OF[name]
        transform = model.getBodySet().get(present).getTransformInGround(state)
        rotation = transform.R()
        orientations[index] = [[rotation.get(row, column) for column in range(3)] for row in range(3)]
        origins[index] = [transform.p().get(axis) for axis in range(3)]
    return orientations, origins
