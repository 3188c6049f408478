"""Two methods' angles of one motion, laid on each other in time."""

import numpy as np

from kinesynth.opensim_files import Storage

MOST_SHIFT_SECONDS = 0.2


def in_step(motion: Storage, reference: Storage) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of both that belong together, at the shift at which the knees' angles agree best."""
    step = float(np.median(np.diff(reference.times)))
    reach = int(MOST_SHIFT_SECONDS / step)
    best = (np.inf, np.empty(0, int), np.empty(0, int))
    for shift in range(-reach, reach + 1):
        rows = np.rint(motion.times / step).astype(int) + shift
        ours = np.flatnonzero((rows >= 0) & (rows < len(reference.times)))
        theirs = rows[ours]
        knees = [motion.column(f"knee_angle_{side}")[ours] - reference.column(f"knee_angle_{side}")[theirs]
                 for side in "rl"]  # fmt: skip
        best = min(best, (rms(np.concatenate(knees)), ours, theirs), key=lambda each: each[0])
    return best[1], best[2]


def rms(values: np.ndarray) -> float:
    """Return the root mean square."""
    return float(np.sqrt(np.mean(values**2)))
