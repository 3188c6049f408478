"""Measured markers: .trc, .c3d, or those kept in an AMASS file."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from kinesynth.body.model import BodyModel
from kinesynth.clips import ClipRow
from kinesynth.errors import BadInput
from kinesynth.markers.same_person import check_same_person
from kinesynth.markers.trial import read_trial
from kinesynth.mosh.fit import dress
from kinesynth.motion.marker_motion import read_marker_motion
from kinesynth.motion.rate_audit import audited
from kinesynth.motion.recording import Recording
from kinesynth.motion.sources import Loading, Person, Shaping
from kinesynth.notes import tell
from kinesynth.opensim_files.trc import MarkerTrajectories
from kinesynth.subjects.shape import Shape
from kinesynth.subjects.stated_shape import likely_betas
from kinesynth.subjects.worn import assumed, worn_record

_SAME_MASS = 1.03  # ratio of two masses that one person has on two days
_MAX_TRIALS = 6  # that a shape is fitted to together


def read(row: ClipRow, who: Person, how: Loading) -> Recording:
    """Fit the body to the markers of a trial."""
    if row.path is None:
        raise ValueError("a clip without its file passed the check of the table")
    part = (row.start, row.end, how.seconds)
    recording = read_marker_motion(row.path, row.static, who.body, who.betas, part, row.labels)
    if who.record.worn is not None:
        recording = replace(recording, notes=recording.notes + assumed(who.record.worn))
    return audited(row.path, recording, who.proportions)


def shape(model: BodyModel, row: ClipRow, rows: Sequence[ClipRow], how: Shaping) -> Shape:  # noqa: ARG001 the contract's
    """Return the shape on which the markers of all of a subject's trials sit, static trials included."""
    likely = likely_betas(model, how.stated, how.density_kg_m3)
    statics = [each.static for each in rows if each.static is not None]
    files = {file: each.labels for each in rows for file in (each.static, each.path) if file is not None}
    trials = {}
    for file in list(files)[:_MAX_TRIALS]:
        try:
            trials[file] = read_trial(file, model, files[file])
            tell(file, trials[file].notes)
        except BadInput as error:
            print(f"{error}; it does not tell the subject's shape", file=sys.stderr)  # noqa: T201
    for file in _strangers(rows, trials):
        del trials[file]
    if not trials:
        raise BadInput(rows[0].path or "", "markers", "no usable trial", "at least one", "see the messages above")
    dressed = dress(model, list(trials.values()), likely=likely)
    tell(rows[0].path or rows[0].subject, dressed.notes)
    static = next((trials[file] for file in statics if file in trials), None)
    worn = worn_record(dressed, static, [trial for file, trial in trials.items() if file not in statics])
    betas, mass = dressed.betas.numpy(), _file_mass(trials)
    return Shape(betas, "neutral", "measured markers", basis="skin", file_mass_kg=mass, worn=worn)


def _file_mass(trials: Mapping[Path, MarkerTrajectories]) -> float | None:
    """Return the mass, kg, that those of the files state that state one; None, and a note, where they disagree."""
    stated = {file: trial.mass_kg for file, trial in trials.items() if trial.mass_kg is not None}
    if not stated:
        return None
    low, high = min(stated.values()), max(stated.values())
    if high > _SAME_MASS * low:
        tell(next(iter(stated)), [f"the subject's files state masses from {low:g} to {high:g} kg: none is taken"])
        return None
    return next(iter(stated.values()))


def _strangers(rows: Sequence[ClipRow], trials: Mapping[Path, MarkerTrajectories]) -> set[Path]:
    """Return static trials that are not of the person in the clip, and say so."""
    found: set[Path] = set()
    for static, path in dict.fromkeys((row.static, row.path) for row in rows):
        if static is None or path is None or static not in trials or path not in trials:
            continue
        if static not in found:
            try:
                check_same_person(static, trials[static], trials[path])
            except BadInput as error:
                print(f"{error}; it does not tell the subject's shape", file=sys.stderr)  # noqa: T201
                found.add(static)
    return found
