"""OpenSim's storages: tables over time in .mot and .sto files."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kinesynth.atomic import write_text
from kinesynth.errors import BadInput
from kinesynth.text import read_text

FIX = "export the file again"


@dataclass(frozen=True)
class Storage:
    """A table over time.

    Attributes:
        times: (T,) s.
        names: the C columns after time.
        values: (T, C), as they stand in the file.
        in_degrees: what the file says of its angles, None where it says nothing. Beware: OpenSim's inverse kinematics
            writes coupled coordinates in radians into files that say degrees, and passes translations through.
        simm: whether its header is an old one of SIMM's (datacolumns, datarows), whose angles OpenSim takes to be in
            degrees.
        announced: what the header says of its rows (nRows 200), where there are more or fewer.
    """

    times: np.ndarray
    names: tuple[str, ...]
    values: np.ndarray
    in_degrees: bool | None
    simm: bool = False
    announced: str = ""

    def column(self, name: str) -> np.ndarray:
        """Return the column `name` (T,)."""
        return self.values[:, self.names.index(name)]


def write_storage(
    path: str | Path,
    times: np.ndarray,
    columns: Mapping[str, np.ndarray],
    *,
    in_degrees: bool,
    name: str,
    missing: bool = False,
) -> None:
    """Write `columns`, each (T,), under the title `name`; the values stand in the file as they are given.

    NaN, a value that is not believed, is written where `missing` says that it may be: for files to look at, not for
    OpenSim's tools.

    Raises:
        ValueError: a value is not finite: OpenSim's tools end their work at such a row and report success.
    """
    table = np.column_stack([times, *columns.values()])
    if not (np.isfinite(table) | (missing & np.isnan(table))).all():
        raise ValueError(f"{path}: the storage holds values that are not finite")
    header = [
        name,
        "version=1",
        f"nRows={table.shape[0]}",
        f"nColumns={table.shape[1]}",
        f"inDegrees={'yes' if in_degrees else 'no'}",
        "endheader",
        "\t".join(["time", *columns]),
    ]
    rows = ["\t".join(f"{value:.12g}" for value in row) for row in table]
    write_text(Path(path), "\n".join(header + rows) + "\n")


def read_storage(path: str | Path) -> Storage:
    """Read a .mot or .sto file.

    Raises:
        BadInput: the file is missing, no storage, without rows, truncated, holds values that are not finite, or its
            times do not increase.
    """
    path = Path(path)
    storage = read_cut_storage(path)
    if storage.announced:
        field, said = storage.announced.split()
        fix = f"write {len(storage.times)} there if the file was cut on purpose, else export it again"
        raise BadInput(path, field, f"{said} with {len(storage.times)} rows", "as many rows as said", fix)
    return storage


def read_cut_storage(path: Path) -> Storage:
    """Read a .mot or .sto file whose rows may be others in number than its header announces.

    Raises:
        BadInput: as `read_storage`, apart from that.
    """
    lines = read_text(path, "a .mot or .sto file", FIX).splitlines()
    ends = [index for index, line in enumerate(lines) if line.strip().lower() == "endheader"]
    if not ends or len(lines) < ends[0] + 3:
        raise BadInput(path, "table", "no rows after 'endheader'" if ends else "no 'endheader'", "a storage", FIX)
    header = dict(_entry(line) for line in lines[: ends[0]])
    labels = lines[ends[0] + 1].split()
    twice = [label for label in labels if labels.count(label) > 1]
    if twice:
        raise BadInput(path, "columns", f"{twice[0]} twice", "each column once", "remove one of them")
    table = _table(path, labels, lines[ends[0] + 2 :])
    counts = [(shown, header[shown.lower()]) for shown in ("nRows", "datarows") if shown.lower() in header]
    announced = next((f"{shown} {said}" for shown, said in counts if said != str(len(table))), "")
    if (np.diff(table[:, 0]) <= 0).any():
        row = int(np.argmax(np.diff(table[:, 0]) <= 0)) + 2
        fix = "take the row out that is wrong or stands twice"
        raise BadInput(path, "time", f"no increase at row {row}", "increasing times", fix)
    simm = "datacolumns" in header and "datarows" in header and "version" not in header
    return Storage(table[:, 0], tuple(labels[1:]), table[:, 1:], _in_degrees(path, header), simm, announced)


def _entry(line: str) -> tuple[str, str]:
    """Return a line of the header as a key and its value: `key=value`, or SIMM's `key value`."""
    key, equals, value = line.partition("=")
    if not equals:
        key, _, value = line.strip().partition(" ")
    return key.strip().lower(), value.strip()


def _in_degrees(path: Path, header: Mapping[str, str]) -> bool | None:
    said = header.get("indegrees")
    if said is None:
        return None
    if said.lower() not in ("yes", "no"):
        raise BadInput(path, "inDegrees", said or "nothing", "yes or no", "write one of them")
    return said.lower() == "yes"


def _table(path: Path, labels: list[str], lines: list[str]) -> np.ndarray:
    """Return the rows (T, 1 + C)."""
    if labels[0].lower() != "time":
        raise BadInput(path, "first column", labels[0], "time", FIX)
    rows = []
    for number, line in enumerate((line for line in lines if line.strip()), start=1):
        cells = line.split()
        if len(cells) != len(labels):
            raise BadInput(path, f"row {number}", f"{len(cells)} cells", f"{len(labels)} cells", FIX)
        try:
            row = np.array([float(cell) for cell in cells])
        except ValueError as error:
            raise BadInput(path, f"row {number}", str(error), "numbers", FIX) from error
        if not np.isfinite(row).all():
            label = labels[int(np.argmin(np.isfinite(row)))]
            raise BadInput(path, f"row {number}, {label}", "a value that is not finite", "finite numbers", FIX)
        rows.append(row)
    return np.array(rows)
