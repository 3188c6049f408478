"""The marker sets of laboratories, on the skeleton's own markers: which a set has, where, and how carelessly placed.

`tables/laboratory_sets.csv` has a row for each set and landmark, the right side and the middle; `python -m
tools.shipped.laboratory_sets` makes it of the labels' table and the landmarks' table.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

import numpy as np

from kinesynth.skeleton import SkeletonDefinition

MAX_SLACK_M = 0.055  # a label that may sit farther from its landmark is worn where the laboratory likes
FRACTION_OF_SLACK = 0.5  # along each axis


@dataclass(frozen=True)
class Landmark:
    """Where a marker of a set sits.

    Attributes:
        body: on which it rides.
        place: (3,) m on the generic skeleton.
        slack_m: how far from there such a marker may well sit.
    """

    body: str
    place: np.ndarray
    slack_m: float


@dataclass(frozen=True)
class LaboratorySets:
    """Sets S on the skeleton's M markers.

    Attributes:
        names: (S,) of the sets.
        worn: (S, M) bool, which markers a set has.
        slack_m: (S, M) standard deviation along each axis of where they sit.
        places: (M, 3) m on the generic skeleton, in the frames of the bodies; NaN of those that are in no set.
    """

    names: tuple[str, ...]
    worn: np.ndarray
    slack_m: np.ndarray
    places: np.ndarray


@cache
def landmarks_by_set() -> dict[str, dict[str, Landmark]]:
    """Return the landmarks of each set by name, left counterparts included."""
    text = (resources.files(__package__) / "tables" / "laboratory_sets.csv").read_text(encoding="utf-8")
    found: dict[str, dict[str, Landmark]] = {}
    for row in csv.DictReader(text.splitlines()):
        name, body, place = row["landmark"], row["body"], np.array([float(row[axis]) for axis in "xyz"])
        here, slack = found.setdefault(row["set"], {}), float(row["slack_mm"]) / 1000.0
        here[name] = Landmark(body, place, slack)
        if name.startswith("R"):
            left = f"{body.removesuffix('_r')}_l" if body.endswith("_r") else body
            here[f"L{name[1:]}"] = Landmark(left, place * [1.0, 1.0, -1.0], slack)
    return found


def _all_landmarks() -> dict[str, Landmark]:
    return {name: landmark for table in landmarks_by_set().values() for name, landmark in table.items()}


def laboratory_sets(marker_names: Sequence[str]) -> LaboratorySets:
    """Return the sets on a skeleton of these markers."""
    sets = landmarks_by_set()
    known = _all_landmarks()
    worn = np.array([[marker in table for marker in marker_names] for table in sets.values()])
    slack = [[table[m].slack_m if m in table else MAX_SLACK_M for m in marker_names] for table in sets.values()]
    places = np.array([known[marker].place if marker in known else np.full(3, np.nan) for marker in marker_names])
    return LaboratorySets(tuple(sets), worn, FRACTION_OF_SLACK * np.array(slack), places)


def with_all_landmarks(skeleton: SkeletonDefinition, scales: np.ndarray | None = None) -> SkeletonDefinition:
    """Return a skeleton that also has the landmarks of laboratories' sets which it lacks, as its last markers.

    Args:
        skeleton: of any size.
        scales: (B, 3) by which its bodies differ from the generic skeleton's; None where they do not.
    """
    known = _all_landmarks()
    more = {name: known[name] for name in sorted(known.keys() - set(skeleton.marker_names))}
    bodies = np.array([skeleton.body_names.index(landmark.body) for landmark in more.values()], dtype=int)
    places = np.array([landmark.place for landmark in more.values()]).reshape(-1, 3)
    if scales is not None:
        places = places * scales[bodies]
    return replace(
        skeleton,
        marker_names=(*skeleton.marker_names, *more),
        marker_bodies=np.concatenate([skeleton.marker_bodies, bodies]),
        marker_places=np.concatenate([skeleton.marker_places, places]),
    )
