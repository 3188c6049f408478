"""The time column of a table: evenly spaced, and of the rate that the header states.

Programs round times, often to milliseconds, so that 30 Hz comes in steps of 33 and 34 ms. What is within the last
digit that the column shows is no fault.
"""

from pathlib import Path

import numpy as np

from kinesynth.errors import BadInput

RATES_HZ = (10.0, 1000.0)
_MAX_UNEVEN = 0.1  # of a step that a row may lie off the even grid; a row that is gone lies off by half of one
_MAX_OFF = 0.01  # of the rate: 59.94 and 60 Hz are one, 50 and 60 are not
_MAX_ROUNDED = 0.3  # of a step: what rounding can explain; a rate that is wrong by two is wrong by half a step
_MAX_ASSUMED = 0.25  # of a step, where no header says what the steps should be
_MOSTLY = 0.95  # of the steps are alike where times are not rounded
_DIGITS = 9


def even_rate(path: Path, field: str, times: np.ndarray, stated_hz: float | None = None) -> float:
    """Return the rate (Hz) of a time column: the stated one where both agree.

    Args:
        path: of the file, for messages.
        field: what the column is called there.
        times: (T,) s, T >= 1.
        stated_hz: the rate in the file's header, where it has one.

    Raises:
        BadInput: times do not increase, are uneven, or contradict the header; or there is one row and no header.
    """
    steps = np.diff(times)
    if not np.isfinite(times).all():
        row = int(np.argmin(np.isfinite(times))) + 1
        raise BadInput(
            path, field, f"no time in row {row}", "a time in every row", "write the time in or take the row out"
        )
    if len(steps) == 0:
        if stated_hz is None:
            raise BadInput(path, field, "one row", "at least two", "name a longer file")
        return stated_hz
    if not (steps > 0.0).all():
        row = int(np.argmin(steps > 0.0)) + 2
        found = f"no increase at row {row} ({times[row - 2]:.6g} s, then {times[row - 1]:.6g} s)"
        raise BadInput(path, field, found, "increasing times", "take the row out that is wrong or stands twice")
    usual = float(np.median(steps))
    rounding = _rounding(times, steps, None if stated_hz is None else 1.0 / stated_hz)
    if stated_hz is not None:
        _check_stated(path, field, usual, rounding, stated_hz)
    _check_even(path, field, times, rounding)
    mean = float(times[-1] - times[0]) / len(steps)
    if stated_hz is not None:
        _check_stated(path, field, mean, rounding / len(steps), stated_hz)
        return stated_hz
    return _checked_rate(path, field, 1.0 / mean)


def _check_stated(path: Path, field: str, step: float, rounding: float, stated_hz: float) -> None:
    if abs(step - 1.0 / stated_hz) > (_MAX_OFF + min(rounding * stated_hz, _MAX_ROUNDED)) / stated_hz:
        found = f"{stated_hz:g} Hz, but {field} goes in steps of {step:.4g} s ({1.0 / step:.4g} Hz)"
        raise BadInput(path, "DataRate", found, "one rate in both", "correct the one that is wrong")


def _check_even(path: Path, field: str, times: np.ndarray, rounding: float) -> None:
    """Hold the times against the straight line that is nearest to them."""
    rows, steps = np.arange(len(times)), np.diff(times)
    slope, start = np.polyfit(rows, times - times[0], 1)
    off = float(np.abs(times - times[0] - start - slope * rows).max())
    usual = float(np.median(steps))
    half = 0.5 * min(rounding, usual)
    if off <= _MAX_UNEVEN * usual + half and steps.max() < 1.5 * usual + half:
        return
    row = int(np.abs(steps - usual).argmax()) + 1
    found = f"steps of {steps.min():.4g} to {steps.max():.4g} s, {steps[row - 1]:.4g} s after row {row}"
    fix = "put the rows back that are gone, or resample the file to a constant rate"
    raise BadInput(path, field, found, "even steps", fix)


def _checked_rate(path: Path, field: str, rate: float) -> float:
    low, high = RATES_HZ
    if not (1.0 - _MAX_OFF) * low <= rate <= (1.0 + _MAX_OFF) * high:
        found = f"{rate:.4g} rows a second"
        raise BadInput(path, field, found, f"{low:g} to {high:g}", "write the times in seconds, or resample the file")
    return rate


def _rounding(times: np.ndarray, steps: np.ndarray, step: float | None) -> float:
    """Return the unit (s) of the last digit that the times show, 0 where they need no rounding to show their steps."""
    digit = next((10.0**-digits for digits in range(_DIGITS) if _shows(times, digits)), 10.0**-_DIGITS)
    if step is not None:
        return 0.0 if abs(step / digit - round(step / digit)) < 0.01 else digit
    alike = np.abs(steps - np.median(steps)) < 0.1 * digit
    return 0.0 if alike.mean() > _MOSTLY else min(digit, _MAX_ASSUMED * float(np.median(steps)))


def _shows(times: np.ndarray, digits: int) -> bool:
    scaled = times * 10.0**digits
    return bool(np.abs(scaled - np.round(scaled)).max() < 1e-6 * 10.0 ** (digits / 3))
