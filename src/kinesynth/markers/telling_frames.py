"""Which frames of a person's trials locate the markers on the body: a standstill, or some frames of a motion."""

import numpy as np

STILL_SECONDS = 0.3
MAX_SWAY_M = 0.01  # standard deviation within that time, of somebody who stands still
_FRAMES = 16  # in which a person moves
_MIN_SEEN = 0.5  # of the markers that the fullest frame shows


def standstill(positions: np.ndarray, fps: float) -> np.ndarray | None:
    """Return markers' mean places (M, 3) m in the steadiest stretch of a trial (T, M, 3), NaN of those unseen there.

    None where the typical marker moves by more than `MAX_SWAY_M` in all of them.
    """
    length = min(max(round(STILL_SECONDS * fps), 1), len(positions))
    best, min_sway = None, MAX_SWAY_M
    for start in range(0, len(positions) - length + 1, max(1, length // 4)):
        window = positions[start : start + length]
        seen = np.isfinite(window).all(axis=(0, 2))
        if seen.sum() < _MIN_SEEN * positions.shape[1]:
            continue
        sway = float(np.quantile(np.linalg.norm(window[:, seen].std(axis=0), axis=-1), 0.9))
        if sway < min_sway:
            best, min_sway = np.where(seen[:, None], window.mean(axis=0), np.nan), sway
    return best


def spread_frames(positions: np.ndarray) -> np.ndarray:
    """Return some frames (F, M, 3) of many, spread evenly over those that show most markers."""
    shown = np.isfinite(positions).all(axis=-1).sum(axis=1)
    full = np.flatnonzero(shown >= max(_MIN_SEEN * shown.max(initial=0), 1))
    return positions[full[:: -(-len(full) // _FRAMES) or 1]]
