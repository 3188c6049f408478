"""Rotations between directions, in numpy."""

import numpy as np
from scipy.spatial.transform import Rotation


def shortest_arc(start: np.ndarray, end: np.ndarray) -> Rotation:
    """Return the rotations about the common normal that turn directions `start` into `end`, both (..., 3), any length.

    Parallel directions give the identity, and so do antiparallel ones, whose normal is not determined.

    Example:
        >>> shortest_arc(np.array([1.0, 0.0, 0.0]), np.array([0.0, 2.0, 0.0])).apply([1.0, 0.0, 0.0]).round(6).tolist()
        [0.0, 1.0, 0.0]
    """
    axis = np.cross(start, end)
    sine = np.linalg.norm(axis, axis=-1, keepdims=True)
    angle = np.arctan2(sine, np.sum(start * end, axis=-1, keepdims=True))
    return Rotation.from_rotvec(axis / np.maximum(sine, 1e-12) * angle)
