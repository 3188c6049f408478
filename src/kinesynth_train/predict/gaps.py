"""Short gaps of points over time filled, what is longer left open, and all of it smoothed."""

import numpy as np

from kinesynth.dynamics.filters import low_pass
from kinesynth.runs import runs

MAX_SECONDS = 0.5
FILLED_CONFIDENCE = 0.1


def fill(
    positions: np.ndarray, confidence: np.ndarray, fps: float, longest: float = MAX_SECONDS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return positions (T, M, 3) and confidence (T, M) with gaps up to `longest` s filled, and where (T, M).

    Positions are filled by straight lines; before the first frame and after the last that shows a point nothing is.
    """
    filled, sure = positions.copy(), confidence.copy()
    frames = np.arange(len(positions))
    for point in range(positions.shape[1]):
        known = np.flatnonzero(np.isfinite(positions[:, point]).all(axis=-1))
        if len(known) < 2:
            continue
        step = np.diff(known)
        short = (step > 1) & (step - 1 <= longest * fps)
        for first, last in zip(known[:-1][short], known[1:][short], strict=True):
            inside = frames[first + 1 : last]
            fraction = ((inside - first) / (last - first))[:, None]
            filled[inside, point] = (1 - fraction) * positions[first, point] + fraction * positions[last, point]
            sure[inside, point] = FILLED_CONFIDENCE
    return filled, sure, np.isfinite(filled).all(axis=-1) & ~np.isfinite(positions).all(axis=-1)


def smooth(positions: np.ndarray, fps: float, cutoff_hz: float) -> np.ndarray:
    """Return positions (T, M, 3) without what is faster than `cutoff_hz`, each run of known frames by itself.

    0 Hz, or a cut-off that the frame rate cannot carry, changes nothing.
    """
    if not 0 < cutoff_hz < fps / 2:
        return positions
    result = positions.copy()
    known = np.isfinite(positions).all(axis=-1)
    for point in range(positions.shape[1]):
        for first, last in runs(known[:, point]):
            result[first:last, point] = low_pass(positions[first:last, point], fps, cutoff_hz)
    return result
