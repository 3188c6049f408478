"""Intervals of frames in which a condition holds."""

import numpy as np


def runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """Return the first and one past the last index of each run of true flags (T,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(int))).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))
