"""What a user states of a person: mass, height and sex, in the clip table or in a table of subjects.

Standard library only: the Snakefile reads the tables at every start.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kinesynth.errors import BadInput
from kinesynth.text import read_text

SEXES = ("female", "male", "neutral")
COLUMNS = ("mass", "height", "sex")
MASS_BOUNDS_KG = (10.0, 300.0)
_BOUNDS = {"mass": (*MASS_BOUNDS_KG, "kg"), "height": (0.7, 2.5, "m")}
BMI_BOUNDS = (10.0, 75.0)  # kg/m2; beyond either end nobody walks
_FIX = "correct the table, in kilograms and metres"


@dataclass(frozen=True)
class Stated:
    """What is stated of a person, None where nothing is: `mass` kg, `height` m, `sex`."""

    mass: float | None = None
    height: float | None = None
    sex: str | None = None

    def __bool__(self) -> bool:
        """Whether anything is stated."""
        return any(getattr(self, name) is not None for name in COLUMNS)


NOTHING = Stated()


def read_stated(table: Path, line: int, cells: Mapping[str, str]) -> Stated:
    """Read the columns `mass`, `height` and `sex` of a table's line; empty cells and missing columns state nothing.

    Raises:
        BadInput: a value is none, or beyond what people are.
    """
    sex = cells.get("sex", "").strip() or None
    if sex not in (None, *SEXES):
        raise BadInput(table, f"line {line}, sex", repr(sex), f"one of {', '.join(SEXES)}, or nothing", _FIX)
    mass, height = (_number(table, line, name, cells.get(name, "").strip()) for name in ("mass", "height"))
    _require_bmi(table, f"line {line}, mass", mass, height)
    return Stated(mass, height, sex)


def read_subjects(path: Path) -> dict[str, Stated]:
    """Read a table of subjects: tab separated, with the columns subject and any of mass (kg), height (m) and sex.

    Raises:
        BadInput: naming the line and the column that is wrong.
    """
    lines = read_text(path, "a table of subjects", "check `subjects`", "strict").splitlines()
    rows = [(number, line.split("\t")) for number, line in enumerate(lines, start=1) if line.strip()]
    header = rows[0][1] if rows else []
    if "subject" not in header or set(header) - {"subject", *COLUMNS} or len(set(header)) < len(header):
        expected = f"subject [{'] ['.join(COLUMNS)}] (tab separated)"
        raise BadInput(path, "header", " ".join(header) or "an empty file", expected, "correct the table")
    found: dict[str, Stated] = {}
    for number, cells in rows[1:]:
        if len(cells) != len(header):
            raise BadInput(path, f"line {number}, columns", str(len(cells)), f"{len(header)} as in the header", _FIX)
        row = dict(zip(header, cells, strict=True))
        if row["subject"] in found:
            raise BadInput(path, f"line {number}, subject", f"{row['subject']!r} again", "a line per subject", _FIX)
        found[row["subject"]] = read_stated(path, number, row)
    return found


def merged(table: Path, subject: str, statements: Iterable[tuple[str, Stated]]) -> Stated:
    """Return what all `statements`, each with the place where it stands, say of one subject together.

    Raises:
        BadInput: two of them contradict each other.
    """
    values: dict[str, tuple[str, float | str]] = {}
    for place, stated in statements:
        for name in COLUMNS:
            value = getattr(stated, name)
            if value is None:
                continue
            first, known = values.setdefault(name, (place, value))
            if value != known:
                said = f"{known} ({first}) and {value} ({place}) of subject {subject}"
                raise BadInput(table, f"{place}, {name}", said, "one value per subject", "correct the table")
    whole = Stated(**{name: value for name, (_, value) in values.items()})  # type: ignore[arg-type]
    _require_bmi(table, f"subject {subject}, mass", whole.mass, whole.height)
    return whole


def _number(table: Path, line: int, name: str, text: str) -> float | None:
    if not text:
        return None
    low, high, unit = _BOUNDS[name]
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise BadInput(table, f"line {line}, {name}", repr(text[:80]), f"{low:g} to {high:g} {unit}, or nothing", _FIX)
    return value


def _require_bmi(table: Path, field: str, mass: float | None, height: float | None) -> None:
    if mass is None or height is None:
        return
    low, high = BMI_BOUNDS
    if not low <= mass / height**2 <= high:
        found = f"{mass:g} kg at {height:g} m, {mass / height**2:.0f} kg/m²"
        raise BadInput(table, field, found, f"{low:g} to {high:g} kg/m²", _FIX)
