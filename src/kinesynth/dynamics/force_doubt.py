"""The uncertainty of forces and moments from motion, estimated from the motion itself, frame by frame.

A low-pass filter smears what happens within hundredths of a second, and feet tell when they meet and leave the floor
to some hundredths only. How much hangs on either is seen by changing it: where a force stays the same under another
cut-off and with flights that begin and end a little earlier or later it is told by the motion, where it changes it is
told by the choice. On top come two errors that no choice shows: a person's masses are not where the model has them, so
that the mass centre's acceleration is off in proportion; and a force that rises fast is off by what it does meanwhile.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np

from kinesynth.dynamics.airborne import falling_height, vertical_support
from kinesynth.dynamics.filters import ORDER, low_pass
from kinesynth.gravity import GRAVITY

HALF_OCTAVE = 1.5  # the other cut-off as a multiple of the one in use: what is lost most lies just above that
OCTAVE = 2.0  # the same for the moments of limbs in flight
MAX_CUTOFF = 0.45  # of the frame rate
EVENT_SECONDS = 0.02  # within which contact and lift-off are told
AFTER_SECONDS = 0.1  # in which doubt falls to 1/e: so long, flesh swings on after an impact
BEFORE_CYCLES = 1.0 / np.pi  # of the cut-off, the same for a filter that looks ahead: its slowest pole's time constant
GAIN = 0.1  # of the mass centre's acceleration
TIMING_SECONDS = 0.01  # by which an estimated force may be early or late
PARABOLA_FRAMES = 4  # one more than any parabola passes through


@dataclass(frozen=True)
class ForceDoubt:
    """By how much the vertical force on the whole body may be off, in body weights.

    Attributes:
        smeared: (T,), what hangs on the filter and on the times of contact; plates that measured do not remove it, as
            joint moments rest on the same motion.
        timing: (T,), what a force is off by that is told from motion a little too early or late.
        masses: (T,), what it is off by because a person's masses are elsewhere; those of somebody whom we made, of a
            motion that we made, are where the model has them.
    """

    smeared: np.ndarray
    timing: np.ndarray
    masses: np.ndarray

    def of(self, *, measured: bool, made: bool) -> np.ndarray:
        """Return their sum (T,), for a force that plates `measured` and for a motion that was `made` from nothing."""
        if measured:
            return self.smeared
        return np.asarray(self.smeared + self.timing + (0.0 if made else self.masses))


def support_doubt(
    height: np.ndarray, flights: list[slice], rate_hz: float, cutoff_hz: float, path_cutoff_hz: float
) -> ForceDoubt:
    """Return how far to trust the support that the path of a mass centre tells.

    Inside a flight, EVENT_SECONDS from its ends and more, no filter counts: nothing supports a body in the air. In
    doubt is only whether it flies, by the support that a parabola through its own path would need.

    Args:
        height: (T,) m, of the mass centre, unfiltered.
        flights: spans of frames in the air.
        rate_hz: frames per second.
        cutoff_hz: the lowest of the low-pass filters' that the motion goes through.
        path_cutoff_hz: of that of the path.
    """
    if len(height) <= ORDER:
        nothing = np.zeros(len(height))
        return ForceDoubt(nothing + 1.0, nothing, nothing)  # so few frames tell no acceleration

    def support(cutoff: float, spans: list[slice]) -> np.ndarray:
        smooth = falling_height(height, spans, rate_hz, cutoff) if spans else low_pass(height, rate_hz, cutoff)
        told = vertical_support(smooth, rate_hz)
        told[[0, -1]] = told[[1, -2]]
        return told

    told = support(path_cutoff_hz, flights)
    others = [support(cutoff, flights) for cutoff in (cutoff_hz, quicker(path_cutoff_hz, HALF_OCTAVE, rate_hz))]
    others += [support(path_cutoff_hz, spans) for spans in moved(flights, len(height), rate_hz)]
    smeared = _lasting(np.abs(np.array(others) - told).max(axis=0), rate_hz, BEFORE_CYCLES / cutoff_hz)
    timing, masses = TIMING_SECONDS * np.abs(np.gradient(told)) * rate_hz, GAIN * np.abs(told - 1.0)
    for span in well_inside(flights, rate_hz):
        smeared[span], timing[span], masses[span] = fall_error(height[span], rate_hz), 0.0, 0.0
    return ForceDoubt(smeared, timing, masses)


def quicker(cutoff_hz: float, times: float, rate_hz: float) -> float:
    """Return a cut-off so many `times` as high, as far as the frame rate allows."""
    return max(cutoff_hz, min(times * cutoff_hz, MAX_CUTOFF * rate_hz))


def moved(flights: list[slice], frames: int, rate_hz: float) -> list[list[slice]]:
    """Return the flights with their ends moved by EVENT_SECONDS to and fro, in every combination but as they are."""
    step = _event_frames(rate_hz)
    ways = [way for way in product((-step, 0, step), repeat=2) if any(way)] if flights else []
    return [
        [slice(max(span.start + begin, 1), min(span.stop + end, frames - 1)) for span in flights] for begin, end in ways
    ]


def well_inside(flights: list[slice], rate_hz: float) -> list[slice]:
    """Return what of each flight is EVENT_SECONDS and more from its ends, where that is enough for a parabola."""
    step = _event_frames(rate_hz)
    inner = [slice(span.start + step, span.stop - step) for span in flights]
    return [span for span in inner if span.stop - span.start >= PARABOLA_FRAMES]


def fall_error(height: np.ndarray, rate_hz: float) -> float:
    """Return by how much, in g, the acceleration of a parabola through `height` (T,) m differs from free fall."""
    curve = np.polynomial.Polynomial.fit(np.arange(len(height)) / rate_hz, height, 2)
    return float(abs(1.0 + curve.deriv(2)(0.0) / GRAVITY))


def near_ends(flying: np.ndarray, rate_hz: float) -> np.ndarray:
    """Return (T,) bool, the frames before and after those where `flying` (T,) begins or ends, as far as it may err."""
    changes = np.flatnonzero(np.diff(flying.astype(int))) + 0.5  # between two frames
    distance = np.abs(np.arange(len(flying))[:, None] - changes).min(axis=1, initial=np.inf)
    return np.asarray(distance < _event_frames(rate_hz))


def flight_moment_doubt(
    forces: np.ndarray, quick: np.ndarray, root: list[int], mass_kg: float, flying: np.ndarray
) -> np.ndarray:
    """Return (T,) N m/kg, by how much joint moments in flight hang on the filter; zero elsewhere.

    Limbs without load have moments of their own accelerations alone, into which a filter brings take-off and landing.

    Args:
        forces: (T, J) N m, generalised, of the motion.
        quick: the same of a motion that was filtered less, which falls along the same path.
        root: the columns of J that no joint drives.
        mass_kg: of the body.
        flying: (T,) bool.
    """
    change = np.delete(np.abs(quick - forces), root, axis=1).max(axis=1)
    return np.where(flying, change / mass_kg, 0.0)


def _event_frames(rate_hz: float) -> int:
    return max(1, round(EVENT_SECONDS * rate_hz))


def _lasting(doubt: np.ndarray, rate_hz: float, before_seconds: float) -> np.ndarray:
    """Return (T,) the maximum of each frame's `doubt` and of what is left of that of frames before and after it."""
    after = _decaying(doubt, AFTER_SECONDS * rate_hz)
    return np.asarray(np.maximum(after, _decaying(doubt[::-1], before_seconds * rate_hz)[::-1]))


def _decaying(values: np.ndarray, frames: float) -> np.ndarray:
    """Return the maximum of all values up to each, those before it fallen to 1/e every so many `frames`."""
    passed = np.arange(len(values)) / frames
    with np.errstate(divide="ignore"):
        left: np.ndarray = np.maximum.accumulate(np.log(values) + passed) - passed
    return np.exp(left)
