"""What readers of calibrations, and of points, need: bytes of bounded number, and arrays of numbers."""

from pathlib import Path

import numpy as np

from kinesynth.errors import BadInput

MAX_BYTES = 16 << 20
FIX = "export it again"


def read_bytes(path: Path) -> bytes:
    """Return a calibration file's bytes.

    Raises:
        BadInput: it is missing, no regular file, or far too large for a calibration.
    """
    try:
        if not path.is_file():
            raise BadInput(path, "file", "no regular file", "a calibration", "check the path")
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise BadInput(path, "file", f"{size / 1e6:.0f} MB", "a calibration below 16 MB", "check the path")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise BadInput(path, "file", " ".join(str(error).split()), "a calibration", FIX) from error


def numbers(path: Path, field: str, value: object) -> np.ndarray:
    """Return `value`, nested lists of numbers or what looks like them, as an array of float64.

    Raises:
        BadInput: it is not.
    """
    try:
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadInput(path, field, " ".join(repr(value).split())[:80], "numbers", FIX) from error
