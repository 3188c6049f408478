"""Where a motion leaves the ground, and that it falls freely there.

Feet meet and leave the floor within hundredths of a second. A low-pass filter smears the accelerations of take-off and
landing into the flight, where nothing can supply them: the impulse that they carried would be lost. Here it is given
back. The body's path is shifted, by millimetres and only around the flight, so that it falls freely while no foot
is down and moves as before elsewhere.
"""

from collections.abc import Sequence

import numpy as np
from scipy.linalg import solveh_banded

from kinesynth.dynamics.filters import HALF_POWER
from kinesynth.gravity import GRAVITY
from kinesynth.runs import runs

MIN_SECONDS = 0.03
MAX_SECONDS = 1.0  # a jump of 1.2 m
MAX_SUPPORT = 0.3  # of body weight, mean over a flight that is one; a body on a chair has it all
NO_SUPPORT = 0.1  # of body weight: a body with less falls
CARRIED = 0.6  # of body weight: one with more is carried, whether by feet that are seen to touch or by anything else
EDGE_SECONDS = 0.05  # at a clip's ends accelerations are noise
AGREE_SECONDS = 0.06  # by how much feet and body may differ on when a flight begins
ORDER = 4  # of the differences that are to be small
STIFF = 1e8  # weight of free fall against measured places
LEAN = 0.3  # standard deviation of horizontal over vertical force; runners brake and push with less
MIN_LEANING = 0.05  # of body weight: with less support a force leans as it would with this
NEAR_SECONDS = 0.15  # where the smeared impulse came from: the width of a 6 Hz filter's response


def airborne(likelihood: np.ndarray, support: np.ndarray, rate_hz: float) -> list[slice]:
    """Return the spans of frames in which the body flies.

    Two witnesses tell when a flight begins and ends: the feet, of which no point is likely in contact, and the body,
    whose mass centre falls. Smooth feet sink into the floor late, and a shoe's tip may touch it for some time after
    the load has gone; the body's acceleration is blurred by its filter. Where both see the end, half way between them
    is taken.

    Args:
        likelihood: (T, 2, P) of contact.
        support: (T,), the vertical force in weights that the acceleration of the mass centre asks.
        rate_hz: frames per second.
    """
    falling = support < NO_SUPPORT
    off = _off_the_floor((likelihood.max(axis=(1, 2)) < 0.5) & (support < CARRIED), falling, rate_hz)
    reach = round(AGREE_SECONDS * rate_hz)
    spans = [slice(_agreed(first, falling, reach, 1), _agreed(last, ~falling, reach, 0)) for first, last in runs(off)]
    return [span for span in spans if MIN_SECONDS <= (span.stop - span.start) / rate_hz <= MAX_SECONDS]


def falls(support: np.ndarray, rate_hz: float) -> bool:
    """Return whether a body with `support` (T,), in weights, falls anywhere for MIN_SECONDS or more."""
    edge = round(EDGE_SECONDS * rate_hz)
    inside = support[edge : len(support) - edge] < NO_SUPPORT
    return any(last - first >= MIN_SECONDS * rate_hz for first, last in runs(inside))


def _off_the_floor(feet_off: np.ndarray, falling: np.ndarray, rate_hz: float) -> np.ndarray:
    """Return the frames (T,) bool of flights: those of `feet_off` (T,), and others in which the body is `falling` (T,).

    Flat shoes may graze the floor in a flight, at its ends or all through it. A short fall that ends when the other
    foot lands, and in which no foot is seen to leave, is no flight: a slow runner's support fades before he leaves.
    """
    off, reach = feet_off.copy(), round(AGREE_SECONDS * rate_hz)
    for first, last in runs(falling):
        if last - first < MIN_SECONDS * rate_hz or feet_off[first:last].any():
            continue
        off[first:last] = feet_off[max(first - reach, 0) : last + reach].any() or last - first >= 2 * reach
    for first, last in runs(~off):
        inside = first > 0 and last < len(off)
        off[first:last] |= inside and last - first < MIN_SECONDS * rate_hz  # nobody stands so shortly
    return off


def _agreed(edge: int, flags: np.ndarray, reach: int, up: int) -> int:
    """Return the frame half way between `edge` and the nearest within `reach` at which `flags` (T,) become true.

    Halves are rounded down, or `up` by 1: never into the stance.
    """
    begins = np.flatnonzero(flags[1:] & ~flags[:-1]) + 1
    near = begins[np.abs(begins - edge) <= reach]
    return edge if not len(near) else (edge + int(near[np.abs(near - edge).argmin()]) + up) // 2


def held_contact(likelihood: np.ndarray, spans: list[slice], rate_hz: float) -> np.ndarray:
    """Return the likelihood (T, 2, P) of contact: nothing within flights, and up to them as where contact is seen.

    Args:
        likelihood: (T, 2, P) by the feet alone.
        spans: the flights.
        rate_hz: frames per second.
    """
    flying, seen = frames_of(spans, len(likelihood)), np.flatnonzero(likelihood.max(axis=(1, 2)) >= 0.5)
    result = likelihood.copy()
    result[flying] = 0.0
    if len(seen):
        frames = np.arange(len(likelihood))
        nearest = seen[np.abs(frames[:, None] - seen).argmin(axis=1)]
        held = ~flying & (np.abs(frames - nearest) <= AGREE_SECONDS * rate_hz)
        result[held] = likelihood[nearest[held]]
    return result


def frames_of(spans: list[slice], frames: int) -> np.ndarray:
    """Return (T,) bool, true within the spans."""
    inside = np.zeros(frames, dtype=bool)
    for span in spans:
        inside[span] = True
    return inside


def vertical_support(height: np.ndarray, rate_hz: float) -> np.ndarray:
    """Return the vertical force (T,) that the height (T,) m of a mass centre asks, in weights; one at the ends."""
    support = np.ones(len(height))
    support[1:-1] += np.diff(height, 2) * rate_hz**2 / GRAVITY
    return support


def falling_path(
    path: np.ndarray, spans: list[slice], rate_hz: float, cutoff_hz: Sequence[float] | np.ndarray
) -> np.ndarray:
    """Return the path (T, 3) m of a mass centre, smooth, and falling freely within `spans`.

    A low-pass filter alone smears the force of a short stance into the flights around it and blunts its peak. That
    there is no force in flight is knowledge, which the filter is given here: the result x minimises |x - path|^2 +
    penalty |D x|^2, with D the fourth differences, among all paths whose second differences within the spans are
    gravity's. Stances keep their impulse, and peaks come back. Without spans it is a low-pass filter with a gain of
    1/sqrt(2) at the cut-off, one for each of x, y and z (Whittaker 1922, "On a new method of graduation").

    With spans, x and z have one prior more: a foot pushes sideways by some fraction of what it carries (LEAN), hence
    hardly at all just after it has met the floor, where the change to free fall would ask it of feet without load. How
    much it weighs against the path is told by the flights: what the path strays there is what it is wrong by.
    """
    frames = len(path)
    if frames <= ORDER:
        return path.copy()
    inside = frames_of(spans, frames)[1:-1]
    result = np.empty_like(path)
    result[:, 1] = falling_height(path[:, 1], spans, rate_hz, cutoff_hz[1])
    support = np.maximum(vertical_support(result[:, 1], rate_hz)[1:-1], MIN_LEANING)
    leaning = (rate_hz**2 / (LEAN * GRAVITY * support)) ** 2
    for axis in (0, 2):
        weights = np.where(inside, STIFF, _strays(path[:, axis], spans) ** 2 * leaning)
        result[:, axis] = _smooth(path[:, axis], np.zeros(frames), weights, cutoff_hz[axis] / rate_hz)
    return result


def falling_height(height: np.ndarray, spans: list[slice], rate_hz: float, cutoff_hz: float) -> np.ndarray:
    """Return the height (T,) m of a mass centre, as `falling_path` does that of the whole path."""
    frames = len(height)
    if frames <= ORDER:
        return height.copy()
    stiff = np.where(frames_of(spans, frames)[1:-1], STIFF, 0.0)
    fall = np.zeros(frames)
    for offset, coefficient in enumerate((1.0, -2.0, 1.0)):
        fall[offset : frames - 2 + offset] -= coefficient * stiff * GRAVITY / rate_hz**2
    return _smooth(height, fall, stiff, cutoff_hz / rate_hz)


def _strays(values: np.ndarray, spans: list[slice]) -> float:
    """Return by how much (standard deviation) `values` (T,) stray from straight lines, one through each span."""
    squares, free = 0.0, 0
    for part in (values[span] for span in spans):
        if len(part) > 2:
            line = np.polynomial.Polynomial.fit(np.arange(len(part)), part, 1)
            squares += float(np.sum((part - line(np.arange(len(part)))) ** 2))
            free += len(part) - 2
    return float(np.sqrt(squares / free)) if free else 0.0


def _smooth(values: np.ndarray, pull: np.ndarray, weights: np.ndarray, cutoff: float) -> np.ndarray:
    """Return the x (T,) of least |x - values|^2 - 2 pull x + weights (T - 2,) |second differences|^2 + penalty |D x|^2.

    Args:
        values: (T,).
        pull: (T,).
        weights: of each second difference.
        cutoff: in cycles per frame, which sets the penalty.
    """
    penalty = HALF_POWER / (2.0 * np.sin(np.pi * cutoff)) ** (2 * ORDER)
    bands = np.zeros((ORDER + 1, len(values)))
    bands[0] = 1.0
    _add_squares(bands, np.array([1.0, -4.0, 6.0, -4.0, 1.0]), np.full(len(values) - ORDER, penalty))
    _add_squares(bands, np.array([1.0, -2.0, 1.0]), weights)
    return np.asarray(solveh_banded(bands, values + pull, lower=True))


def _add_squares(bands: np.ndarray, difference: np.ndarray, weights: np.ndarray) -> None:
    """Add D' W D to lower `bands`, with D the rows of `difference` along the diagonal and W their `weights`."""
    for offset in range(len(difference)):
        for first in range(len(difference) - offset):
            bands[offset, first : first + len(weights)] += difference[first] * difference[first + offset] * weights


def free_fall_shift(support: np.ndarray, spans: list[slice], rate_hz: float) -> np.ndarray:
    """Return the shift (T, 3) m of the whole body after which nothing supports it within `spans`.

    The shift's acceleration cancels the support within a span; outside, it is the least one, within NEAR_SECONDS, that
    leaves path and speed beyond as they were. A span in which the body is carried by something else is left alone.

    Args:
        support: (T, 3) m/s^2, the force that the motion asks of its surroundings, per mass.
        spans: of frames without contact, in order.
        rate_hz: frames per second.
    """
    frames, near = len(support), max(2, round(NEAR_SECONDS * rate_hz))
    grounded = ~frames_of(spans, frames)
    acceleration = np.zeros((frames, 3))
    for span in spans:
        if np.linalg.norm(support[span].mean(axis=0)) > MAX_SUPPORT * GRAVITY:
            continue
        rows = np.arange(max(span.start - near, 1), min(span.stop + near, frames - 1))
        rows = rows[grounded[rows]]
        if len(rows) < 2:
            continue
        air = np.arange(span.start, span.stop)
        middle = air.mean()
        taper = np.cos(0.5 * np.pi * (np.maximum(span.start - rows, rows - span.stop + 1) - 1) / near) ** 2
        moments = np.stack([np.ones(len(rows)), (rows - middle) / near])
        lost = np.stack([np.ones(len(air)), (air - middle) / near]) @ support[air]
        acceleration[air] = -support[air]
        acceleration[rows] += (moments * taper).T @ np.linalg.solve((moments * taper) @ moments.T, lost)
    return _twice_integrated(acceleration / rate_hz**2)


def _twice_integrated(second_differences: np.ndarray) -> np.ndarray:
    """Return the path (T, 3) with these second differences, centred on their frames, that starts at rest at zero."""
    path = np.zeros_like(second_differences)
    path[1:] = np.cumsum(np.cumsum(second_differences, axis=0), axis=0)[:-1]
    return path
