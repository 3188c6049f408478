"""Whether two views show the same moments: the offset at which their lines of sight meet best."""

from dataclasses import dataclass

import numpy as np

from kinesynth_train.predict.rays import Rays, gaps

SEARCHED_SECONDS = 1.0
MIN_FRACTION, MIN_GAIN_M = 0.1, 0.001  # by which the misses must fall for an offset to be believed
MIN_COMMON = 0.5  # of the frames
OUTLIER_M = 0.1
NEARLY = 1.1  # times the least miss: of such offsets the smallest is taken, for a walk looks alike after each stride
SPEED_FRAMES = 3  # over which a point's speed is taken, before and after


@dataclass(frozen=True)
class Offset:
    """How far a view lags behind another.

    Attributes:
        seconds: what the other view shows at t, this one shows at t + seconds.
        before, after: m, how far the lines of sight of what moves miss each other without and with it, less what
            is constant.
    """

    seconds: float
    before: float
    after: float


def best_offset(reference: Rays, times: np.ndarray, other: Rays, other_times: np.ndarray) -> Offset:
    """Return the offset of `other` against `reference` that is told by the motion; 0 where it tells none.

    Args:
        reference: of a view with frames at `times` (T,) s.
        times: s.
        other: of a view with frames at `other_times` (U,) s.
        other_times: s.
    """
    step = float(np.median(np.diff(times))) if len(times) > 1 else 1.0  # whole frames: between them noise averages out
    reach = int(SEARCHED_SECONDS / step)
    tried = np.arange(-reach, reach + 1) * step
    speeds = _speeds(reference.directions), _speeds(other.directions)
    values = []
    for offset in tried:
        positions = frame_places(other_times, times + offset)
        near = np.clip(np.rint(positions).astype(int), 0, len(other_times) - 1)
        values.append(_miss(gaps(reference, other.at(positions)), speeds[0] + speeds[1][near], len(other_times)))
    misses, before = np.array(values), float(values[reach])
    if not np.isfinite(before):
        return Offset(0.0, float("nan"), float("nan"))
    best = _smallest(misses, reach)
    if best is None or before - misses[best] < max(MIN_FRACTION * before, MIN_GAIN_M):
        return Offset(0.0, before, before)
    return Offset(float(tried[best] + step * _vertex(*misses[best - 1 : best + 2])), before, float(misses[best]))


def _smallest(misses: np.ndarray, middle: int) -> int | None:
    """Return the index nearest to the middle at which misses (K,) are least or nearly so; None where they only fall."""
    inner = misses[1:-1]
    low = np.flatnonzero((inner <= misses[:-2]) & (inner <= misses[2:])) + 1
    low = low[misses[low] <= NEARLY * np.nanmin(misses) + MIN_GAIN_M]
    return int(low[np.abs(low - middle).argmin()]) if len(low) else None


def _vertex(before: float, here: float, after: float) -> float:
    """Return where between -1/2 and 1/2 the V through three values, the middle one the least, has its tip."""
    steep = max(before, after) - here
    return 0.0 if steep <= 0 else float((before - after) / (2 * steep))


def _speeds(directions: np.ndarray) -> np.ndarray:
    """Return by how much lines of sight (T, P, 3) turn about each frame (T, P), rad; 0 where that is unknown."""
    turned = np.zeros(directions.shape[:2])
    width = 2 * SPEED_FRAMES
    turned[SPEED_FRAMES:-SPEED_FRAMES] = np.linalg.norm(directions[width:] - directions[:-width], axis=-1)
    return np.asarray(np.nan_to_num(turned))


def _miss(gap: np.ndarray, speed: np.ndarray, frames: int) -> float:
    """Return the mean size, m, of misses (T, P) less each point's median, weighed by speed (T, P).

    A wrong calibration, and a detector that sees a point beside the joint, make lines miss always alike; a wrong time
    makes them miss as the points move. NaN where too few frames are common.
    """
    common = np.isfinite(gap).any(axis=1)
    if common.sum() < max(MIN_COMMON * min(len(gap), frames), 2 * SPEED_FRAMES + 1):
        return float("nan")
    seen = np.isfinite(gap[common])
    gap, weight = np.where(seen, gap[common], np.nan), np.where(seen, speed[common], 0.0)
    columns = seen.any(axis=0)
    away = np.abs(gap[:, columns] - np.nanmedian(gap[:, columns], axis=0))
    return float(np.nansum(weight[:, columns] * np.minimum(away, OUTLIER_M)) / max(weight.sum(), 1e-9))


def frame_places(frame_times: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the fractional indices (N,) of times among a view's frames; before and after them they go on evenly."""
    if len(frame_times) < 2:
        return np.asarray((wanted - frame_times[0]) * 1e6)
    positions = np.interp(wanted, frame_times, np.arange(len(frame_times)))
    step = (frame_times[-1] - frame_times[0]) / (len(frame_times) - 1)
    early, late = wanted < frame_times[0], wanted > frame_times[-1]
    positions[early] = (wanted[early] - frame_times[0]) / step
    positions[late] = len(frame_times) - 1 + (wanted[late] - frame_times[-1]) / step
    return np.asarray(positions)
