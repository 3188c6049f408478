"""Where an OpenSim model's bodies are, frame by frame. Runs in a process of its own, because OpenSim may end it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kinesynth.errors import BadInput
from kinesynth.motion.opensim_coordinates import Coordinate, check_pelvis, matched, radians_per_unit

LIMB_BODIES = tuple(
    f"{body}_{side}"
    for side in "rl"
    for body in ("femur", "tibia", "talus", "calcn", "toes", "humerus", "ulna", "radius", "hand")
)
BODIES = ("pelvis", "torso", "head", *LIMB_BODIES)
PART_OF = {"head": "torso"}  # in models of the family that have no body of that name
# the T-pose of a Rajagopal model; its forearm is supinated (palm forward in standing) at pro_sup 0
T_POSE = {f"{name}_{side}": angle for side in "rl" for name, angle in (("arm_add", -np.pi / 2), ("pro_sup", np.pi / 2))}
_A_LITTLE, _STILL = 0.1, 1e-6  # rad or m
_MEND = "use a model of the Rajagopal family and its coordinates"


@dataclass(frozen=True)
class BodyMotion:
    """Orientations (T, 21, 3, 3) and origins (T, 21, 3) m of `BODIES` in ground, and (21, ...) those of the T-pose.

    `notes` say what was taken for granted in reading the columns.
    """

    orientations: np.ndarray
    origins: np.ndarray
    rest_orientations: np.ndarray
    rest_origins: np.ndarray
    notes: tuple[str, ...] = ()


def body_motion(
    model_file: Path, columns: Mapping[str, np.ndarray], in_degrees: bool | None, simm: bool, source: Path
) -> BodyMotion:
    """Pose a model by its coordinates.

    Dependent coordinates are computed from their couplers and never taken from the file: such columns are known to
    come in the wrong unit. Small coordinates that the file lacks keep their defaults.

    Args:
        model_file: .osim.
        columns: (T,) per coordinate name, as they stand in the file.
        in_degrees: whether angles are in degrees, None where the file does not say.
        simm: whether the file has an old header of SIMM.
        source: the coordinates' file, to name it in errors.

    Raises:
        BadInput: the model is unreadable or has other bodies, the file lacks coordinates that count, or its figures
            cannot be what it says they are.
    """
    import opensim

    from kinesynth.opensim_models.couplers import couplers as couplers_of

    model, state = _opened(opensim, model_file)
    couplers = {coupler.dependent: coupler for coupler in couplers_of(model)}
    coordinates = _coordinates(model, state, couplers)
    notes = matched(source, model_file, columns, coordinates)
    factor, more = radians_per_unit(source, columns, coordinates, in_degrees, simm)
    check_pelvis(source, columns, coordinates, factor)
    given = [c for c in coordinates if c.name in columns and c.name not in couplers]
    values = {c.name: columns[c.name] * (factor if c.is_angle else 1.0) for c in given}
    rest_orientations, rest_origins = _posed(model, state, _rest(model), couplers)
    _posed(model, state, {c.getName(): c.getDefaultValue() for c in model.getCoordinateSet()}, couplers)
    frames = len(next(iter(values.values())))
    orientations, origins = np.empty((frames, len(BODIES), 3, 3)), np.empty((frames, len(BODIES), 3))
    for frame in range(frames):
        pose = {name: float(column[frame]) for name, column in values.items()}
        orientations[frame], origins[frame] = _posed(model, state, pose, couplers)
    return BodyMotion(orientations, origins, rest_orientations, rest_origins, (*notes, *more))


def _opened(opensim: Any, model_file: Path) -> tuple[Any, Any]:
    """Return a model of the family and its state."""
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
    return model, state


def _coordinates(model: Any, state: Any, couplers: Mapping[str, Any]) -> tuple[Coordinate, ...]:
    """Return the model's coordinates, and what each moves: found by moving it a little."""
    import opensim

    rest = _rest(model)
    at_rest = _posed(model, state, rest, couplers)
    found = []
    for coordinate in model.getCoordinateSet():
        name = coordinate.getName()
        moved = _posed(model, state, {**rest, name: rest[name] + _A_LITTLE}, couplers)
        turned, shifted = (np.abs(new - old) for new, old in zip(moved, at_rest, strict=True))
        moves = (turned.max(axis=(1, 2)) > _STILL) | (shifted.max(axis=1) > _STILL)
        free = not (coordinate.getDefaultLocked() or coordinate.isPrescribed(state) or name in couplers)
        found.append(
            Coordinate(
                name=name,
                is_angle=coordinate.getMotionType() == opensim.Coordinate.Rotational,
                low=coordinate.getRangeMin(),
                high=coordinate.getRangeMax(),
                free=free,
                moves=frozenset(body for body, does in zip(BODIES, moves, strict=True) if does),
                lifts=bool(shifted[0, 1] > 0.5 * _A_LITTLE),
            )
        )
    return tuple(found)


def _rest(model: Any) -> dict[str, float]:
    return {c.getName(): T_POSE.get(c.getName(), 0.0) for c in model.getCoordinateSet()}


def _posed(
    model: Any, state: Any, values: Mapping[str, float], couplers: Mapping[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Set coordinates and return the bodies' orientations (21, 3, 3) and origins (21, 3)."""
    coordinates = model.getCoordinateSet()
    dependent = {
        name: coupler.value([values[driver] for driver in coupler.independent])
        for name, coupler in couplers.items()
        if set(coupler.independent) <= values.keys()
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
