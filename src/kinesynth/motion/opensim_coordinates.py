"""Do a file's columns belong to a model, and are they in the units that the file says?

Pure functions on what a model says of its coordinates (`Coordinate`) and on columns as they stand in a file.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kinesynth.errors import BadInput

FREE_TO_LACK = frozenset(f"{body}_{side}" for body in ("calcn", "toes", "radius", "hand") for side in "rl") | {"head"}
"""Bodies at the ends of limbs: a coordinate that moves no other may be missing, and keeps its default."""
_LEG = frozenset(f"{body}_{side}" for body in ("femur", "tibia", "talus") for side in "rl")
_SHOULDER = frozenset(f"humerus_{side}" for side in "rl")
_MAX_BEYOND = 2.0  # rad, of a model's range: inverse kinematics leaves it now and then, but not by this
_MAX_BEYOND_ARM = 4.5  # rad: angles of a ball joint run on near its poles
_MAX_BEYOND_UNLABELLED = 0.35  # rad
_HINGES = tuple((frozenset(f"{a}_{side}" for side in "rl"), frozenset(f"{b}_{side}" for side in "rl"))
                for a, b in (("tibia", "femur"), ("ulna", "humerus")))  # fmt: skip
_STOP = 0.35  # rad: a hinge's range ends so near to straight
_MAX_PAST_STOP, _MAX_PAST_FRACTION = 0.5, 0.2  # rad, of the frames
_MAX_TURNS = 15.0  # rad of the pelvis, as in AMASS files
_MIN_TOLD = 0.35  # rad: files all of whose angles stay below tell no unit
_MAX_TINY = 3.2  # what no joint angle of a motion in degrees stays below, and all in radians do
_MAX_TINY_ARM = 2.0 * np.pi  # the same, of a ball joint's angles, which run on
_MIN_JOINTS = 6  # angles, or they tell nothing of the whole body
_GLIDING = (1.0, np.radians(3.0))  # m that a pelvis travels while no leg angle changes by more
_MAX_HEIGHT_M = 5.0  # of a pelvis, at its lowest
_NAMED = 6
_SIMM = "a SIMM header and no inDegrees: read in degrees, as OpenSim does"
_UNLABELLED = "no inDegrees: read in radians, as OpenSim does"


@dataclass(frozen=True)
class Coordinate:
    """What a model says of a coordinate.

    Attributes:
        name: of the column that holds it.
        is_angle: whether it is one, in radians.
        low: its range's lower end, rad or m.
        high: its upper end.
        free: it is neither locked, prescribed nor computed from another.
        moves: the bodies that it moves.
        lifts: whether it moves them up.
        slides: whether it turns none of them: a collar bone only carries the arm along.
    """

    name: str
    is_angle: bool
    low: float
    high: float
    free: bool
    moves: frozenset[str]
    lifts: bool = False
    slides: bool = False

    @property
    def is_root(self) -> bool:
        """Whether it moves the whole body."""
        return "pelvis" in self.moves


def matched(path: Path, model: Path, columns: Iterable[str], coordinates: Sequence[Coordinate]) -> list[str]:
    """Hold the columns of a file against the coordinates of its model; return what is to be noted.

    Raises:
        BadInput: the file lacks a coordinate that moves trunk, legs or arms.
    """
    names = {coordinate.name for coordinate in coordinates}
    foreign = [name for name in columns if name not in names]
    lost = [c for c in coordinates if c.free and c.moves and c.name not in columns]
    needed = [c.name for c in lost if c.moves - FREE_TO_LACK and (c.is_root or not c.slides)]
    if needed:
        found = f"no {_listed(needed)}" + (f", but {_listed(foreign)} that the model lacks" if foreign else "")
        fix = "name the model that the file was made with, or rename its columns"
        raise BadInput(path, "columns", found, f"the coordinates of {model}", fix)
    notes = [f"not in the file, left at the model's default: {_listed([c.name for c in lost])}"] if lost else []
    return notes + ([f"columns that the model lacks are not used: {_listed(foreign)}"] if foreign else [])


def radians_per_unit(
    path: Path,
    columns: Mapping[str, np.ndarray],
    coordinates: Sequence[Coordinate],
    in_degrees: bool | None,
    simm: bool,
) -> tuple[float, list[str]]:
    """Return by what the file's angles are to be multiplied, and what is to be noted.

    Args:
        path: of the file, for messages.
        columns: (T,) by name, as they stand there.
        coordinates: the model's.
        in_degrees: what the file says, None where it does not.
        simm: whether its header is an old one of SIMM, whose angles are in degrees.

    Raises:
        BadInput: the file does not say, and its angles do not tell; or its angles cannot be what it says.
    """
    joints = [c for c in coordinates if c.is_angle and c.free and not c.is_root and c.name in columns]
    if in_degrees is None and not simm:
        _check_unlabelled(path, columns, joints)
        return 1.0, [_UNLABELLED]
    factor = 1.0 if in_degrees is False else np.pi / 180.0
    if factor == 1.0:
        _check_ranges(path, columns, joints, 1.0, "write inDegrees=yes if the angles are in degrees")
    else:
        _check_ranges(path, columns, joints, factor, "correct the column, or name the model of this file")
        _check_tiny(path, columns, joints)
    _check_hinges(path, columns, joints, factor)
    _check_gliding(path, columns, coordinates, factor)
    return factor, [_SIMM] if in_degrees is None else []


def check_pelvis(
    path: Path, columns: Mapping[str, np.ndarray], coordinates: Sequence[Coordinate], factor: float
) -> None:
    """Require that the pelvis is as near the floor, and turns as little, as one can.

    Raises:
        BadInput: its height is no number of metres, or it turns round and round.
    """
    for each in coordinates:
        if not each.is_root or each.name not in columns:
            continue
        values = np.abs(columns[each.name])
        if each.lifts and not each.is_angle and values.min() > _MAX_HEIGHT_M:
            fix = "divide the pelvis' translations by 1000 if they are in mm, by 100 if in cm"
            found = f"{values.min():.4g} m and more"
            raise BadInput(path, each.name, found, f"metres, {_MAX_HEIGHT_M:g} at most", fix)
        if each.is_angle and factor * np.ptp(columns[each.name]) > _MAX_TURNS:
            found = f"turns by {factor * np.ptp(columns[each.name]):.3g} rad"
            raise BadInput(path, each.name, found, f"{_MAX_TURNS:g} rad at most", "check inDegrees and the column")


def _check_unlabelled(path: Path, columns: Mapping[str, np.ndarray], joints: Sequence[Coordinate]) -> None:
    """Radians are what OpenSim takes; only where they are joint angles in every column, and not all but zero."""
    largest, of = _largest(columns, joints)
    beyond = any(_beyond(columns[joint.name], joint) > _MAX_BEYOND_UNLABELLED for joint in joints)
    if beyond or largest < _MIN_TOLD:
        unit = "yes above endheader if the angles are in degrees" if beyond else "yes or =no above endheader"
        raise BadInput(
            path, "inDegrees", f"nothing, with {of} up to {largest:.3g}", "yes or no", f"write inDegrees={unit}"
        )


def _check_ranges(
    path: Path, columns: Mapping[str, np.ndarray], joints: Sequence[Coordinate], factor: float, fix: str
) -> None:
    for joint in joints:
        angle = factor * columns[joint.name]
        if _beyond(angle, joint) > (_MAX_BEYOND_ARM if joint.moves & _SHOULDER else _MAX_BEYOND):
            worst = float(angle[np.abs(angle).argmax()])
            found = f"{worst:.3g} rad ({np.degrees(worst):.0f} degrees)"
            raise BadInput(
                path, joint.name, found, f"{joint.low:.2f} to {joint.high:.2f} rad, as the model has it", fix
            )


def _check_hinges(path: Path, columns: Mapping[str, np.ndarray], joints: Sequence[Coordinate], factor: float) -> None:
    """Knees and elbows do not bend backwards; in some models their flexion is negative."""
    for joint in joints:
        if not any(joint.moves & below and not joint.moves & above for below, above in _HINGES):
            continue
        angle = factor * columns[joint.name]
        past = [joint.low - angle] * (abs(joint.low) < _STOP) + [angle - joint.high] * (abs(joint.high) < _STOP)
        if any(np.mean(each > _MAX_PAST_STOP) > _MAX_PAST_FRACTION for each in past):
            worst = np.degrees(angle[np.max(past, axis=0).argmax()])
            expected = f"{np.degrees(joint.low):.0f} to {np.degrees(joint.high):.0f} degrees, as the model has it"
            fix = "change the column's sign, or name the model that the file was made with"
            raise BadInput(path, joint.name, f"{worst:.0f} degrees: it bends backwards", expected, fix)


def _check_tiny(path: Path, columns: Mapping[str, np.ndarray], joints: Sequence[Coordinate]) -> None:
    """Angles in degrees are large numbers; a whole body none of whose angles is one is in radians."""
    arms = [joint for joint in joints if joint.moves & _SHOULDER]
    largest, of = _largest(columns, [joint for joint in joints if joint not in arms])
    raised, _ = _largest(columns, arms)
    if len(joints) >= _MIN_JOINTS and _MIN_TOLD < largest < _MAX_TINY and raised < _MAX_TINY_ARM:
        found = f"yes, with no angle beyond {largest:.3g} ({of})"
        fix = "write inDegrees=no if the angles are in radians, or give them in radians if they are so small"
        raise BadInput(path, "inDegrees", found, "angles in degrees", fix)


def _check_gliding(
    path: Path, columns: Mapping[str, np.ndarray], coordinates: Sequence[Coordinate], factor: float
) -> None:
    legs = [c for c in coordinates if c.is_angle and not c.is_root and c.moves & _LEG and c.name in columns]
    path_columns = [columns[c.name] for c in coordinates if c.is_root and not c.is_angle and c.name in columns]
    if len(legs) < _MIN_JOINTS or not path_columns:
        return
    travelled = float(np.linalg.norm([np.ptp(values) for values in path_columns]))
    most = max(float(factor * np.ptp(columns[joint.name])) for joint in legs)
    if travelled > _GLIDING[0] and most < _GLIDING[1]:
        found = f"no leg angle that changes by more than {np.degrees(most):.2g} degrees on a way of {travelled:.3g} m"
        raise BadInput(path, "leg angles", found, "legs that walk", "check inDegrees and the names of the columns")


def _largest(columns: Mapping[str, np.ndarray], joints: Sequence[Coordinate]) -> tuple[float, str]:
    sizes = {joint.name: float(np.abs(columns[joint.name]).max()) for joint in joints}
    name = max(sizes, key=lambda each: sizes[each], default="no angle")
    return sizes.get(name, 0.0), name


def _beyond(angle: np.ndarray, joint: Coordinate) -> float:
    """Return by how much angles leave a joint's range; nothing where the model has none."""
    if not joint.high - joint.low < 4.0 * np.pi:
        return 0.0
    return float(max(angle.max() - joint.high, joint.low - angle.min(), 0.0))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
