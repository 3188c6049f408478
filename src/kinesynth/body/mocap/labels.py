"""What a marker's label says of its place on the body."""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kinesynth.body.landmarks import rules

TABLES = Path(__file__).with_name("tables")
PLACES = TABLES / "places.csv"
_OWN_SLACK_M = 0.02


@dataclass(frozen=True)
class Label:
    """A label's landmark, and how far from it (m) such a marker may well sit."""

    place: str
    slack_m: float


def known(names: Iterable[str]) -> dict[str, Label]:
    """Return what the table says of those `names` that it knows.

    Example:
        >>> [(name, label.place) for name, label in known(["L.ASIS", "r_knee_study", "Antenna"]).items()]
        [('L.ASIS', 'LASI'), ('r_knee_study', 'RLFC')]
    """
    table = _table()
    return {name: table[plain(name)] for name in names if plain(name) in table}


def plain(name: str) -> str:
    """Return a label as the table writes it: small letters and figures, r or l for a side in words.

    Example:
        >>> plain("Right.Knee"), plain("L_shoulder_study")
        ('rknee', 'lshoulder')
    """
    return re.sub(r"^(right|left)(?=.)", lambda side: side.group()[0], bare(name).removesuffix("study"))


def bare(name: str) -> str:
    """Return a label in small letters and figures only.

    Example:
        >>> bare("L.PSIS_study")
        'lpsisstudy'
    """
    return re.sub(r"[^a-z0-9]", "", name.lower())


@cache
def _table() -> dict[str, Label]:
    own = [rule.marker for table in (rules(), rules(PLACES)) for rule in table]
    found = {name.lower(): Label(name, _OWN_SLACK_M) for name in own}
    with (TABLES / "labels.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(line for line in stream if not line.startswith("#")):
            found[row["label"]] = Label(row["place"], float(row["slack_mm"] or 0.0) / 1000.0)
    left = {
        f"l{label[1:]}": Label(_twin(entry.place), entry.slack_m)
        for label, entry in found.items()
        if label.startswith("r")
    }
    return left | found


def _twin(place: str) -> str:
    """Return the place on the left of one on the right, and others as they are."""
    return f"L{place[1:]}" if place.startswith("R") else place
