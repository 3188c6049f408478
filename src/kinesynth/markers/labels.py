"""What a marker's label says of its place on the body."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kinesynth.body.landmarks import rules
from kinesynth.text import table_rows

TABLES = Path(__file__).with_name("tables")
LANDMARKS = TABLES / "landmarks.csv"
_OWN_SLACK_M = 0.02


@dataclass(frozen=True)
class Label:
    """A label's landmark, and how far from it (m) such a marker may well sit."""

    landmark: str
    slack_m: float


def known(names: Iterable[str], places: Mapping[str, str] | None = None) -> dict[str, Label]:
    """Return what is known of those `names` that are: of some their landmark, which `places` tells, else by the table.

    Example:
        >>> [(name, label.landmark) for name, label in known(["L.ASIS", "r_knee_study", "Antenna"]).items()]
        [('L.ASIS', 'LASI'), ('r_knee_study', 'RLFC')]
    """
    table, names, stated = _table(), list(names), places or {}
    beside = {plain(name) for name in names}
    found = {}
    for name in names:
        if name in stated:
            found[name] = Label(stated[name], _OWN_SLACK_M)
        elif rows := [label for other, label in table.get(plain(name), ()) if not other or other in beside]:
            found[name] = rows[-1]
    return found


def landmark(name: str) -> str | None:
    """Return the landmark of a landmark's own name or of a common label; None if it is neither.

    Example:
        >>> landmark("LMFC"), landmark("R.Knee.Lat"), landmark("Antenna")
        ('LMFC', 'RLFC', None)
    """
    label = known([name]).get(name)
    return label.landmark if label else None


@cache
def label_sets() -> dict[str, tuple[Label, ...]]:
    """Return the labels of each laboratory's set that the table names, of both sides."""
    found: dict[str, list[Label]] = defaultdict(list)
    for row in table_rows(TABLES / "labels.csv"):
        label = Label(row["landmark"], float(row["slack_mm"] or 0.0) / 1000.0)
        sided = label.landmark.startswith("R")
        for name in filter(None, row["sets"].split("; ")):
            found[name] += [label, Label(_twin(label.landmark), label.slack_m)] if sided else [label]
    return {name: tuple(labels) for name, labels in found.items()}


def plain(name: str) -> str:
    """Return a label as the table writes it: lower-case letters and digits, a side in words as a leading r or l.

    Example:
        >>> plain("Right.Knee"), plain("L_shoulder_study"), plain("Knee_Lat_R"), plain("knee left med")
        ('rknee', 'lshoulder', 'rkneelat', 'lkneemed')
    """
    small = name.strip().lower().removesuffix("study")
    words = [word for word in re.split(r"[^a-z0-9]+", small) if word]
    sides = [at for at, word in enumerate(words) if word in ("right", "left", *("rl" if len(words) > 1 else ""))]
    if len(sides) == 1:
        words.insert(0, words.pop(sides[0])[0])
    joined = "".join(words)
    joined = re.sub(r"^(right|left)(?=.)", lambda side: side.group()[0], joined)
    return re.sub(r"^(.+)(right|left)$", lambda parts: parts.group(2)[0] + parts.group(1), joined)


def bare(name: str) -> str:
    """Return a label in lower-case letters and digits only.

    Example:
        >>> bare("L.PSIS_study")
        'lpsisstudy'
    """
    return re.sub(r"[^a-z0-9]", "", name.lower())


@cache
def _table() -> dict[str, list[tuple[str, Label]]]:
    """Return what each label may mean, each with the label that must stand beside it; what comes later goes first."""
    found: dict[str, list[tuple[str, Label]]] = defaultdict(list)
    for rule in (rule for table in (rules(), rules(LANDMARKS)) for rule in table):
        found[rule.marker.lower()] = [("", Label(rule.marker, _OWN_SLACK_M))]
    own = set(found)
    for row in table_rows(TABLES / "labels.csv"):
        if row["label"] in own and not row["beside"]:
            own.discard(row["label"])
            found[row["label"]].clear()
        entry = row["beside"], Label(row["landmark"], float(row["slack_mm"] or 0.0) / 1000.0)
        found[row["label"]].append(entry)
    left = {
        _left(label): [(_left(beside), Label(_twin(entry.landmark), entry.slack_m)) for beside, entry in entries]
        for label, entries in found.items()
        if label.startswith("r")
    }
    return {**left, **found}


def _left(label: str) -> str:
    return f"l{label[1:]}" if label else ""


def _twin(place: str) -> str:
    """Return the place on the left of one on the right, and others as they are."""
    return f"L{place[1:]}" if place.startswith("R") else place
