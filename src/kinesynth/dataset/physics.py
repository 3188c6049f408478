"""Whether a clip can be true: values that physics, anatomy and the clip's own arrays bound, each with its limits.

for checked in clip_values(clip, person):
    checked.check, checked.value, checked.limit, checked.holds
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from kinesynth.dataset.person import Person
from kinesynth.dataset.physics_body import body_values, motion_values
from kinesynth.dataset.physics_forces import force_values
from kinesynth.dataset.physics_muscles import muscle_values
from kinesynth.dataset.physics_pictures import picture_values
from kinesynth.dataset.record import ClipRecord
from kinesynth.errors import BadInput
from kinesynth.text import read_text

NEEDS_TORCH = ("keypoints", "markers", "work")
_COLUMNS = ("check", "minimum", "maximum", "unit", "meaning")


@dataclass(frozen=True)
class Limit:
    """The minimum and the maximum that a value may have."""

    minimum: float
    maximum: float
    unit: str
    meaning: str

    def __str__(self) -> str:
        """Return it as a message shows it."""
        unit = "" if self.unit == "1" else f" {self.unit}"
        return f"{self.minimum:g} to {self.maximum:g}{unit}"


@dataclass(frozen=True)
class CheckedValue:
    """A measured value; `where` says where in the clip it is worst."""

    check: str
    value: float
    where: str
    limit: Limit = field(repr=False)

    @property
    def holds(self) -> bool:
        """Whether the value is within its limits; NaN is not."""
        return self.limit.minimum <= self.value <= self.limit.maximum

    @property
    def strain(self) -> float:
        """How near the limit the value is: 1 at it, more beyond."""
        limit = self.limit
        half, middle = (limit.maximum - limit.minimum) / 2, (limit.maximum + limit.minimum) / 2
        if limit.minimum == 0.0:  # one-sided
            return self.value / limit.maximum if limit.maximum else float(self.value > 0.0)
        return abs(self.value - middle) / half

    def __str__(self) -> str:
        """Return the line that tells a fault."""
        where = f" at {self.where}" if self.where else ""
        return f"{self.check}: found {self.value:.4g}{where}, expected {self.limit}: {self.limit.meaning}"


def clip_values(clip: ClipRecord, person: Person, limits: Mapping[str, Limit] | None = None) -> Iterator[CheckedValue]:
    """Yield the values of a clip whose arrays have passed `clip_faults`.

    Checks of forces are left out where no frame has valid ones; those that pose the skeleton where torch is missing.

    Args:
        clip: the record.
        person: of its shard.
        limits: by check; None for those that come with the package.
    """
    limits = limits or load_limits()
    topics = [motion_values, force_values, muscle_values, picture_values]
    if has_torch():
        from kinesynth.dataset.physics_skeleton import skeleton_values

        topics.append(skeleton_values)
    for topic in topics:
        for check, value, where in topic(clip, person):
            yield CheckedValue(check, value, where, limits[check])


def person_values(person: Person, limits: Mapping[str, Limit] | None = None) -> Iterator[CheckedValue]:
    """Yield the values of a shard's person."""
    limits = limits or load_limits()
    for check, value, where in body_values(person):
        yield CheckedValue(check, value, where, limits[check])


def has_torch() -> bool:
    """Return whether the checks that pose the skeleton can run."""
    return find_spec("torch") is not None


@cache
def load_limits(path: Path | None = None) -> Mapping[str, Limit]:
    """Return the limits by check: the package's, and in their place those that a csv file of the same columns has.

    Raises:
        BadInput: the file is missing, has other columns, or names an unknown check.
    """
    limits = _read((files("kinesynth.dataset") / "physics_limits.csv").read_text(encoding="utf-8"))
    if path is None:
        return limits
    expected, fix = "a csv file with the columns check,minimum,maximum", "see docs/dataset.md, What is checked"
    text = read_text(path, expected, fix)
    try:
        return {**limits, **_read(text, limits)}
    except ValueError as error:
        raise BadInput(path, "limits", str(error), expected, fix) from error


def _read(text: str, known: Mapping[str, Limit] | None = None) -> dict[str, Limit]:
    """Return the limits of a csv text; unit and meaning are those of `known` where it is given."""
    limits = {}
    for row in csv.DictReader(text.splitlines()):
        if missing := [name for name in _COLUMNS[: 3 if known else 5] if not row.get(name)]:
            raise ValueError(f"no {', '.join(missing)} in {dict(row)}")
        check = row["check"]
        if known and check not in known:
            raise ValueError(f"unknown check {check!r}")
        unit, meaning = (known[check].unit, known[check].meaning) if known else (row["unit"], row["meaning"])
        limits[check] = Limit(float(row["minimum"]), float(row["maximum"]), unit, meaning)
    return limits
