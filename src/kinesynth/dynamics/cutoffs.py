"""At which frequencies a motion is low-passed: the joint angles and the path of the mass centre, each by itself."""

from dataclasses import dataclass

import numpy as np

from kinesynth.dynamics.filters import residual_cutoff
from kinesynth.gravity import GRAVITY

OWN = 0.0  # in place of a cut-off that is stated: each signal's own
MIN_HZ = 6.0  # of own cut-offs: custom for people who walk (Winter 2009)
MAX_NOISE = 0.1 * GRAVITY  # m/s^2, that may pass into the force of a body that jumps or runs


@dataclass(frozen=True)
class Cutoffs:
    """Low-pass cut-offs in Hz.

    Attributes:
        angles: (J,), of the coordinates; the pelvis' three rotations, which are filtered as one, share theirs.
        path: (3,), of the mass centre's path ahead, up and aside.
    """

    angles: np.ndarray
    path: np.ndarray


def base_hz(stated_hz: float) -> float:
    """Return the cut-off below which no signal's lies."""
    return stated_hz or MIN_HZ


def angle_cutoffs(angles: np.ndarray, rate_hz: float, stated_hz: float, rotation: np.ndarray) -> np.ndarray:
    """Return the cut-offs (J,) of `angles` (T, J): all `stated_hz`, or where that is OWN each what it asks for itself.

    `rotation` (3,) are the columns of the pelvis' rotation, which take the minimum of theirs.
    """
    if stated_hz != OWN:
        return np.full(angles.shape[1], stated_hz)
    own = np.array([residual_cutoff(angle, rate_hz, MIN_HZ, np.inf) for angle in angles.T])
    own[rotation] = own[rotation].min()
    return own


def path_cutoffs(path: np.ndarray, rate_hz: float, stated_hz: float, *, falls: bool) -> np.ndarray:
    """Return the cut-offs (3,) of the mass centre's `path` (T, 3) m: of one that falls its own in any case."""
    base = base_hz(stated_hz)
    if stated_hz != OWN and not falls:
        return np.full(3, base)
    return np.array([residual_cutoff(axis, rate_hz, base, MAX_NOISE) for axis in path.T])
