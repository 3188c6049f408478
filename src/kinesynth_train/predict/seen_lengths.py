"""Limbs' proportions in one view: a limb is as long as it is ever seen.

A leg that the skeleton has two percent too long is found bent by 23 degrees, in every frame. Over a sequence most limbs
lie across the line of sight at some time; so the length at which a limb is seen longest is taken for its own, weighed
against what is usual. One that is never seen nearly whole tells nothing.
"""

from dataclasses import replace

import numpy as np

from kinesynth.skeleton import SkeletonDefinition
from kinesynth_train.predict.landmarks import generic_skeleton, table
from kinesynth_train.predict.proportions import Proportions, of_height, scales_of
from kinesynth_train.predict.scaled import scaled, stature

LONGEST = 90.0  # percentile of the frames: the longest of all is noise
LONGEST_SPREAD = 0.02  # logarithm, of a limb's length as it is seen then: estimate
MIN_FRACTION = 0.9  # of its length, that a limb must be seen at some time


def by_seen_lengths(
    size: Proportions, marked: SkeletonDefinition, markers: np.ndarray, points: np.ndarray, camera: np.ndarray
) -> Proportions:
    """Return the size, of the same height, in which limbs are as long as they are seen.

    Args:
        size: with which the poses were found.
        marked: the generic skeleton with the M points as its markers.
        markers: (T, M, 3) m, the points of the skeleton in these poses; NaN where not believed.
        points: (T, M, 3) m, where the lines of sight pass them; NaN where not seen.
        camera: (3,) m, where it stands.
    """
    usual, names = of_height(generic_skeleton(), size.height).factors, marked.marker_names
    factors = dict(size.factors)
    for row in table("proportions"):
        ratios = [
            _seen_fraction(names.index(one), names.index(other), markers, points, camera)
            for one, other in (pair.split("-") for pair in row["pairs"].split())
            if one in names and other in names
        ]
        known = np.concatenate([*ratios, np.empty(0)])
        known = known[np.isfinite(known)]
        longest = float(np.percentile(known, LONGEST)) if len(known) else 0.0
        if longest < MIN_FRACTION:
            continue
        name, spread = row["measurement"], float(row["spread"])
        fraction = spread**2 / (spread**2 + LONGEST_SPREAD**2)
        factors[name] = usual[name] * float((factors[name] / usual[name] * longest) ** fraction)
    tall = stature(scaled(generic_skeleton(), scales_of(marked, factors)))
    factors = {name: factor * size.height / tall for name, factor in factors.items()}
    return replace(size, scales=scales_of(marked, factors), factors=factors)


def _seen_fraction(one: int, other: int, markers: np.ndarray, points: np.ndarray, camera: np.ndarray) -> np.ndarray:
    """Return the length (T,) across the line of sight between two points as seen, over that of the skeleton."""
    sight = (points[:, one] + points[:, other]) / 2 - camera
    sight = sight / np.linalg.norm(sight, axis=1, keepdims=True)
    chord = points[:, one] - points[:, other]
    across = chord - (chord * sight).sum(axis=1, keepdims=True) * sight
    seen: np.ndarray = np.linalg.norm(across, axis=1) / np.linalg.norm(markers[:, one] - markers[:, other], axis=1)
    return seen
