"""Marker files of the C3D format (c3d.org), as motion capture systems write them."""

import os
import struct
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from kinesynth.errors import BadInput, ClipRejected, MissingDependency
from kinesynth.isolation import isolated
from kinesynth.markers.labels import known
from kinesynth.markers.up_axis import EXTENT_M, extent
from kinesynth.opensim_files.trc import MarkerTrajectories
from kinesynth.opensim_files.trc_header import FIX
from kinesynth.opensim_files.units import EXPECTED, METRES_PER_UNIT, metres_per_unit
from kinesynth.stated import MASS_BOUNDS_KG

TIMEOUT_SECONDS = 120.0
_MAX_BYTES = 2_000_000_000
_BLOCK, _KEY = 512, 0x50
_DEC, _SGI = b"\x55", b"\x56"  # processor types; DEC writes floats of its own kind, SGI all the other way round
_MAX_OFF = 0.01  # of a rate, between the two places that tell it
_MODEL_OUTPUTS = ("ANGLES", "FORCES", "MOMENTS", "POWERS", "SCALARS", "REACTIONS", "MODELED_MARKERS")
_SHORTEST_WORD = len("meters")
_MASS = ("PROCESSING", "BODYMASS")  # where Vicon's programs write the subject's
_MIN_KNOWN = 12  # markers that tell how large a person is


def read_c3d(path: Path) -> MarkerTrajectories:
    """Read a .c3d file's points in metres, what it declares as computed left out.

    Times are those of its frame numbers, the first of which is 1 in a trial that is whole: in one cut out of another,
    they go on from where that other began.

    Raises:
        BadInput: the file is no .c3d, truncated, without points, or its unit is none.
        MissingDependency: ezc3d is not installed.
    """
    if find_spec("ezc3d") is None:
        raise MissingDependency("ezc3d", "pipeline")
    header_rate = check_c3d(path)
    try:
        # A process that has ezc3d loaded cannot use OpenSim: both bring SWIG types of the same names.
        parameters, points, first_frame, mass = isolated(
            _c3d_content, path.absolute(), timeout_seconds=TIMEOUT_SECONDS, log=Path(os.devnull)
        )
    except ClipRejected as error:
        found = f"unreadable data ({error.detail.removesuffix(f', see {os.devnull}')[:120]})"
        raise BadInput(path, "file", found, "a .c3d file", FIX) from error
    labels = parameters.get("LABELS", []) + parameters.get("LABELS2", [])
    computed = {label for group in _MODEL_OUTPUTS for label in parameters.get(group, [])}
    rate = float((parameters.get("RATE") or [0.0])[0])
    if 0 in points.shape[1:] or not rate > 0.0:
        found = f"{points.shape[1]} in {points.shape[2]} frames at {rate:g} Hz"
        raise BadInput(path, "points", found, "at least one in one frame", FIX)
    if header_rate and abs(rate / header_rate - 1.0) > _MAX_OFF:
        found = f"{rate:g} Hz, but {header_rate:g} Hz in the file's first block"
        raise BadInput(path, "POINT:RATE", found, "one rate in both", "correct the one that is wrong")
    shown = [column for column, label in enumerate(labels[: points.shape[1]]) if label not in computed]
    names, positions = tuple(labels[i] for i in shown), points[:3, shown].transpose(2, 1, 0)
    metres, notes = _metres(path, str((parameters.get("UNITS") or [""])[0]), names, positions)
    times = (first_frame + np.arange(len(positions))) / rate
    if mass:
        notes += (f"{_MASS[0]}:{_MASS[1]} says {mass:g} kg",)
    return MarkerTrajectories(names, metres * positions, rate, times, notes, mass_kg=mass)


def _metres(path: Path, unit: str, names: tuple[str, ...], positions: np.ndarray) -> tuple[float, tuple[str, ...]]:
    """Return how many metres the file's unit is: as it says, else the one in which its markers are one person's."""
    stated = metres_per_unit(unit)
    if stated is not None:
        cut_off = len(unit) < _SHORTEST_WORD and unit.lower() not in METRES_PER_UNIT
        return stated, (f"POINT:UNITS says {unit!r}: taken for {1.0 / stated:g} to the metre",) if cut_off else ()
    fix = f"write {EXPECTED} into POINT:UNITS, for instance with Mokka or ezc3d, or keep one person's markers"
    if unit:
        raise BadInput(path, "POINT:UNITS", unit, EXPECTED, fix)
    bodily = [i for i, name in enumerate(names) if known([name.rsplit(":", 1)[-1]])]
    seen = positions[:, bodily if len(bodily) >= _MIN_KNOWN else slice(None)].copy()
    seen[(seen == 0.0).all(axis=-1)] = np.nan
    spread, (low, high) = extent(seen), EXTENT_M
    for name, metres in METRES_PER_UNIT.items():
        if low <= metres * spread <= high:
            return metres, (f"POINT:UNITS says nothing: in {name}, markers are {metres * spread:.2f} m apart",)
    found = f"nothing, and markers {spread:.4g} apart"
    raise BadInput(path, "POINT:UNITS", found, f"a unit in which they are one person's ({low:g} to {high:g} m)", fix)


def _c3d_content(path: Path) -> tuple[dict[str, list[Any]], np.ndarray, int, float | None]:
    """Return the values of the group POINT, texts stripped, the points (4, P, T), the first frame, from 0, and a mass.

    Runs in a process of its own.
    """
    import ezc3d

    try:
        content = ezc3d.c3d(str(path))
        points = np.asarray(content["data"]["points"], np.float64)
    except (OSError, ValueError, KeyError, IndexError, MemoryError) as error:
        raise RuntimeError(str(error)) from error
    values = {name: np.ravel(entry["value"]).tolist() for name, entry in content["parameters"]["POINT"].items()
              if "value" in entry}  # fmt: skip
    first = max(int(content["header"]["points"]["first_frame"]), 0)
    stripped = {name: [_stripped(value) for value in entry] for name, entry in values.items()}
    return stripped, points, first, _mass(content["parameters"])


def _mass(parameters: Any) -> float | None:
    """Return the person's mass, kg, that a file's parameters state, None where there is none that somebody has."""
    group = parameters.get(_MASS[0], {})
    values = [group[name].get("value", ()) for name in group if name.upper() == _MASS[1]]
    numbers = [float(number) for value in values for number in np.ravel(value)[:1] if np.isreal(number)]
    low, high = MASS_BOUNDS_KG
    return next((number for number in numbers if low <= number <= high), None)


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def check_c3d(path: Path) -> float | None:
    """Hold a file against what its first block announces: ezc3d hands out what is there of it, or crashes.

    Returns:
        the rate (Hz) that the block tells, None where it is written in DEC's numbers.
    """
    size = path.stat().st_size
    if size > _MAX_BYTES:
        raise BadInput(path, "file", f"{size / 1e9:.1f} GB", f"at most {_MAX_BYTES / 1e9:.0f} GB", "cut the trial")
    with path.open("rb") as stream:
        header = stream.read(_BLOCK)
        if len(header) < _BLOCK or header[0] == 0 or header[1] != _KEY:
            raise BadInput(path, "file", "no .c3d header", "a .c3d file", FIX)
        stream.seek(_BLOCK * (header[0] - 1) + 3)
        processor = stream.read(1)
    order = ">" if processor == _SGI else "<"
    points, samples, first, last = struct.unpack_from(f"{order}4H", header, 2)
    (start,) = struct.unpack_from(f"{order}H", header, 16)
    scale, rate = (struct.unpack_from(f"{order}f", header, offset)[0] for offset in (12, 20))
    if processor != _DEC and not rate > 0.0:
        raise BadInput(path, "rate", f"{rate:g} Hz", "a positive number", FIX)
    width = 4 if processor != _DEC and scale < 0 else 2
    needed = _BLOCK * (start - 1) + (last - first + 1) * (4 * points + samples) * width
    if size < needed:
        found = f"{size} bytes, truncated"
        raise BadInput(path, "file", found, f"{needed} bytes or more, as its header announces", FIX)
    return None if processor == _DEC else float(rate)
