"""Which foot stands on which force plate, by where the force acts.

Plates are numbered, not sided, and a foot may come to one plate twice while the other foot comes between. So each
stretch of time in which a plate is loaded is looked at by itself.
"""

from dataclasses import dataclass

import numpy as np

from kinesynth.runs import runs

LOADED_NEWTONS = 20.0  # with less, a centre of pressure is noise
ONE_FOOT = 0.9  # of a step's impulse acts nearer to one foot than to the other, if that foot alone makes the step
REACH_M = 0.25  # from the nearest of the foot's points, at most, for the force to be that foot's


@dataclass(frozen=True)
class Step:
    """A stretch of time in which a plate is loaded.

    Attributes:
        plate: its place.
        first: the first frame.
        last: one past the last.
        foot: 0 right, 1 left; None where both take part, or none is near.
        distance_m: of the force from the nearer foot, the median by impulse.
    """

    plate: int
    first: int
    last: int
    foot: int | None
    distance_m: float

    @property
    def frames(self) -> slice:
        """The frames of the step."""
        return slice(self.first, self.last)

    @property
    def near(self) -> bool:
        """Whether any foot is where the force acts."""
        return self.distance_m <= REACH_M


def steps(load: np.ndarray, cop: np.ndarray, feet: np.ndarray) -> list[Step]:
    """Return the steps on all plates.

    Args:
        load: (T, P) N, vertical force on each plate.
        cop: (T, P, 3) m, where it acts.
        feet: (T, 2, K, 3) m, points of the right and of the left foot, in the same frame; NaN where one is not known.
    """
    near = distances(cop, feet)
    found = []
    for plate in range(load.shape[1]):
        for first, last in runs(load[:, plate] > LOADED_NEWTONS):
            part = slice(first, last)
            found.append(Step(plate, first, last, *_whose(load[part, plate], near[part, plate])))
    return found


def distances(cop: np.ndarray, feet: np.ndarray) -> np.ndarray:
    """Return how far (T, P, 2) m each plate's centre of pressure is from each foot's nearest point.

    Heights count: the other foot swings past above it.
    """
    apart = cop[:, :, None, None] - feet[:, None]
    length = np.linalg.norm(apart, axis=-1)
    return np.where(np.isfinite(length), length, np.inf).min(axis=-1)


def _whose(load: np.ndarray, near: np.ndarray) -> tuple[int | None, float]:
    """Return the foot that makes a step, load (N,) and distances (N, 2), and how far the force is from the nearer."""
    known = np.isfinite(near).all(axis=1)
    if not known.any():
        return None, float("inf")
    weight, near = load[known] / load[known].sum(), near[known]
    distance = _weighted_median(near.min(axis=1), weight)
    left = float(weight @ (near[:, 1] < near[:, 0]))
    foot = 1 if left >= ONE_FOOT else 0 if left <= 1.0 - ONE_FOOT else None
    return (foot if distance <= REACH_M else None), distance


def _weighted_median(values: np.ndarray, weight: np.ndarray) -> float:
    order = np.argsort(values)
    return float(values[order][np.searchsorted(np.cumsum(weight[order]), 0.5 * weight.sum())])
