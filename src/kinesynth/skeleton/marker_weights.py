"""What each landmark weighs in inverse kinematics, and which are bony: one table for whoever fits and measures."""

from collections.abc import Sequence
from functools import cache
from typing import Literal

from kinesynth.skeleton.tables import read_table


def marker_weights(names: Sequence[str], use: Literal["static", "motion"]) -> dict[str, float]:
    """Return each marker's weight; a marker that the table does not know weighs 1.

    The table knows landmarks; `RASI` and `LASI` are the right and the left landmark `ASI`.
    """
    table = _weights(use)
    return {name: table.get(name, table.get(name[1:] if name[0] in "RL" else name, 1.0)) for name in names}


def bony_landmarks(names: Sequence[str]) -> list[bool]:
    """Return which markers lie where bone is close to the skin, and move with a body that the skeleton has."""
    rows = {row["landmark"]: row["bony"] == "yes" for row in read_table("marker_weights")}
    return [rows.get(name, rows.get(name[1:] if name[0] in "RL" else name, False)) for name in names]


@cache
def _weights(use: str) -> dict[str, float]:
    return {row["landmark"]: float(row[use]) for row in read_table("marker_weights") if row[use]}
