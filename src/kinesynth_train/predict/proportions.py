"""How large a person is: factors for the generic skeleton from distances between points, over the whole sequence.

Each measurement is the median over time of a distance, over that of the generic skeleton. What the points tell and what
is likely of a person of that size are weighed: bones of people of one height differ by some 4 percent (estimate from
Drillis and Contini's fractions and their spread in surveys), and a detector's points lie somewhat beside the joints in
one person's pictures, always on the same side.
"""

from dataclasses import dataclass

import numpy as np

from kinesynth.errors import BadInput
from kinesynth.skeleton import SkeletonDefinition
from kinesynth_train.predict.landmarks import table
from kinesynth_train.predict.scaled import points_standing, scaled, stature

PROPORTION_SPREAD = 0.04  # of a bone's length, among people of one height
CONSTANT_FRACTION = 0.5  # of a point's standard deviation stays the same over a sequence
OVERALL = ("trunk", "thigh", "shank", "upper_arm", "forearm")  # by which the overall size is told
MIN_FRAMES = 5
POSSIBLE_METRES = (0.9, 2.4)  # heights that are not a fault of the calibration
USUAL_METRES = (1.35, 2.10)


@dataclass(frozen=True, eq=False)
class Proportions:
    """A person's size.

    Attributes:
        scales: (B, 3) factors of the generic skeleton's bodies.
        factors: the same by measurement.
        height: m, of the skeleton that is so scaled.
        measured: m, the height that the points alone tell; NaN where they tell none.
    """

    scales: np.ndarray
    factors: dict[str, float]
    height: float
    measured: float


def proportions(
    definition: SkeletonDefinition,
    marked: SkeletonDefinition,
    spreads: np.ndarray,
    positions: np.ndarray,
    height: float | None,
) -> Proportions:
    """Return the size of a person whose points were seen.

    Args:
        definition: the generic skeleton with its own markers, by which its height is told.
        marked: the same with the M points as its markers.
        spreads: (M,) m, standard deviations of the points.
        positions: (T, M, 3) m; NaN where not seen.
        height: m, which the scaled skeleton then has; None takes what the points tell.

    Raises:
        BadInput: the points are those of no person in metres.
    """
    standing = points_standing(marked)
    logs, variances = {}, {}
    for row in table("proportions"):
        told_by = _measured(row["pairs"].split(), marked.marker_names, standing, positions, spreads)
        if told_by is not None:
            logs[row["measurement"]], variances[row["measurement"]] = told_by
    known = [name for name in OVERALL if name in logs]
    if known:
        weights = np.array([1 / (variances[name] + PROPORTION_SPREAD**2) for name in known])
        told = float(weights @ [logs[name] for name in known] / weights.sum())
    else:
        told = _overall(marked, standing, positions)
    generic = stature(definition)
    overall = told if height is None else float(np.log(height / generic))
    factors = {}
    for row in table("proportions"):
        name, log = row["measurement"], overall
        if name in logs:
            fraction = float(row["spread"]) ** 2 / (float(row["spread"]) ** 2 + variances[name])
            log += fraction * (logs[name] - overall)
        factors[name] = float(np.exp(log))
    result = scales_of(definition, factors)
    tall = stature(scaled(definition, result))
    _check_height(tall)
    if height is not None:
        factors = {name: factor * height / tall for name, factor in factors.items()}
        return Proportions(result * height / tall, factors, height, float(np.exp(told)) * generic)
    return Proportions(result, factors, tall, tall)


def of_height(definition: SkeletonDefinition, height: float) -> Proportions:
    """Return the size of a person of usual proportions of whom nothing but the height, m, is known."""
    factor = height / stature(definition)
    factors = {row["measurement"]: factor for row in table("proportions")}
    return Proportions(scales_of(definition, factors), factors, height, float("nan"))


def _overall(marked: SkeletonDefinition, standing: np.ndarray, positions: np.ndarray) -> float:
    """Return the log of the overall factor that distances between points of one body tell.

    Raises:
        BadInput: there are none.
    """
    bodies = marked.marker_bodies
    logs = []
    for one, other in zip(*np.nonzero(np.triu(bodies[:, None] == bodies, k=1)), strict=True):
        lengths = np.linalg.norm(positions[:, one] - positions[:, other], axis=-1)
        if np.isfinite(lengths).any():
            logs.append(float(np.log(np.nanmedian(lengths) / np.linalg.norm(standing[one] - standing[other]))))
    if not logs:
        found = "no two points of one body"
        raise BadInput("points", "size of the body", found, "a person", "check the pictures and the calibration")
    return float(np.median(logs))


def _check_height(metres: float) -> None:
    if not POSSIBLE_METRES[0] <= metres <= POSSIBLE_METRES[1]:
        found, expected = f"a person of {metres:.2f} m", "{} to {} m".format(*POSSIBLE_METRES)
        raise BadInput("points", "height", found, expected, "check the calibration's unit, and which camera is which")


def _measured(
    pairs: list[str], names: tuple[str, ...], standing: np.ndarray, positions: np.ndarray, spreads: np.ndarray
) -> tuple[float, float] | None:
    """Return the mean log of factors over pairs of points, and the variance of what stays the same over time."""
    logs, variances = [], []
    for one, other in (pair.split("-") for pair in pairs):
        if one not in names or other not in names:
            continue
        a, b = names.index(one), names.index(other)
        lengths = np.linalg.norm(positions[:, a] - positions[:, b], axis=-1)
        if np.isfinite(lengths).sum() < min(MIN_FRAMES, len(positions)):
            continue
        generic = float(np.linalg.norm(standing[a] - standing[b]))
        logs.append(float(np.log(np.nanmedian(lengths) / generic)))
        variances.append((spreads[a] ** 2 + spreads[b] ** 2) * CONSTANT_FRACTION**2 / generic**2)
    if not logs:
        return None
    return float(np.mean(logs)), float(np.mean(variances))


def scales_of(definition: SkeletonDefinition, factors: dict[str, float]) -> np.ndarray:
    """Return the factors (B, 3) of the bodies; an axis that no measurement names takes the mean of the body's own."""
    result = np.full((len(definition.body_names), 3), np.nan)
    for row in table("proportions"):
        for body in row["bodies"].split():
            for axis in row["axes"].split():
                result[definition.body_names.index(body), "XYZ".index(axis)] = factors[row["measurement"]]
    return result
