"""At which heights feet find support: the floor, and boxes or steps where they stand."""

from dataclasses import dataclass

import numpy as np

from kinesynth.runs import runs

APART_M = 0.08  # supports nearer than this are one: feet of flesh on a skeleton's rigid soles
MIN_SECONDS = 0.1  # that feet carry the body on a support that is not the floor
CARRIED = 0.5  # of body weight: with less a body is not held up
BESIDE_M = 0.25  # the body's mass centre is no farther from the feet that carry it, over the floor
REACH_M = 0.25  # nor is a foot that is on a box farther from where one has rested on it
MAX_PLACES = 200


@dataclass(frozen=True)
class Footing:
    """How the feet stand, right and left.

    Attributes:
        lowest: (T, 2) m, how high the soles are above where they rest on the floor.
        resting: (T, 2), whether they are slow.
        places: (T, 2, 2) m, where they are over the floor.
    """

    lowest: np.ndarray
    resting: np.ndarray
    places: np.ndarray


@dataclass(frozen=True)
class Box:
    """A support that is not the floor: its height, m, and where (N, 2) m feet have rested on it."""

    height: float
    places: np.ndarray


def boxes(feet: Footing, centre: np.ndarray, support: np.ndarray, rate_hz: float) -> list[Box]:
    """Return all supports besides the floor.

    A foot may rest in the air (a leg held up, feet that dangle from a chair, both at the top of a jump). A height is a
    support's only where feet carry the body there: for a while no foot rests on another support, the body's mass is
    above those that do, and something holds it. Where the floor is never seen, nothing tells a box from a body out of
    place.

    Args:
        feet: how they stand.
        centre: (T, 2) m, where the body's mass centre is over the floor.
        support: (T,), the vertical force in weights that its acceleration asks.
        rate_hz: frames per second.
    """
    lowest, resting, found = feet.lowest, feet.resting, list[Box]()
    if not (resting & (np.abs(lowest) <= APART_M)).any():
        return found
    offset = np.linalg.norm(feet.places - centre[:, None], axis=-1)
    values = np.sort(lowest[resting & (np.abs(lowest) > APART_M)])
    groups = np.split(values, np.flatnonzero(np.diff(values) > APART_M / 2.0) + 1) if len(values) else []
    for group in sorted(groups, key=len, reverse=True):
        here = resting & (lowest >= group[0]) & (lowest <= group[-1]) & (support > CARRIED)[:, None]
        known = [0.0, *(box.height for box in found)]
        elsewhere = resting & np.any([np.abs(lowest - height) < APART_M / 2.0 for height in known], axis=0)
        alone = here.any(axis=1) & ~elsewhere.any(axis=1)
        near = np.where(here, offset, np.inf).min(axis=1) < BESIDE_M
        if any(last - first >= MIN_SECONDS * rate_hz for first, last in runs(alone & near)):
            places = feet.places[here]
            some = np.linspace(0, len(places) - 1, min(len(places), MAX_PLACES)).astype(int)
            found.append(Box(float(np.quantile(lowest[here], 0.3)), places[some]))
    return found


def floor_under(feet: Footing, found: list[Box]) -> np.ndarray:
    """Return the height (T, 2) m of what each foot would stand on: the floor, or the nearest of the boxes around it."""
    floor = np.zeros_like(feet.lowest)
    for box in found:
        apart = np.linalg.norm(feet.places[:, :, None] - box.places, axis=-1).min(axis=-1)
        nearer = np.abs(feet.lowest - box.height) < np.abs(feet.lowest - floor)
        floor = np.where((apart < REACH_M) & nearer, box.height, floor)
    return floor
