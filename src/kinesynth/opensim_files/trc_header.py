"""The five lines at the head of a .trc file: values under their names, and the markers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kinesynth.errors import BadInput
from kinesynth.opensim_files.units import EXPECTED, metres_per_unit

LINES = 5
FIX = "export the file again"
_NEEDED = ("DataRate", "NumFrames", "NumMarkers", "Units")


@dataclass(frozen=True)
class TrcHeader:
    """What the head of a file says.

    Attributes:
        names: the markers.
        rate: DataRate, Hz.
        frames: NumFrames, which in a file cut from a longer trial may count the whole of it.
        metres: how many metres a unit of the positions is.
        notes: what was taken for granted.
    """

    names: tuple[str, ...]
    rate: float
    frames: float
    metres: float
    notes: tuple[str, ...]


def read_header(path: Path, lines: Sequence[str]) -> TrcHeader:
    """Read the first lines of a file.

    Raises:
        BadInput: they are no .trc file's, a value is missing or wrong, or values and names contradict each other.
    """
    if len(lines) < LINES or not lines[0].startswith("PathFileType") or not lines[3].startswith("Frame#"):
        found = lines[0][:40] if lines else "an empty file"
        raise BadInput(path, "header", found, f"the {LINES} lines of a .trc", FIX)
    if not lines[4].strip().upper().startswith("X"):
        raise BadInput(path, "line 5", lines[4].strip()[:40] or "nothing", "X1 Y1 Z1 X2 ...", "write that line in")
    values, notes = _values(path, lines[1], lines[2])
    names, more = _names(path, lines[3], lines[4], _number(path, values, "NumMarkers"))
    metres = metres_per_unit(values.get("Units", ""))
    if metres is None:
        raise BadInput(path, "Units", values.get("Units") or "nothing", EXPECTED, "write the unit in")
    rate, frames = (_number(path, values, key) for key in ("DataRate", "NumFrames"))
    return TrcHeader(names, rate, frames, metres, notes + more)


def _values(path: Path, keys_line: str, values_line: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the values by their keys; where one is missing, the one whose lack lets the others fit."""
    keys, values = keys_line.split(), values_line.split()
    if len(keys) == len(values):
        return dict(zip(keys, values, strict=True)), ()
    if "\t" in values_line.strip():
        cells = [cell.strip() for cell in values_line.rstrip().split("\t")]
        given = dict(zip(keys, cells, strict=False))
        empty = [key for key in keys[: len(cells)] if not given[key]]
        if len(cells) <= len(keys) and _fit(given):
            return given, tuple(f"{key} is empty, and not used" for key in empty)
        values = cells
    for key in [key for key in keys if key not in _NEEDED] if len(values) == len(keys) - 1 else []:
        given = dict(zip([other for other in keys if other != key], values, strict=True))
        if _fit(given):
            return given, (f"{key} has no value; it is not used",)
    found = f"{len([value for value in values if value])} values ({' '.join(values)})"
    raise BadInput(path, "header", found, f"one for each of {' '.join(keys)}", "write in the value that is missing")


def _fit(given: dict[str, str]) -> bool:
    """Tell whether the values that are needed are of the kind that their keys ask for."""
    numbers = all(given.get(key, "").replace(".", "", 1).isdigit() for key in _NEEDED[:3])
    return numbers and metres_per_unit(given.get("Units", "")) is not None


def _names(path: Path, line: str, axes_line: str, stated: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the markers; a wrong NumMarkers is overruled where the names and the axes under them agree."""
    tabbed = "\t" in line
    cells = [cell.strip() for cell in line.split("\t")[2:]] if tabbed else line.split()[2:]
    names = tuple(cell for cell in cells if cell)
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise BadInput(path, "marker names", f"{twice} twice", "each marker once", "rename one of them")
    if len(names) == stated:
        return names, ()
    axes = len(axes_line.split())
    if (
        tabbed
        and axes == 3 * len(names)
        and all(bool(cell) == (i % 3 == 0) for i, cell in enumerate(cells[: axes - 2]))
    ):
        return names, (f"NumMarkers says {stated:.0f}, and {len(names)} markers with their axes are there: read those",)
    if not tabbed:
        found = f"no tabs, and {len(names)} words where NumMarkers says {stated:.0f}"
        raise BadInput(path, "marker names", found, "names between tabs", "put the tabs back that became blanks")
    found = f"{stated:.0f} with {len(names)} names and {axes} axes"
    raise BadInput(path, "NumMarkers", found, "three axes for each name, and as many names as said", FIX)


def _number(path: Path, values: dict[str, str], key: str) -> float:
    try:
        value = float(values[key])
    except (KeyError, ValueError):
        value = 0.0
    if not 0.0 < value < np.inf:
        raise BadInput(path, key, values.get(key) or "nothing", "a positive number", "write it in")
    return value
