"""Marker trajectories in .trc files (Motion Analysis' text format, OpenSim's input for markers).

The file is checked here because OpenSim does not: it spins for ever on a header without frames and takes any
figure for a position.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from kinesynth.atomic import write_text
from kinesynth.errors import BadInput
from kinesynth.text import read_text

METRES_PER_UNIT = {"m": 1.0, "meters": 1.0, "cm": 0.01, "mm": 0.001}
HEADER = "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames"
MOST_METRES = 1000.0
MEND = "export the file again"


@dataclass(frozen=True)
class MarkerTrajectories:
    """Marker positions over time.

    Attributes:
        names: the M markers.
        positions: (T, M, 3) m; NaN where a marker was not seen.
        fps: frames per second.
        times: (T,) s.
    """

    names: tuple[str, ...]
    positions: np.ndarray
    fps: float
    times: np.ndarray


def write_trc(path: Path, names: Sequence[str], positions: np.ndarray, fps: float) -> None:
    """Write `positions` (T, M, 3) in metres, the first frame at time 0.

    A position that is not known is written as NaN, which OpenSim reads; it stumbles over an empty last cell.
    """
    frames, markers = positions.shape[:2]
    values = [f"{fps:.12g}", f"{fps:.12g}", str(frames), str(markers), "m", f"{fps:.12g}", "1", str(frames)]
    lines = [
        f"PathFileType\t4\t(X/Y/Z)\t{path.name}",
        HEADER,
        "\t".join(values),
        "Frame#\tTime\t" + "\t\t\t".join(names) + "\t\t",
        "\t\t" + "\t".join(f"{axis}{marker + 1}" for marker in range(markers) for axis in "XYZ"),
        "",
    ]
    for frame, row in enumerate(positions.reshape(frames, -1)):
        cells = "\t".join("NaN" if np.isnan(value) else f"{value:.9f}" for value in row)
        lines.append(f"{frame + 1}\t{frame / fps:.9f}\t{cells}")
    write_text(path, "\n".join(lines) + "\n")


def read_trc(path: Path) -> MarkerTrajectories:
    """Read a .trc file in metres, centimetres or millimetres.

    Raises:
        BadInput: the file is missing, no .trc, without frames, truncated, or its times do not increase.
    """
    lines = read_text(path, "a .trc file", MEND).splitlines()
    header, names = _header(path, lines)
    table = _table(path, lines[5:], 2 + 3 * len(names))
    times = table[:, 1]
    backward = [index for index, (a, b) in enumerate(pairwise(times)) if not b > a]
    if backward:
        raise BadInput(path, "Time", f"no increase after frame {backward[0] + 1}", "increasing times", MEND)
    declared = _number(path, header, "NumFrames")
    if len(table) != declared:
        raise BadInput(path, "NumFrames", f"{declared:.0f} with {len(table)} frames", "as many as said", MEND)
    positions = table[:, 2:].reshape(len(table), -1, 3) * _metres_per_unit(path, header)
    _check_near(path, names, positions)
    return MarkerTrajectories(names, positions, _number(path, header, "DataRate"), times)


def _check_near(path: Path, names: Sequence[str], positions: np.ndarray) -> None:
    """No laboratory is wider than `MOST_METRES`; NaN is a marker that was not seen."""
    far = np.abs(positions) > MOST_METRES
    if far.any():
        frame, marker, axis = (int(i) for i in np.argwhere(far)[0])
        found = f"{positions[frame, marker, axis]:.3g} m"
        where = f"frame {frame + 1}, {names[marker]}"
        raise BadInput(path, where, found, f"a position within {MOST_METRES:.0f} m of the origin", "check the unit")


def _header(path: Path, lines: list[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    if len(lines) < 5 or not lines[0].startswith("PathFileType") or not lines[3].startswith("Frame#"):
        raise BadInput(path, "header", (lines[0][:40] if lines else "an empty file"), "the 5 lines of a .trc", MEND)
    header = dict(zip(lines[1].split(), lines[2].split(), strict=False))
    names = tuple(cell.strip() for cell in lines[3].split("\t")[2:] if cell.strip())
    if len(names) != _number(path, header, "NumMarkers"):
        raise BadInput(path, "NumMarkers", f"{header['NumMarkers']} with {len(names)} names", "as many as said", MEND)
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise BadInput(path, "marker names", f"{twice} twice", "each marker once", "rename one of them")
    return header, names


def _number(path: Path, header: dict[str, str], key: str) -> float:
    try:
        value = float(header[key])
    except (KeyError, ValueError):
        value = 0.0
    if not 0.0 < value < np.inf:
        raise BadInput(path, key, header.get(key, "nothing"), "a positive number", MEND)
    return value


def _metres_per_unit(path: Path, header: dict[str, str]) -> float:
    unit = header.get("Units", "nothing")
    if unit.lower() not in METRES_PER_UNIT:
        raise BadInput(path, "Units", unit, " or ".join(METRES_PER_UNIT), MEND)
    return METRES_PER_UNIT[unit.lower()]


def _table(path: Path, lines: list[str], columns: int) -> np.ndarray:
    """Return the frames' cells (T, columns), NaN where empty."""
    rows = [line.rstrip("\n").split("\t") for line in lines if line.strip()]
    if not rows:
        raise BadInput(path, "frames", "none", "at least one", MEND)
    table = np.full((len(rows), columns), np.nan)
    for frame, row in enumerate(rows):
        cells = row[:-1] if len(row) == columns + 1 and not row[-1].strip() else row  # many programs end with a tab
        if len(cells) != columns:
            raise BadInput(path, f"frame {frame + 1}", f"{len(cells)} cells", f"{columns} cells", MEND)
        try:
            table[frame] = [float(cell) if cell.strip() else np.nan for cell in cells]
        except ValueError as error:
            raise BadInput(path, f"frame {frame + 1}", str(error), "numbers", MEND) from error
    return table
