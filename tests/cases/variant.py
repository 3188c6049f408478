"""What a generated case is, and the people that all of them share."""

from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass, replace
from functools import cache, cached_property
from io import StringIO
from pathlib import Path

import numpy as np
from make import write_mot, write_npz, write_trc
from tools.cases.inputs import row_of
from tools.cases.runs import Motion, Outcome, run_clips
from tools.cases.verdicts import CLEAN, POOR_MESSAGE, RIGHT, SILENT_WRONG, Expectation, Limits, Verdict, judge, says
from walk import BETAS, Recorded, performed, walking

from kinesynth.amass import AmassFile
from kinesynth.body.free.build import build_body
from kinesynth.body.model import BodyModel, load_body
from kinesynth.errors import KinesynthError
from kinesynth.markers.trial import read_trial
from kinesynth.opensim_files.trc import MarkerTrajectories
from kinesynth.skeleton.builder import build_skeleton

TRUTH = Limits(mass_kg=6.0, height_m=0.05, angle_deg=6.0)
"""A fit to markers of a known person against that person: markers tell the depth of a trunk only so well."""
FILES = Limits(mass_kg=30.0, height_m=0.2, speed=0.12, angle_deg=12.0)
"""A motion that is brought to another body model: its betas tell no mass, its rest pose is another."""


class Lab:
    """A body, a few people and motions, and what their clean files give."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / "body.npz"
        build_body(output=self.path)

    @cached_property
    def body(self) -> BodyModel:
        return load_body(self.path)

    @cached_property
    def walk(self) -> Recorded:
        return walking(self.body)

    @cached_property
    def trial(self) -> MarkerTrajectories:
        """The walk as its clean file is read."""
        return read_trial(write_trc(self.folder / "trial.trc", self.walk), self.body)

    @cache  # noqa: B019 - one laboratory a session
    def motion(self, action: str, seconds: float = 3.0) -> AmassFile:
        """Return a motion of the library."""
        return performed(self.body, BETAS, action, seconds)

    @cache  # noqa: B019
    def person(self, action: str, size: float = BETAS[0]) -> Recorded:
        """Record a motion of someone of this size (the first of the betas)."""
        return walking(self.body, np.array([size, *BETAS[1:]]), action)

    @cached_property
    def skeleton(self) -> Path:
        path = self.folder / "generic.osim"
        build_skeleton(output=path, log=self.folder / "log")
        return path

    @cache  # noqa: B019
    def clean(self, suffix: str) -> Motion:
        """Return what the walk's file of a kind gives where nothing is wrong with it."""
        from gait import TIMES, gait

        path = self.folder / f"clean{suffix}"
        if suffix == ".npz":
            write_npz(path, self.walk.file)
        elif suffix == ".mot":
            write_mot(path, gait(), times=TIMES)
        else:
            write_trc(path, self.walk)
        motion = run_clips([self.row(path)], self.path, self.folder / f"clean_{suffix[1:]}")["clip"].motion
        assert motion is not None
        return motion

    def row(self, path: Path):
        """Return the table's line of a file."""
        return row_of("clip", path, self.skeleton if path.suffix == ".mot" else None)


@dataclass(frozen=True)
class Variant:
    """A generated case.

    Attributes:
        name: unique.
        write: writes the file in an empty folder and returns its path.
        expected: delivered, refused or either, as in the tables of the shared cases.
        words: what a refusal must name, a regular expression.
        note: what must be said where it is delivered.
        truth: what a delivered clip is held against; the clean walk of the same kind of file by default.
        limits: how far it may be from there.
    """

    name: str
    write: Callable[[Lab, Path], Path]
    expected: str
    words: str = ""
    note: str = ""
    truth: Callable[[Lab], Motion] | None = None
    limits: Limits = CLEAN

    @property
    def expectation(self) -> Expectation:
        return Expectation(self.name, self.expected, words=self.words, note=self.note)

    def judged(self, lab: Lab, path: Path, outcome: Outcome) -> Verdict:
        """Hold what became of the file against what should."""
        clean = None
        if outcome.motion is not None and self.expected not in ("refused", "told"):
            clean = self.truth(lab) if self.truth else lab.clean({".c3d": ".trc"}.get(path.suffix, path.suffix))
        return judge(self.expectation, outcome, clean, self.limits)


def run_alone(variant: Variant, lab: Lab, folder: Path) -> Verdict:
    """Bring a case to the product as the only clip of its subject."""
    path = variant.write(lab, folder)
    return variant.judged(lab, path, run_clips([lab.row(path)], lab.path, folder / "run")["clip"])


def run_together(variants: Sequence[Variant], lab: Lab, folder: Path) -> dict[str, Verdict]:
    """Bring cases to the product as clips of one subject, the first being good, in one shard."""
    rows, paths = [], {}
    for number, variant in enumerate(variants):
        place = folder / f"{number:03d}"
        place.mkdir()
        paths[variant.name] = variant.write(lab, place)
        rows.append(replace(lab.row(paths[variant.name]), clip_id=f"clip{number:03d}"))
    outcomes = run_clips(rows, lab.path, folder / "run")
    pairs = zip(variants, rows, strict=True)
    return {each.name: each.judged(lab, paths[each.name], outcomes[row.clip_id]) for each, row in pairs}


def read_only(variant: Variant, lab: Lab, folder: Path) -> Verdict:
    """Bring a case to the reader of marker files alone, and hold positions and times against the clean file's."""
    path, said = variant.write(lab, folder), StringIO()
    try:
        with redirect_stderr(said):
            trial = read_trial(path, lab.body)
    except KinesynthError as error:
        outcome = Outcome("rejected", str(error).replace(str(path), path.name), "", None, 0.0)
        return judge(variant.expectation, outcome, None)
    faults, notes = trial_faults(trial, lab.trial), "\n".join([said.getvalue(), *getattr(trial, "notes", ())])
    happened = f"read at {trial.fps:g} Hz, {', '.join(faults)} {notes}"
    wrong = bool(faults) or variant.expected == "refused"
    verdict = SILENT_WRONG if wrong else RIGHT if says(variant.note, notes) else POOR_MESSAGE
    return Verdict(variant.name, variant.expected, happened, verdict)


def trial_faults(trial: MarkerTrajectories, clean: MarkerTrajectories) -> list[str]:
    """Return in words what of a trial is not the clean one's; what is missing is no fault, up to a half."""
    since, clean_since = trial.times - trial.times[0], clean.times - clean.times[0]
    faults = []
    if abs(since[-1] - clean_since[-1]) > 0.03 * clean_since[-1] or abs(trial.fps * np.diff(since).mean() - 1.0) > 0.01:
        faults.append(f"lasts {since[-1]:.2f} s at {trial.fps:g} Hz, is {clean_since[-1]:.2f} s")
    frames = np.abs(since[:, None] - clean_since).argmin(axis=1)
    common = [name for name in clean.names if name in trial.names]
    ours, theirs = ([each.names.index(name) for name in common] for each in (trial, clean))
    apart = np.linalg.norm(trial.positions[:, ours] - clean.positions[frames][:, theirs], axis=-1)
    if len(common) < 0.9 * len(clean.names) or np.isfinite(apart).mean() < 0.5:
        faults.append(f"{len(common)} of {len(clean.names)} markers")
    elif np.nanmax(apart) > 0.02:
        marker = common[int(np.nan_to_num(np.nanmax(apart, axis=0)).argmax())]
        faults.append(f"{marker} {np.nanmax(apart):.3g} m off")
    return faults
