"""A user's own table of labels: a csv with the columns label and landmark.

A landmark is one of `body/tables/markers.csv` or `landmarks.csv` (RLFC), or a common label for it (RKNE, R.Knee.Lat).
"none" leaves the point out, and an empty cell leaves it to the program.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from kinesynth.atomic import write_text
from kinesynth.errors import BadInput
from kinesynth.markers.computed import computed
from kinesynth.markers.labels import bare, known, landmark
from kinesynth.opensim_files.trc import MarkerTrajectories
from kinesynth.text import read_text

LEFT_OUT = "none"
COLUMNS = ("label", "landmark")
_FIX = "correct the table of labels; kinesynth check-motion --write-labels makes one to start from"


def read_labels(path: Path) -> dict[str, str]:
    """Return each label's landmark, or "none"; labels with an empty landmark are not among them.

    Raises:
        BadInput: it is no such table, a label stands twice, or a landmark is none.
    """
    text = read_text(path, "a csv with the columns label and landmark", "check the path", "strict")
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    if not rows or tuple(cell.strip() for cell in rows[0]) != COLUMNS:
        header = ",".join(rows[0]) if rows else "an empty file"
        raise BadInput(path, "header", repr(header[:80]), ",".join(COLUMNS), _FIX)
    found: dict[str, str] = {}
    for line, row in enumerate(rows[1:], start=2):
        label, place, *more = [cell.strip() for cell in (*row, "", "")][: max(2, len(row))]
        if not label and not place:
            continue
        if more or not label or label in found:
            what = "more than two cells" if more else "no label" if not label else f"{label} twice"
            raise BadInput(path, f"line {line}", what, "each label once, and its landmark", _FIX)
        meaning = LEFT_OUT if place.lower() == LEFT_OUT else landmark(place) if place else ""
        if meaning is None:
            expected = "a landmark as RLFC, a common label as RKNE, none, or nothing"
            raise BadInput(path, f"line {line}, landmark", repr(place[:40]), expected, _FIX)
        found[label] = meaning
    return {label: place for label, place in found.items() if place}


def with_user_landmarks(path: Path, trial: MarkerTrajectories, table: Path) -> MarkerTrajectories:
    """Return a trial whose labels sit where a user's table says, and without those that it leaves out.

    Args:
        path: of the trial, for messages.
        trial: as read.
        table: the user's.

    Raises:
        BadInput: the table is unusable, or names no label of the trial.
    """
    own = {bare(label): place for label, place in read_labels(table).items()}
    places = {name: own[bare(name)] for name in trial.names if bare(name) in own}
    if not places:
        found = f"none of {', '.join(trial.names[:6])}, ..."
        raise BadInput(table, "label", found, f"labels of {path.name}", _FIX)
    kept = [column for column, name in enumerate(trial.names) if places.get(name) != LEFT_OUT]
    out = [name for name, place in places.items() if place == LEFT_OUT]
    note = f"landmarks of {len(places) - len(out)} labels as {table.name} says"
    return replace(
        trial,
        names=tuple(trial.names[column] for column in kept),
        positions=trial.positions[:, kept],
        places={name: place for name, place in places.items() if place != LEFT_OUT},
        notes=(*trial.notes, note + (f", left out {', '.join(out)}" if out else "")),
    )


def write_labels(output: Path, trial: MarkerTrajectories, left_out: Mapping[str, str] | None = None) -> None:
    """Write a table of a trial's labels, to be edited: what each is taken for, "none" where it is no marker."""
    out = {**computed(trial.names), **(left_out or {})}
    labels = known(trial.names, trial.places)
    lines = [",".join(COLUMNS)]
    for name in dict.fromkeys((*trial.names, *out)):
        place = (
            LEFT_OUT if name in out and name not in trial.places else labels[name].landmark if name in labels else ""
        )
        lines.append(f'"{name}",{place}' if set(name) & set(',"') else f"{name},{place}")
    write_text(output, "\n".join(lines) + "\n")
