"""How far the doubt that frames are masked by is to be believed: errors of the vertical force by doubt."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from tools.acceptance.force_errors import BELIEVED_BW, FootForces

EDGES_BW = (0.0, 0.05, 0.1, 0.15, 0.3, np.inf)
SET_ON = {"s4_walking1", "s4_DJ1", "rajagopal_run", "hamner_run", "gait"}  # trials that the doubt's constants saw
HEADER = (
    "| doubt, BW | frames | error, median | nine in ten below | within 0.15 BW "
    "| frames | error, median | nine in ten below | within 0.15 BW |"
)


def rows(trials: Sequence[tuple[str, FootForces]]) -> Iterator[str]:
    """Yield a row per band of doubt: of the trials that its constants were set on, then of all others.

    Frames that fail another check are left out: what is asked is what the doubt adds to them.
    """
    groups = [[forces for clip, forces in trials if (clip in SET_ON) == tuned] for tuned in (True, False)]
    for low, high in pairwise(EDGES_BW):
        band = f"{low:g} to {high:g}" if np.isfinite(high) else f"over {low:g}"
        yield f"| {band} | " + " | ".join(cell for group in groups for cell in _cells(group, low, high)) + " |"


def _cells(group: Sequence[FootForces], low: float, high: float) -> list[str]:
    parts = [
        np.abs(forces.vertical_error).max(axis=1)[forces.checked & (forces.doubt >= low) & (forces.doubt < high)]
        for forces in group
    ]
    error = np.concatenate(parts) if parts else np.zeros(0)
    if not len(error):
        return ["0", "-", "-", "-"]
    median, most = np.quantile(error, (0.5, 0.9))
    return [str(len(error)), f"{median:.3f}", f"{most:.3f}", f"{np.mean(error <= BELIEVED_BW):.0%}"]
