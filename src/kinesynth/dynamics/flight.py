"""Where a motion leaves the ground, and that it falls freely there.

Feet meet and leave the floor within hundredths of a second. A low-pass filter smears the accelerations of take-off and
landing into the flight, where nothing can supply them: the impulse that they carried would be lost. Here it is given
back. The body's path is shifted, by millimetres and only around the flight, so that it falls freely while no foot
is down and moves as before elsewhere.
"""

import numpy as np

from kinesynth.gravity import GRAVITY
from kinesynth.runs import runs

LEAST_SECONDS = 0.05
GREATEST_SECONDS = 1.0  # a jump of 1.2 m
GREATEST_SUPPORT = 0.3  # of body weight, mean over a flight that is one; a body on a chair has it all
SMEAR_CYCLES = 1.16  # of the cut-off, 0.19 s at 6 Hz: 99 % of the area of the filter's response to an impulse
NEAR_SECONDS = 0.15  # where the smeared impulse came from: the width of a 6 Hz filter's response


def airborne(likelihood: np.ndarray, rate_hz: float) -> list[slice]:
    """Return the spans of frames in which no point of either sole, likelihood (T, 2, P), is in contact."""
    off = likelihood.max(axis=(1, 2)) < 0.5
    spans = [slice(first, last) for first, last in runs(off)]
    return [span for span in spans if LEAST_SECONDS <= (span.stop - span.start) / rate_hz <= GREATEST_SECONDS]


def frames_of(spans: list[slice], frames: int) -> np.ndarray:
    """Return (T,) bool, true within the spans."""
    inside = np.zeros(frames, dtype=bool)
    for span in spans:
        inside[span] = True
    return inside


def near_ends(inside: np.ndarray, cutoff_hz: float, rate_hz: float) -> np.ndarray:
    """Return (T,) bool, frames so near to where a flight begins or ends that the filter smears one into the other.

    Args:
        inside: (T,) bool, the frames of flights.
        cutoff_hz: of the low-pass filter.
        rate_hz: frames per second.
    """
    ends = np.flatnonzero(np.diff(inside.astype(int))) + 0.5  # between two frames
    if not len(ends):
        return np.zeros(len(inside), dtype=bool)
    distance = np.abs(np.arange(len(inside))[:, None] - ends).min(axis=1)
    return np.asarray(distance <= SMEAR_CYCLES / cutoff_hz * rate_hz + 1e-9)


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
        if np.linalg.norm(support[span].mean(axis=0)) > GREATEST_SUPPORT * GRAVITY:
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
