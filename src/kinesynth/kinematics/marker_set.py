"""A laboratory's marker set: where its markers sit on the generic skeleton, what they weigh, and what they measure.

A set is a folder with two tables. `markers.csv` has the columns marker (the label in the .trc files), body, x, y, z
(its place on the generic skeleton, m), static and motion (its weights; an empty motion marks a point of the static
trial alone), fixed and source. A fixed marker (yes) keeps that place, scaled, because the static pose holds its body
unlike the motion, with raised arms for instance; where the others (no) sit, the static trial says. `measurements.csv`
has the columns measurement, pairs (first-second, two markers each), bodies and axes, as `tables/measurements.csv`. A
name without a folder is that of a set that ships with the package.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from kinesynth.body.measurements import Measurement, read_measurements
from kinesynth.errors import BadInput


@dataclass(frozen=True)
class MarkerSet:
    """A laboratory's marker set.

    Attributes:
        places: of each marker, the body and the place (3,) m on the generic skeleton.
        static: each marker's weight in the static pose.
        motion: each marker's weight in motion, of those that are there.
        fixed: the markers that keep their place, scaled, whatever the static trial says.
        measurements: the distances that scale the skeleton's bodies.
    """

    places: dict[str, tuple[str, tuple[float, ...]]]
    static: dict[str, float]
    motion: dict[str, float]
    fixed: frozenset[str]
    measurements: tuple[Measurement, ...]


def shipped_sets() -> list[str]:
    """Return the names of the sets that ship with the package."""
    return sorted(entry.name for entry in _shipped().iterdir())


def read_marker_set(path: Path) -> MarkerSet:
    """Read a set from its folder, or by name.

    Raises:
        BadInput: there is no such set, a column is missing or no number, or a measurement names an unknown marker.
    """
    folder = path if path.is_dir() else _shipped() / path.name
    if not folder.is_dir():
        raise BadInput(path, "marker set", "no such folder", ", ".join(shipped_sets()), "name a set or its folder")
    table = folder / "markers.csv"
    fix = "give every marker a body, a place and its weights"
    rows = _rows(table, fix, lambda row: (row["marker"], _marker(row)))
    measurements = _rows(folder / "measurements.csv", "see the shipped sets", lambda row: read_measurements([row])[0])
    places = {name: place for name, (place, *_) in rows}
    if len(places) != len(rows):
        raise BadInput(table, "marker", "one name twice", "each marker once", fix)
    measured = {name for row in measurements for pair in row.pairs for name in pair}
    if unknown := sorted(measured - set(places)):
        raise BadInput(folder / "measurements.csv", "pairs", unknown[0], "markers of markers.csv", "add it there")
    return MarkerSet(
        places,
        {name: static for name, (_, static, _, _) in rows},
        {name: float(motion) for name, (_, _, motion, _) in rows if motion},
        frozenset(name for name, (*_, fixed) in rows if fixed),
        tuple(measurements),
    )


def _shipped() -> Path:
    return Path(str(files(__package__) / "marker_sets"))


def _marker(row: dict[str, str]) -> tuple[tuple[str, tuple[float, ...]], float, str, bool]:
    """Return a marker's place, its weights and whether it is fixed."""
    place = (row["body"], tuple(float(row[axis]) for axis in "xyz"))
    motion = row["motion"].strip()
    float(motion or 0)
    return place, float(row["static"]), motion, {"yes": True, "no": False}[row["fixed"].strip()]


def _rows[T](path: Path, fix: str, read: Callable[[dict[str, str]], T]) -> list[T]:
    """Return what `read` makes of each row; a row that it cannot read is bad input."""
    result = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            for line, row in enumerate(csv.DictReader(stream), start=2):
                try:
                    result.append(read(row))
                except (KeyError, ValueError, TypeError, AttributeError) as error:
                    raise BadInput(
                        path, f"line {line}", f"{type(error).__name__}: {error}", "a full row", fix
                    ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(path, "table", str(error), "a csv file", fix) from error
    return result
