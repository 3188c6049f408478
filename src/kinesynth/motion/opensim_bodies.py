"""Where an OpenSim model's bodies are, frame by frame. Runs in a process of its own, because OpenSim may end it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kinesynth.errors import BadInput
from kinesynth.motion.opensim_coordinates import Coordinate, check_pelvis, matched, radians_per_unit

if TYPE_CHECKING:
    from kinesynth.opensim_models.couplers import Coupler
    from kinesynth.opensim_models.opened import Model, State

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
_FIX = "use a model of the Rajagopal family and its coordinates"


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
        BadInput: the model is unreadable or has other bodies, the file lacks coordinates that count, or its numbers
            cannot be what it says they are.
    """
    person = _opened(model_file)
    coordinates = person.coordinates()
    notes = matched(source, model_file, columns, coordinates)
    factor, more = radians_per_unit(source, columns, coordinates, in_degrees, simm)
    check_pelvis(source, columns, coordinates, factor)
    given = [c for c in coordinates if c.name in columns and c.name not in person.couplers]
    values = {c.name: columns[c.name] * (factor if c.is_angle else 1.0) for c in given}
    rest_orientations, rest_origins = person.posed(person.rest())
    person.posed(person.defaults())
    frames = len(next(iter(values.values())))
    orientations, origins = np.empty((frames, len(BODIES), 3, 3)), np.empty((frames, len(BODIES), 3))
    for frame in range(frames):
        pose = {name: float(column[frame]) for name, column in values.items()}
        orientations[frame], origins[frame] = person.posed(pose)
    return BodyMotion(orientations, origins, rest_orientations, rest_origins, (*notes, *more))


@dataclass(frozen=True)
class _Person:
    """A model of the family that OpenSim has opened.

    Attributes:
        model: of the person.
        state: in which it is posed.
        couplers: by the coordinate that follows.
        bodies: the model's, by which `BODIES` are known.
    """

    model: "Model"
    state: "State"
    couplers: Mapping[str, "Coupler"]
    bodies: tuple[str, ...]

    def rest(self) -> dict[str, float]:
        """Return all coordinates in the T-pose."""
        return {name: T_POSE.get(name, 0.0) for name in self.defaults()}

    def defaults(self) -> dict[str, float]:
        """Return all coordinates' defaults."""
        from kinesynth.opensim_models.coordinates import default_pose

        return default_pose(self.model)

    def posed(self, values: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray]:
        """Set coordinates and return the bodies' orientations (21, 3, 3) and origins (21, 3)."""
        from kinesynth.opensim_models.posing import body_frames, set_coordinates

        dependent = {
            name: coupler.value([values[driver] for driver in coupler.independent])
            for name, coupler in self.couplers.items()
            if set(coupler.independent) <= values.keys()
        }
        set_coordinates(self.model, self.state, {**values, **dependent})
        return body_frames(self.model, self.state, self.bodies)

    def coordinates(self) -> tuple[Coordinate, ...]:
        """Return the model's coordinates, and what each moves: found by moving it a little."""
        from kinesynth.opensim_models.coordinates import coordinate_facts

        rest = self.rest()
        at_rest = self.posed(rest)
        found = []
        for fact in coordinate_facts(self.model, self.state):
            moved = self.posed({**rest, fact.name: rest[fact.name] + _A_LITTLE})
            turned, shifted = (np.abs(new - old) for new, old in zip(moved, at_rest, strict=True))
            turns = turned.max(axis=(1, 2)) > _STILL
            moves = turns | (shifted.max(axis=1) > _STILL)
            found.append(
                Coordinate(
                    name=fact.name,
                    is_angle=fact.is_rotation,
                    low=fact.low,
                    high=fact.high,
                    free=not (fact.held or fact.name in self.couplers),
                    moves=frozenset(body for body, does in zip(BODIES, moves, strict=True) if does),
                    lifts=bool(shifted[0, 1] > 0.5 * _A_LITTLE),
                    slides=bool(moves.any() and not turns.any()),
                )
            )
        return tuple(found)


def _opened(model_file: Path) -> _Person:
    """Open a model of the family."""
    from kinesynth.opensim_models.couplers import couplers
    from kinesynth.opensim_models.opened import body_names, open_with_state

    model, state = open_with_state(model_file)
    known = body_names(model)
    present = tuple(name if name in known else PART_OF.get(name, name) for name in BODIES)
    missing = [name for name, own in zip(BODIES, present, strict=True) if own not in known]
    if missing:
        raise BadInput(model_file, "bodies", f"no {', '.join(missing[:4])}", ", ".join(BODIES[:5]) + ", ...", _FIX)
    return _Person(model, state, {coupler.dependent: coupler for coupler in couplers(model)}, present)
