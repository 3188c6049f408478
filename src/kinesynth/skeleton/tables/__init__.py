"""The tables that define the skeleton, and how they are read.

Lengths are in metres, angles in radians, masses in kilograms, forces in newtons. Orientations (rx, ry, rz) are
body-fixed rotations about x, then y, then z. A table holds the right side and the midline; `both_sides` adds the left
as the mirror image in the plane z = 0, so that the two sides agree to the last bit.
"""

import csv
import math
import re
from importlib import resources
from itertools import groupby

Row = dict[str, str]

_RIGHT = re.compile(r"_r(?=$|[_-])")
_POLAR = re.compile(r"(^|_)z$|inertia_[xy]z$")  # what mirrors like a point, or as its product with one of x and y
_AXIAL = re.compile(r"(^|_)r[xy]$")  # what mirrors like a rotation


def read_table(name: str) -> list[Row]:
    """Return the rows of `name`.csv as written, columns by name; a table that does not exist has none."""
    file = resources.files(__package__) / f"{name}.csv"
    if not file.is_file():
        return []
    return list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))


def both_sides(name: str) -> list[Row]:
    """Return the rows of `name`.csv with every run of right-sided rows followed by its mirror image."""
    rows: list[Row] = []
    for right, run in groupby(read_table(name), key=_is_right):
        side = list(run)
        rows += side + ([mirrored(row) for row in side] if right else [])
    return rows


def mirrored(row: Row) -> Row:
    """Return the left-sided counterpart of a right-sided row.

    A rotation about an axis turns into the opposite rotation about the mirrored axis. OpenSim's pin joint (about z)
    keeps its sense under mirrored angles; its universal joint (about x, then y) does after half a turn about z.
    """
    counterpart = {column: _RIGHT.sub("_l", cell) for column, cell in row.items()}
    for column in row:
        if _changes_sign(row, column):
            counterpart[column] = repr(0.0 - float(row[column]))
        elif row.get("type") == "universal" and column.endswith("_rz"):
            counterpart[column] = repr(float(row[column]) + math.pi)
    return counterpart


def left_name(name: str) -> str:
    """Return the name of the left-sided counterpart.

    Example:
        >>> left_name("knee_angle_r_beta")
        'knee_angle_l_beta'
    """
    return _RIGHT.sub("_l", name)


def numbers(row: Row, *columns: str) -> list[float]:
    """Return the cells of `columns` as numbers."""
    return [float(row[column]) for column in columns]


def _is_right(row: Row) -> bool:
    return bool(_RIGHT.search(next(iter(row.values()))))


def _changes_sign(row: Row, column: str) -> bool:
    if row.get("axis", "").startswith("rotation"):  # an axis of rotation, see `mirrored`
        return column in {"x", "y"}
    return bool(_POLAR.search(column) or _AXIAL.search(column))
