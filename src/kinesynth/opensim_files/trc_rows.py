"""The rows of a .trc file: every cell under its own name, or none.

Editors cut off cells that are empty at the end of a row, and write blanks for tabs. Such rows are read where no value
can have come under another name: a row that was cut off continues its neighbours' paths as it stands; one out of
whose middle cells were lost continues them better with its last values moved.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kinesynth.errors import BadInput
from kinesynth.opensim_files.trc_header import FIX

_MIN_SEEN = 3  # markers in both of two rows, or they do not tell what moved
_SPOKEN = "the last empty cells are cut off as editors do, or others are lost"


def read_rows(path: Path, text: str, lines: Sequence[str], markers: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the frames' cells (T, 2 + 3 M), NaN where empty, and what was taken for granted.

    Args:
        path: of the file, for messages.
        text: the whole file, whose end tells whether its last row is whole.
        lines: those below the head.
        markers: M.

    Raises:
        BadInput: there are no rows, a cell is no number, or cells cannot be told to stand under their names.
    """
    rows = [line for line in lines if line.strip()]
    if not rows:
        raise BadInput(path, "frames", "none", "at least one", FIX)
    columns = 2 + 3 * markers
    tabbed = any("\t" in row for row in rows)
    cells = [row.split("\t") for row in rows] if tabbed else _between_blanks(path, rows, columns)
    even = len({len(row) for row in cells}) == 1  # many programs end all rows with a tab
    whole = max(len(cells[0]), columns) if even else None
    lengths = np.array([_length(path, frame, row, columns, whole) for frame, row in enumerate(cells)])
    table = np.full((len(rows), columns), np.nan)
    for frame, row in enumerate(cells):
        table[frame, : lengths[frame]] = _numbers(path, frame, row[: lengths[frame]])
    _check_end(path, text, rows[-1])
    notes = () if tabbed else ("blanks stand for tabs; every row holds as many values as there are columns",)
    short = np.flatnonzero(lengths < columns)
    if len(short) == 0:
        return table, notes
    if len(short) == 1 and short[0] == len(rows) - 1 and not text.endswith("\n"):
        raise _ends_early(path, len(rows) - 1, lengths[-1], columns, "the file itself is cut off")
    _check_not_moved(path, table.reshape(len(rows), -1), lengths, columns)
    first = int(short[0]) + 1
    return table, (*notes, f"{len(short)} rows from frame {first} on end early; the cells cut off are read as gaps")


def _check_end(path: Path, text: str, row: str) -> None:
    """Require that a file without a last line end does not end within its last number.

    Raises:
        BadInput: that number has fewer decimals than all others of its row.
    """
    decimals = [len(cell.partition(".")[2]) for cell in row.split()[2:] if cell[-1:].isdigit() or cell[-1:] == "."]
    if not text.endswith("\n") and len(decimals) > 1 and decimals[-1] < min(decimals[:-1]):
        fix = "export the file again, or take that row out"
        raise BadInput(path, "last row", f"{row.rsplit(maxsplit=1)[-1]!r} and no end of line", "a whole last row", fix)


def _between_blanks(path: Path, rows: Sequence[str], columns: int) -> list[list[str]]:
    """Return the cells of rows without tabs: as many words as columns, or single blanks between all of them."""
    words = [row.split() for row in rows]
    if all(len(row) == columns for row in words):
        return words
    cells = [row.split(" ") for row in rows]
    if all(len(row) == columns for row in cells):
        return cells
    frame = next(i for i, row in enumerate(words) if len(row) != columns)
    found = f"no tabs, and {len(words[frame])} values between blanks where there are {columns} columns"
    raise BadInput(path, f"frame {frame + 1}", found, "cells between tabs", "put the tabs back that became blanks")


def _length(path: Path, frame: int, row: list[str], columns: int, whole: int | None) -> int:
    """Return how many of a row's cells count: all columns, or the markers before its end if cells may have been lost.

    `whole` is the length that all rows have in common. Without one, empty cells at an end prove nothing: tabs may have
    been added there after others were lost.
    """
    filled = max((i + 1 for i, cell in enumerate(row) if cell.strip()), default=0)
    if filled > columns:
        raise BadInput(path, f"frame {frame + 1}", f"{filled} cells", f"{columns} cells", FIX)
    if len(row) == whole or filled == columns:
        return columns
    if filled < 2 or (filled - 2) % 3:
        raise _ends_early(path, frame, len(row), columns, _SPOKEN)
    return filled


def _ends_early(path: Path, frame: int, found: int, columns: int, why: str) -> BadInput:
    fix = "export the file again, or write the empty cells in"
    return BadInput(path, f"frame {frame + 1}", f"{found} cells ({why})", f"{columns} cells", fix)


def _numbers(path: Path, frame: int, row: Sequence[str]) -> list[float]:
    numbers = []
    for cell in row:
        try:
            numbers.append(float(cell.replace("_", "?")) if cell.strip() else np.nan)
        except ValueError as error:
            where, text = f"frame {frame + 1}", cell.strip()[:40]
            if "," in text:
                fix = "write decimal points for the commas"
                raise BadInput(path, where, repr(text), "numbers with decimal points", fix) from error
            fix = "write the number, or leave the cell empty where the marker was not seen"
            raise BadInput(path, where, repr(text), "numbers", fix) from error
    return numbers


def _check_not_moved(path: Path, table: np.ndarray, lengths: np.ndarray, columns: int) -> None:
    """Require of rows that end early that no cells were lost before their end.

    Each is held against the nearest row that is whole: once as it stands, once with a gap as wide as what it lacks
    before each of its markers. It must continue the other best as it stands.

    Raises:
        BadInput: it does not, or no row is whole.
    """
    whole = np.flatnonzero(lengths == columns)
    positions = table[:, 2:].reshape(len(table), -1, 3)
    for frame in np.flatnonzero(lengths < columns):
        given = (int(lengths[frame]) - 2) // 3
        if given == 0:
            continue
        if len(whole) == 0:
            raise _ends_early(path, int(frame), int(lengths[frame]), columns, f"and no row is whole; {_SPOKEN}")
        beside = positions[whole[np.abs(whole - frame).argmin()]]
        apart = _apart(positions[frame, :given], beside)
        if not apart[-1] <= apart.min():
            raise _ends_early(path, int(frame), int(lengths[frame]), columns, "out of its middle, by its neighbours")


def _apart(row: np.ndarray, beside: np.ndarray) -> np.ndarray:
    """Return how far (G + 1,) the markers of a row (G, 3) lie from another frame's (M, 3) on average.

    The last number is for the row as it stands; that before it for a gap before its last marker, and so on. What the
    whole body did between the two frames is taken off.
    """
    given, lacking = len(row), len(beside) - len(row)
    under = np.arange(given)
    assumed = np.where(under < np.arange(given + 1)[:, None], under, under + lacking)
    moved = row - beside[assumed]
    body = np.ma.median(np.ma.masked_invalid(moved), axis=1, keepdims=True)
    apart = np.ma.masked_invalid(np.linalg.norm(moved - np.ma.filled(body, np.nan), axis=2))
    known = apart.count(axis=1) >= _MIN_SEEN
    mean = np.where(known, np.ma.filled(apart.mean(axis=1), 0.0), 0.0)  # what cannot be known cannot be excluded
    return np.where(known | (np.arange(given + 1) < given), mean, np.inf)
