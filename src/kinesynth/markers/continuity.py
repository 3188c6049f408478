"""Whether a trial goes on from frame to frame: frames that were dropped though Time counts on, and held positions.

A body's middle cannot change its velocity at once: a step of all markers that differs from the steps before and after
it is a piece of time that is missing. Some programs fill a gap by holding the last position; the marker then stands
still to the last digit, and leaps when it is seen again.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from kinesynth.errors import BadInput
from kinesynth.opensim_files.trc import MarkerTrajectories
from kinesynth.runs import runs

_LEAP_M, _LEAP_M_S2 = 0.05, 150.0  # 15 g: landing from a height, bodies are braked with 10
_MIN_COMMON = 4  # markers that two frames share, or their step says nothing of the body
_HELD_FRAMES, _HELD_M = 5, 1e-7
_STUCK_FRACTION, _TRAVELS_M = 0.75, 0.5  # of the frames; no foot stands so long where the typical marker goes so far
_RETURN_M, _RETURN_STEPS = 0.02, 3.0  # a leap back: so far, and so many times as far as the marker's longest usual step


def check_continuous(path: Path, trial: MarkerTrajectories) -> None:
    """Require that no piece of time is missing between two frames.

    Raises:
        BadInput: all markers leap together.
    """
    steps = np.diff(trial.positions, axis=0)
    common = np.isfinite(steps).all(axis=-1).sum(axis=1) >= _MIN_COMMON
    middle = np.full((len(steps), 3), np.nan)
    middle[common] = np.nanmedian(steps[common], axis=1)
    leap = np.linalg.norm(middle[1:-1] - 0.5 * (middle[:-2] + middle[2:]), axis=1)
    found = np.flatnonzero(np.nan_to_num(leap) > max(_LEAP_M, _LEAP_M_S2 / trial.fps**2))
    if len(found):
        worst = found[leap[found].argmax()]
        said = f"all markers leap by {np.linalg.norm(middle[worst + 1]):.2f} m from the one before"
        fix = "frames are missing there: take the part before or after it, with a Time of its own"
        raise BadInput(path, f"frame {worst + 3}", said, "a motion that goes on", fix)


def stuck(trial: MarkerTrajectories) -> list[str]:
    """Return the markers that stand still to the last digit in most frames of a trial in which the body travels."""
    steps = np.linalg.norm(np.diff(trial.positions, axis=0), axis=-1)
    counted = np.isfinite(steps)
    frames = np.maximum(counted.sum(axis=0), 1)
    still = (np.where(counted, steps, np.inf) <= _HELD_M).sum(axis=0) > _STUCK_FRACTION * frames
    low, high = (reach(trial.positions, axis=0, initial=end, where=np.isfinite(trial.positions))
                 for reach, end in ((np.min, np.inf), (np.max, -np.inf)))  # fmt: skip
    travels = np.median(np.linalg.norm(high - low, axis=-1)) > _TRAVELS_M
    return [name for name, each in zip(trial.names, still, strict=True) if each and travels]


def without_held(trial: MarkerTrajectories) -> tuple[MarkerTrajectories, dict[str, str]]:
    """Return a trial in which positions held over a gap are NaN, and of how many frames of which marker."""
    positions, held = trial.positions.copy(), {}
    for column, name in enumerate(trial.names):
        runs = list(_held(trial.positions[:, column]))
        for first, last in runs:
            positions[first + 1 : last + 1, column] = np.nan
        if runs:
            held[name] = f"{sum(last - first for first, last in runs)} frames in which it was held"
    return replace(trial, positions=positions), held


def _held(path: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield first and last frame of each stretch in which a path (T, 3) stands still and then leaps back."""
    step = np.linalg.norm(np.diff(path, axis=0), axis=1)
    moving = step[step > _HELD_M]
    if not len(moving):
        return
    usual = float(np.quantile(moving, 0.95))
    for first, last in runs(step <= _HELD_M):
        if last - first >= _HELD_FRAMES and last < len(step) and step[last] > max(_RETURN_M, _RETURN_STEPS * usual):
            yield first, last
