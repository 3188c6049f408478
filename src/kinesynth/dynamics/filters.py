"""Filters over time, in seconds and hertz: a low-pass without end effects, and local polynomials."""

import numpy as np
from scipy.linalg import solveh_banded

from kinesynth.errors import KinesynthError

ORDER = 3
MEANS = np.array([1.0, 3.0, 3.0, 1.0]) / 2.0**ORDER
DIFFERENCES = np.array([-1.0, 3.0, -3.0, 1.0]) / 2.0**ORDER
HIGHEST_HZ = 20.0  # nothing that bodies of flesh do to their mass centre is faster
HALF_POWER = np.sqrt(2.0) - 1.0


def low_pass(values: np.ndarray, rate_hz: float, cutoff_hz: float) -> np.ndarray:
    """Return `values` (T, ...) without what is faster than `cutoff_hz`, where the gain is 1/sqrt(2).

    The result x minimises |S (x - values)|^2 + penalty |D x|^2, with S the third-order running means and D the third
    differences. Its gain, 1 / (1 + penalty tan(w/2)^6), is that of a third-order Butterworth filter run forward and
    backward; but where that needs invented samples before the first and after the last frame, least squares needs
    none: a parabola, hence a constant acceleration, passes unchanged to the very ends. Inverse dynamics lives on second
    derivatives.

    Source: Gomez 2001, "The use of Butterworth filters for trend and cycle estimation in economic time series".

    Raises:
        KinesynthError: the cut-off is not between 0 and half the rate.
    """
    if not 0.0 < cutoff_hz < rate_hz / 2:
        raise KinesynthError(
            f"low-pass cut-off {cutoff_hz:g} Hz must lie between 0 and {rate_hz / 2:g} Hz, half the rate"
        )
    if len(values) <= ORDER:
        return values.copy()
    penalty = HALF_POWER / np.tan(np.pi * cutoff_hz / rate_hz) ** (2 * ORDER)
    columns = values.reshape(len(values), -1)
    roughness = penalty * _difference_bands(len(values))
    # x = values - rough part, so that what passes unchanged suffers no rounding.
    rough = solveh_banded(_mean_bands(len(values)) + roughness, _apply(roughness, columns), lower=True)
    return np.asarray(values - rough.reshape(values.shape))


def residual_cutoff(values: np.ndarray, rate_hz: float, min_hz: float, max_noise: float) -> float:
    """Return the low-pass cut-off (Hz) that a record `values` (T,) asks for itself, `min_hz` or more.

    Residual analysis: what a filter takes away grows in proportion to noise alone where its cut-off is high. That line,
    carried on to a cut-off of zero, is the noise's standard deviation; at the cut-off whose filter takes away as much,
    signal lost and noise let through are alike. But never so high that the noise that passes makes an acceleration of
    more than `max_noise` (standard deviation, units of `values` per s^2).

    Source: Winter 2009, "Biomechanics and motor control of human movement", 4th edition, section 3.4.4.3.
    """
    highest = min(HIGHEST_HZ, 0.4 * rate_hz)
    cutoffs = np.arange(1.0, highest + 1e-9, 0.5)
    if len(values) <= ORDER or len(cutoffs) < 8 or highest <= min_hz:
        return min_hz
    residuals = np.array([np.sqrt(np.mean((values - low_pass(values, rate_hz, each)) ** 2)) for each in cutoffs])
    tail = cutoffs > 0.6 * highest
    noise = max(float(np.polyfit(cutoffs[tail], residuals[tail], 1)[1]), 0.0)
    passing = noise * (2.0 * np.pi * cutoffs) ** 2 * np.sqrt(2.0 * cutoffs / rate_hz)
    kept = cutoffs[(residuals >= noise) & (passing <= max_noise)]
    return max(min_hz, float(kept.max(initial=0.0)))


def local_fit(values: np.ndarray, rate_hz: float, seconds: float, order: int) -> np.ndarray:
    """Return `values` (T, ...) after a Savitzky-Golay filter: polynomials of `order` over windows of `seconds`.

    The window is the greatest odd number of frames that these seconds hold. Where it holds no more frames than a
    polynomial passes through anyway, or more than there are, the values themselves are returned.
    """
    frames = int(seconds * rate_hz + 1e-9)
    window = frames - 1 + frames % 2
    if window <= order + 1 or window > len(values):
        return values
    from scipy.signal import savgol_filter  # late: it takes half a second to import

    return np.asarray(savgol_filter(values, window, order, axis=0))


def _mean_bands(frames: int) -> np.ndarray:
    """Return the lower bands (ORDER + 1, T) of S'S, where S averages a record that is zero before and after."""
    bands = np.zeros((ORDER + 1, frames))
    for offset in range(ORDER + 1):
        bands[offset, : frames - offset] = MEANS[: ORDER + 1 - offset] @ MEANS[offset:]
    return bands


def _difference_bands(frames: int) -> np.ndarray:
    """Return the lower bands (ORDER + 1, T) of D'D, where D takes the differences for which the record has frames."""
    bands = np.zeros((ORDER + 1, frames))
    for offset in range(ORDER + 1):
        for first in range(ORDER + 1 - offset):
            bands[offset, first : first + frames - ORDER] += DIFFERENCES[first] * DIFFERENCES[first + offset]
    return bands


def _apply(bands: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return the product of the symmetric matrix with lower `bands` and `columns` (T, C)."""
    product = bands[0, :, None] * columns
    for offset in range(1, len(bands)):
        band = bands[offset, :-offset, None]
        product[offset:] += band * columns[:-offset]
        product[:-offset] += band * columns[offset:]
    return np.asarray(product)
