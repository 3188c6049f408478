"""What each landmark weighs in inverse kinematics: one table for the labels' fit and for whoever repeats it."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal

from kinesynth.skeleton.tables import read_table


def marker_weights(names: Sequence[str], use: Literal["static", "motion"]) -> dict[str, float]:
    """Return each marker's weight; a marker that the table does not know weighs 1.

    The table knows landmarks; `RASI` and `LASI` are the right and the left landmark `ASI`.
    """
    table = _weights(use)
    return {name: table.get(_landmark(name, table), 1.0) for name in names}


def are_bony(names: Sequence[str]) -> list[bool]:
    """Return which markers sit where skin is held to bone; a marker that the table does not know is taken to."""
    table = {row["landmark"]: row["bony"] == "yes" for row in read_table("marker_weights")}
    return [table.get(_landmark(name, table), True) for name in names]


def _landmark(name: str, table: Mapping[str, Any]) -> str:
    return name if name in table or name[0] not in "RL" else name[1:]


@cache
def _weights(use: str) -> dict[str, float]:
    return {row["landmark"]: float(row[use]) for row in read_table("marker_weights") if row[use]}
