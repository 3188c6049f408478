"""The clip table (clips.tsv): which motions there are and whose they are.

Standard library only: the Snakefile reads the table at every start.
"""

import math
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from kinesynth.atomic import write_text
from kinesynth.config import render_column
from kinesynth.errors import BadInput
from kinesynth.licenses import identified, is_identifier
from kinesynth.sources import sources
from kinesynth.stated import Stated, merged, read_stated, read_subjects
from kinesynth.text import read_text

DEMO = "demo"
SPLITS = ("train", "val", "test")
SOURCES = tuple(sources())
RIGS = tuple(render_column("cameras.csv", "rig"))
REQUIRED_COLUMNS = ("clip_id", "subject", "action", "split", "source", "path", "start", "end")
_OPTIONAL = (
    "model",
    "static",
    "fps",
    "frames",
    "up",
    "mass",
    "height",
    "sex",
    "labels",
    "belt",
    "grf",
    "license",
    "babel",
    "rig",
)
UP_AXES = ("x", "y", "z")
GRF_FILES = (".mot", ".sto", ".xml", ".c3d")
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_FIX_TABLE = "correct the table"


@dataclass(frozen=True)
class ClipRow:
    """One line of the table.

    `path`, `model`, `static`, `labels` and `grf` are resolved against the table's folder; `start` and `end` are
    seconds, None for the whole file; `fps` and `frames` tell what the file holds, where `kinesynth index` wrote them;
    an `fps` or an `up` (x, y or z) that the user states overrides what an AMASS file says or shows, and so do `mass`
    kg, `height` m and `sex` what is estimated of the subject; one line of a subject is enough. `labels` is a csv that
    tells the landmarks of a marker file's labels; `belt` is the speed of a treadmill's belt, m/s, 0 over ground, None
    where the feet are to tell; `grf` is a file of measured ground forces (.mot or .sto, the .xml of ExternalLoads that
    names one, or a .c3d with force plates), in the frame and the time of `path`. `license` is SPDX's identifier of what
    the motion is under, where it is not its source's own; `babel` its number in BABEL, to join tables by; `rig` the
    cameras that look on, where they are not the configuration's. A procedural clip has no path: its action names the
    motion.
    """

    clip_id: str
    subject: str
    action: str
    split: str
    source: str
    path: Path | None = None
    start: float | None = None
    end: float | None = None
    model: Path | None = None
    static: Path | None = None
    fps: float | None = None
    frames: int | None = None
    up: str | None = None
    mass: float | None = None
    height: float | None = None
    sex: str | None = None
    labels: Path | None = None
    belt: float | None = None
    grf: Path | None = None
    license: str | None = None
    babel: str | None = None
    rig: str | None = None

    @property
    def stated(self) -> Stated:
        """What the line states of its subject."""
        return Stated(self.mass, self.height, self.sex)


def read_clips(path: Path | str) -> list[ClipRow]:
    """Read a clip table, or the embedded one where `path` is "demo".

    Raises:
        BadInput: naming the line and the column that is wrong.
    """
    table = Path(str(files("kinesynth") / "data" / "demo_clips.tsv")) if str(path) == DEMO else Path(path)
    lines = _read_lines(table)
    header = lines[0][1]
    _check_header(table, header)
    rows = []
    for number, values in lines[1:]:
        if len(values) != len(header):
            raise _bad(table, number, "columns", str(len(values)), f"{len(header)} as in the header")
        rows.append(_read_row(table, number, dict(zip(header, values, strict=True))))
    if not rows:
        raise BadInput(table, "rows", "none", "at least one clip", "add a line per clip")
    _check_unique(table, [number for number, _ in lines[1:]], rows)
    stated_people(table, rows)
    return rows


def stated_people(table: Path | str, rows: Iterable[ClipRow], subjects: Path | str = "") -> dict[str, Stated]:
    """Return what is stated of each subject of whom anything is: by a table's rows, and by a table of `subjects`.

    Raises:
        BadInput: two statements of one person contradict each other, or the table of subjects is unusable.
    """
    statements: dict[str, list[tuple[str, Stated]]] = defaultdict(list)
    for subject, stated in read_subjects(Path(subjects)).items() if str(subjects) else ():
        statements[subject].append((str(subjects), stated))
    for row in rows:
        if row.stated:
            statements[row.subject].append((f"clip {row.clip_id}", row.stated))
    return {subject: merged(Path(table), subject, each) for subject, each in statements.items()}


def write_clips(path: Path, rows: Iterable[ClipRow]) -> None:
    """Write a clip table; paths stand relative to its folder where they lie under it, else absolute."""
    columns = (*REQUIRED_COLUMNS, *_OPTIONAL)
    lines = ["\t".join(columns)]
    folder = path.absolute().parent
    lines += ["\t".join(_text(getattr(row, name), folder) for name in columns) for row in rows]
    write_text(path, "\n".join(lines) + "\n")


def _read_lines(table: Path) -> list[tuple[int, list[str]]]:
    """Return (line number, values) of every line that is not blank."""
    text = read_text(table, "a clip table", "check `clips`", "strict")
    lines = []
    for number, line in enumerate(text.split("\n"), start=1):
        values = line.removesuffix("\r").split("\t")
        if any(values):
            lines.append((number, values))
        for value in values:
            if not (value.isprintable()):
                raise _bad(table, number, "characters", repr(value[:40]), "printable text between tabs")
    if not lines:
        raise BadInput(table, "header", "an empty file", " ".join(REQUIRED_COLUMNS), "write a header line")
    return lines


def _check_header(table: Path, header: Sequence[str]) -> None:
    expected = " ".join((*REQUIRED_COLUMNS, *(f"[{name}]" for name in _OPTIONAL)))
    for name in REQUIRED_COLUMNS:
        if name not in header:
            raise BadInput(table, "header", f"no column {name!r}", f"{expected} (tab separated)", _FIX_TABLE)
    for name in header:
        if name not in REQUIRED_COLUMNS + _OPTIONAL:
            raise BadInput(table, "header", f"unknown column {name!r}", expected, _FIX_TABLE)
        if list(header).count(name) > 1:
            raise BadInput(table, "header", f"column {name!r} twice", expected, _FIX_TABLE)


def _read_row(table: Path, line: int, values: Mapping[str, str]) -> ClipRow:
    for name in ("clip_id", "subject"):
        if not _IDENTIFIER.fullmatch(values[name]):
            rule = "1 to 64 letters, digits, _ or -, beginning with a letter or digit"
            raise _bad(table, line, name, repr(values[name][:80]), rule)
    for name, allowed in (("split", SPLITS), ("source", SOURCES)):
        if values[name] not in allowed:
            raise _bad(table, line, name, repr(values[name][:80]), "one of " + ", ".join(allowed))
    if values.get("up", "").strip() not in ("", *UP_AXES):
        raise _bad(table, line, "up", repr(values["up"][:80]), f"one of {', '.join(UP_AXES)}, or nothing")
    if values.get("rig", "").strip() not in ("", *RIGS):
        raise _bad(table, line, "rig", repr(values["rig"][:80]), f"one of {', '.join(RIGS)}, or nothing")
    if not _IDENTIFIER.fullmatch(values.get("babel", "").strip() or "none"):
        raise _bad(table, line, "babel", repr(values["babel"][:80]), "BABEL's number of the sequence, or nothing")
    if not 0 < len(values["action"].strip()) <= 64:
        raise _bad(table, line, "action", repr(values["action"][:80]), "1 to 64 characters")
    start, end, fps = (_number(table, line, name, values.get(name, "")) for name in ("start", "end", "fps"))
    if end is not None and end <= (start or 0.0):
        raise _bad(table, line, "end", f"{end:g}", f"more than start ({start or 0.0:g})")
    frames = _number(table, line, "frames", values.get("frames", ""))
    if frames is not None and not frames.is_integer():
        raise _bad(table, line, "frames", f"{frames:g}", "a whole number")
    stated = read_stated(table, line, values)
    row = ClipRow(
        clip_id=values["clip_id"],
        subject=values["subject"],
        action=values["action"],
        split=values["split"],
        source=values["source"],
        path=_resolve(table, values["path"]),
        start=start,
        end=end,
        model=_resolve(table, values.get("model", "")),
        static=_resolve(table, values.get("static", "")),
        fps=fps,
        frames=None if frames is None else int(frames),
        up=values.get("up", "").strip() or None,
        mass=stated.mass,
        height=stated.height,
        sex=stated.sex,
        labels=_resolve(table, values.get("labels", "")),
        belt=_number(table, line, "belt", values.get("belt", "")),
        grf=_resolve(table, values.get("grf", "")),
        license=_license(table, line, values.get("license", "").strip()),
        babel=values.get("babel", "").strip() or None,
        rig=values.get("rig", "").strip() or None,
    )
    _check_files(table, line, row)
    return row


def _license(table: Path, line: int, text: str) -> str | None:
    """Return the identifier of a stated licence."""
    if text and not is_identifier(text):
        expected = "an SPDX identifier (CC-BY-4.0), LicenseRef-... for a licence that has none, or nothing"
        raise _bad(table, line, "license", repr(text[:80]), expected)
    return identified(text) if text else None


def _check_files(table: Path, line: int, row: ClipRow) -> None:
    """Each source needs its own columns: a file, a model, a static trial, or none."""
    source = sources()[row.source]
    if not source.file and row.path is not None:
        expected = f"nothing: the action of a {row.source} clip names its motion"
        raise _bad(table, line, "path", repr(str(row.path)), expected)
    if source.file and row.path is None:
        raise _bad(table, line, "path", "nothing", f"the file of a clip of source {row.source}")
    if row.labels is not None and not source.markers:
        raise _bad(table, line, "labels", repr(str(row.labels)), f"nothing: source {row.source} has no markers")
    if row.grf is not None and not source.file:
        raise _bad(table, line, "grf", repr(str(row.grf)), f"nothing: nobody measured a {row.source} motion")
    if row.grf is not None and row.grf.suffix.lower() not in GRF_FILES:
        raise _bad(table, line, "grf", repr(str(row.grf)), f"a file that ends in {', '.join(GRF_FILES)}, or nothing")
    if source.model and row.model is None:
        raise _bad(table, line, "model", "nothing", "the .osim file that the coordinates belong to")


def _check_unique(table: Path, numbers: Sequence[int], rows: Sequence[ClipRow]) -> None:
    """Require unique clip ids, and one split per subject and file so that nobody is trained on and tested on."""
    seen: set[str] = set()
    splits: dict[str, str] = {}
    files: dict[str, ClipRow] = {}
    for number, row in zip(numbers, rows, strict=True):
        if row.clip_id in seen:
            raise _bad(table, number, "clip_id", f"{row.clip_id!r} again", "a unique id per clip")
        seen.add(row.clip_id)
        first = splits.setdefault(row.subject, row.split)
        if row.split != first:
            raise _bad(table, number, "split", repr(row.split), f"{first!r} as on subject {row.subject}'s other lines")
        if row.path is not None:
            other = files.setdefault(os.path.normpath(row.path), row)
            if other.split != row.split:
                found = f"the file of clip {other.clip_id} ({other.subject}, {other.split}) again"
                raise _bad(table, number, "path", found, f"a file of its own for {row.subject}, who is in {row.split}")


def _number(table: Path, line: int, column: str, text: str) -> float | None:
    if not text.strip():
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0.0):
        raise _bad(table, line, column, repr(text[:80]), "a number of 0 or more, or nothing")
    return value


def _resolve(table: Path, text: str) -> Path | None:
    return table.parent / text if text.strip() else None


def _text(value: object, folder: Path) -> str:
    if isinstance(value, Path):
        whole = value.absolute()
        return str(whole.relative_to(folder) if whole.is_relative_to(folder) else whole)
    return "" if value is None else str(value)


def _bad(table: Path, line: int, column: str, found: str, expected: str) -> BadInput:
    return BadInput(table, f"line {line}, {column}", found, expected, _FIX_TABLE)
