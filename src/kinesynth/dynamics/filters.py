"""Zero-phase low-pass filter without end effects."""

import numpy as np
from scipy.linalg import solveh_banded

from kinesynth.errors import KinesynthError

ORDER = 3
HALF_POWER = np.sqrt(2.0) - 1.0


def low_pass(values: np.ndarray, rate_hz: float, cutoff_hz: float) -> np.ndarray:
    """Return `values` (T, ...) without what is faster than `cutoff_hz`, where the gain is 1/sqrt(2).

    The result x minimises |x - values|^2 + penalty |D x|^2 with D the third differences. Its gain,
    1 / (1 + penalty (2 sin(w/2))^6), is that of a third-order Butterworth (sine) filter run forward and backward, but
    where that needs invented samples before the first and after the last frame, least squares needs none: a parabola,
    hence a constant acceleration, passes unchanged to the very ends. Inverse dynamics lives on second derivatives.

    Source: Eilers 2003, "A perfect smoother"; Gomez 2001, "The use of Butterworth filters for trend and cycle
    estimation in economic time series".

    Raises:
        KinesynthError: the cut-off is not between 0 and half the rate.
    """
    if not 0.0 < cutoff_hz < rate_hz / 2:
        raise KinesynthError(
            f"low-pass cut-off {cutoff_hz:g} Hz must lie between 0 and {rate_hz / 2:g} Hz, half the rate"
        )
    frames = len(values)
    if frames <= ORDER:
        return values.copy()
    penalty = HALF_POWER / (2.0 * np.sin(np.pi * cutoff_hz / rate_hz)) ** (2 * ORDER)
    columns = values.reshape(frames, -1)
    smooth = solveh_banded(_normal_bands(frames, penalty), columns, lower=True)
    return smooth.reshape(values.shape)


def _normal_bands(frames: int, penalty: float) -> np.ndarray:
    """Return the lower bands (ORDER + 1, T) of I + penalty D'D."""
    stencil = np.array([-1.0, 3.0, -3.0, 1.0])
    bands = np.zeros((ORDER + 1, frames))
    for offset in range(ORDER + 1):
        for first in range(ORDER + 1 - offset):
            product = penalty * stencil[first] * stencil[first + offset]
            bands[offset, first : first + frames - ORDER] += product
    bands[0] += 1.0
    return bands
