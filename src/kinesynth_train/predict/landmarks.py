"""What detectors call the points that they see, where these sit on the skeleton, and how sure they are.

`tables/keypoint_sets.csv` lists each detector's points in its order, by the names that .trc files of video use;
`tables/landmarks.csv` their places on the generic skeleton, right side and midline, for one set or for any;
`tables/priors.csv` what is taken for likely of coordinates that such points hardly tell.
"""

import csv
from dataclasses import replace
from functools import cache
from importlib import resources

import numpy as np

from kinesynth.skeleton import SkeletonDefinition


def table(name: str) -> list[dict[str, str]]:
    """Return the rows of a table of this part."""
    text = (resources.files(__package__) / "tables" / f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def keypoint_sets() -> dict[str, tuple[str, ...]]:
    """Return the points of each set, in its order."""
    sets: dict[str, list[str]] = {}
    for row in table("keypoint_sets"):
        sets.setdefault(row["set"], []).append(row["point"])
    return {name: tuple(points) for name, points in sets.items()}


def places(keypoint_set: str, *, lifted: bool = False) -> dict[str, tuple[str, np.ndarray, float]]:
    """Return the body, the place (3,) m on the generic skeleton and the standard deviation, m, of each point of a set.

    Points of which nothing is known (the mouth, the middle of the hips) are left out. A row for the set itself goes
    before one for any; and where the detector guesses depths and one view has to do with these, one for its `lifted`
    points before both.
    """
    found = {}
    order = ["any", keypoint_set, *([f"{keypoint_set}_lifted"] if lifted else [])]
    for row in sorted(
        (row for row in table("landmarks") if row["set"] in order), key=lambda row: order.index(row["set"])
    ):
        place, spread = np.array([float(row[axis]) for axis in "xyz"]), float(row["sd_m"])
        found[row["point"]] = (row["body"], place, spread)
        if row["point"].startswith("R"):
            body = row["body"].removesuffix("_r") + "_l" * row["body"].endswith("_r")
            found["L" + row["point"][1:]] = (body, place * [1, 1, -1], spread)
    return {point: found[point] for point in keypoint_sets()[keypoint_set] if point in found}


def with_landmarks(
    definition: SkeletonDefinition, keypoint_set: str, *, lifted: bool = False
) -> tuple[SkeletonDefinition, np.ndarray]:
    """Return the skeleton with the points of a set as its markers, and their standard deviations (M,), m.

    `lifted` is as in `places`.
    """
    known = places(keypoint_set, lifted=lifted)
    bodies = np.array([definition.body_names.index(body) for body, _, _ in known.values()])
    where = np.array([place for _, place, _ in known.values()])
    marked = replace(definition, marker_names=tuple(known), marker_bodies=bodies, marker_places=where)
    return marked, np.array([spread for _, _, spread in known.values()])


def generic_skeleton() -> SkeletonDefinition:
    """Return the generic skeleton, as it ships; `python -m tools.shipped.skeleton` renews the file."""
    with resources.as_file(resources.files("kinesynth.skeleton") / "generic.npz") as path:
        return SkeletonDefinition.load(path)


def usual_accelerations(definition: SkeletonDefinition) -> np.ndarray:
    """Return the spread (J,) of each coordinate's acceleration, rad/s^2 and m/s^2; infinite of those not known."""
    spread = np.full(len(definition.coordinate_names), np.inf)
    for row in table("accelerations"):
        for name in (row["coordinate"], f"{row['coordinate']}_r", f"{row['coordinate']}_l"):
            if name in definition.coordinate_names:
                spread[definition.coordinate_names.index(name)] = float(row["spread"])
    return spread


def priors(definition: SkeletonDefinition) -> tuple[np.ndarray, np.ndarray]:
    """Return mean (J,) and precision (J,), 1/rad^2, of the coordinates; a precision of zero says nothing."""
    mean, precision = np.zeros(len(definition.coordinate_names)), np.zeros(len(definition.coordinate_names))
    for row in table("priors"):
        for name in (row["coordinate"], f"{row['coordinate']}_r", f"{row['coordinate']}_l"):
            if name in definition.coordinate_names:
                index = definition.coordinate_names.index(name)
                mean[index], precision[index] = (
                    np.radians(float(row["mean_deg"])),
                    np.radians(float(row["sd_deg"])) ** -2,
                )
    return mean, precision
