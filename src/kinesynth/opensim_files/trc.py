"""Marker trajectories in .trc files (Motion Analysis' text format, OpenSim's input for markers).

The file is checked here because OpenSim does not: it spins for ever on a header without frames and takes any
number for a position.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from kinesynth.atomic import write_text
from kinesynth.errors import BadInput
from kinesynth.opensim_files.time_column import even_rate
from kinesynth.opensim_files.trc_header import FIX, LINES, read_header
from kinesynth.opensim_files.trc_rows import read_rows
from kinesynth.text import read_text

HEADER = "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames"
MAX_METRES = 1000.0


@dataclass(frozen=True)
class MarkerTrajectories:
    """Marker positions over time.

    Attributes:
        names: the M markers.
        positions: (T, M, 3) m; NaN where a marker was not seen.
        fps: frames per second.
        times: (T,) s, the file's own.
        notes: what was taken for granted in reading the file.
        places: the landmarks of markers of which more is known than their labels say.
        turn: (3, 3), the rotation from the file's axes to those of the positions.
        mass_kg: of the person, where the file states one.
    """

    names: tuple[str, ...]
    positions: np.ndarray
    fps: float
    times: np.ndarray
    notes: tuple[str, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)
    turn: np.ndarray = field(default_factory=lambda: np.eye(3))
    mass_kg: float | None = None


def write_trc(path: str | Path, names: Sequence[str], positions: np.ndarray, fps: float) -> None:
    """Write `positions` (T, M, 3) in metres, the first frame at time 0.

    A position that is not known is written as NaN, which OpenSim reads; it stumbles over an empty last cell.
    """
    path, (frames, markers) = Path(path), positions.shape[:2]
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


def read_trc(path: str | Path) -> MarkerTrajectories:
    """Read a .trc file in metres, centimetres or millimetres.

    What editors do to such files (see `trc_rows`) and what headers get wrong without harm is read with a note.

    Raises:
        BadInput: the file is missing, no .trc, without frames, truncated, or its times are uneven or contradict its
            header.
    """
    path = Path(path)
    text = read_text(path, "a .trc file", FIX)
    lines = text.splitlines()
    header = read_header(path, lines)
    table, notes = read_rows(path, text, lines[LINES:], len(header.names))
    times = table[:, 1]
    fps = even_rate(path, "Time", times, header.rate)
    if len(table) != header.frames:
        notes += (f"NumFrames says {header.frames:.0f}, and {len(table)} rows are there: read as they are",)
    positions = table[:, 2:].reshape(len(table), -1, 3) * header.metres
    _check_near(path, header.names, positions)
    return MarkerTrajectories(header.names, positions, fps, times, header.notes + notes)


def _check_near(path: Path, names: Sequence[str], positions: np.ndarray) -> None:
    """No laboratory is wider than `MAX_METRES`; NaN is a marker that was not seen."""
    far = np.abs(positions) > MAX_METRES
    if far.any():
        frame, marker, axis = (int(i) for i in np.argwhere(far)[0])
        found = f"{positions[frame, marker, axis]:.3g} m"
        where = f"frame {frame + 1}, {names[marker]}"
        raise BadInput(path, where, found, f"a position within {MAX_METRES:.0f} m of the origin", "check the unit")
