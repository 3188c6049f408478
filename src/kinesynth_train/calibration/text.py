"""What readers of calibrations, and of points, need: bytes of bounded number, JSON, and arrays of numbers."""

import json
from collections.abc import Sequence
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


def read_json(path: Path, expected: str, fix: str) -> object:
    """Return what a JSON file holds, in which no name stands twice: of two, readers keep one and say nothing.

    Raises:
        BadInput: it cannot be read, is no JSON, or says a thing twice.
    """
    try:
        return json.loads(read_bytes(path).decode("utf-8"), object_pairs_hook=lambda pairs: _once(path, pairs))
    except (ValueError, RecursionError) as error:
        raise BadInput(path, "file", " ".join(str(error).split())[:120], expected, fix) from error


def _once(path: Path, pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise BadInput(path, twice[:80], "that name twice", "each name once", "rename or remove one of them")
    return dict(pairs)


def numbers(path: Path, field: str, value: object) -> np.ndarray:
    """Return `value`, nested lists of numbers or what looks like them, as an array of float64.

    Raises:
        BadInput: it is not.
    """
    try:
        array = np.asarray(value)
        if array.dtype.kind == "c":  # whose imaginary parts numpy drops
            raise TypeError("complex numbers")
        return array.astype(float)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadInput(path, field, " ".join(repr(value).split())[:80], "numbers", FIX) from error
