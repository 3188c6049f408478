"""How far estimated ground forces are from those that plates measured: one clip, in body weights and seconds."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

LOADED_BW = 0.05  # a foot with more stands, for stance and for contact and lift-off
NEAR_SECONDS = 0.15  # an event without a partner so near counts as so far off
BELIEVED_BW = 0.15  # of a valid frame's vertical force


@dataclass(frozen=True)
class FootForces:
    """Forces under the right and the left foot, in body weights, x ahead, y up.

    Attributes:
        times: (T,) s.
        estimated: (T, 2, 3).
        measured: (T, 2, 3).
        valid: (T,) bool, frames whose estimate is said to be valid.
        doubt: (T,), by how much the greater vertical force is said to be off at most.
        checked: (T,) bool, frames that fail no check but that of their doubt.
        whole: times (N,) and estimate (N, 2, 3) of the whole clip, of which these are the frames that plates measured:
            a foot may be said to land just before them.
    """

    times: np.ndarray
    estimated: np.ndarray
    measured: np.ndarray
    valid: np.ndarray
    doubt: np.ndarray
    checked: np.ndarray
    whole: tuple[np.ndarray, np.ndarray]

    @property
    def vertical_error(self) -> np.ndarray:
        """(T, 2), estimated less measured."""
        return np.asarray((self.estimated - self.measured)[..., 1])

    @property
    def believed(self) -> np.ndarray:
        """(T,) bool, frames in which both feet's vertical errors are small."""
        return np.asarray(np.abs(self.vertical_error).max(axis=1) <= BELIEVED_BW)


def errors(forces: FootForces) -> dict[str, float]:
    """Return the metrics by name: body weights, fractions, points (of 100), milliseconds and ratios."""
    vertical = [each[..., 1] for each in (forces.estimated, forces.measured)]
    totals = [each.sum(axis=1) for each in vertical]
    right, left = (rms(forces.vertical_error[:, foot]) for foot in (0, 1))
    stances = [100.0 * (each > LOADED_BW).mean(axis=0) for each in vertical]
    apart = 1e3 * np.array(list(event_differences(forces)))
    return {
        "vertical_r": right,
        "vertical_l": left,
        "vertical": max(right, left),
        "total": rms(totals[0] - totals[1]),
        "pearson": correlation(vertical[0].ravel(), vertical[1].ravel()),
        "fore_aft": max(rms((forces.estimated - forces.measured)[:, foot, 0]) for foot in (0, 1)),
        "stance_off": float(np.abs(stances[0] - stances[1]).max()),
        "event_off": float(apart.mean()) if len(apart) else 0.0,
        "mean": float(totals[0].mean()),
        "mean_measured": float(totals[1].mean()),
        "mean_off": float(abs(totals[0].mean() / totals[1].mean() - 1.0)),
        "peak_ratio": float(totals[0].max() / totals[1].max()),
        "peak_off": float(abs(totals[0].max() / totals[1].max() - 1.0)),
        "valid": float(forces.valid.mean()),
        "valid_within": float(forces.believed[forces.valid].mean()) if forces.valid.any() else 1.0,
    }


def event_differences(forces: FootForces) -> Iterator[float]:
    """Yield how far (s) each contact and each lift-off that was measured is from the nearest estimated one.

    Left out is one so near the recording's beginning that the foot is said to have met, or left, the floor before it,
    or so near its end that it is said to do so after it: of how far off that is nothing is known.
    """
    for foot in (0, 1):
        for sign in (1.0, -1.0):
            times, estimated = forces.whole
            above = sign * (estimated[:, foot, 1] - LOADED_BW)
            found = crossings(above, times)
            for time in crossings(sign * (forces.measured[:, foot, 1] - LOADED_BW), forces.times):
                off = min([NEAR_SECONDS, *np.abs(found - time)])
                before = above[0] >= 0.0 and time - times[0] < NEAR_SECONDS
                after = above[-1] < 0.0 and times[-1] - time < NEAR_SECONDS
                if off < NEAR_SECONDS or not (before or after):
                    yield off


def crossings(values: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return the times (N,) s at which `values` (T,) pass zero from below, between frames by a straight line."""
    before = np.flatnonzero((values[:-1] < 0.0) & (values[1:] >= 0.0))
    fraction = values[before] / (values[before] - values[before + 1])
    return np.asarray(times[before] + fraction * (times[before + 1] - times[before]))


def rms(values: np.ndarray) -> float:
    """Return the root mean square."""
    return float(np.sqrt(np.mean(np.square(values))))


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Return Pearson's coefficient, 0 where one of them does not vary."""
    return float(np.corrcoef(one, other)[0, 1]) if one.std() > 0.0 and other.std() > 0.0 else 0.0
