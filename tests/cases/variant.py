"""What a generated case is, and the people that all of them share."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from make import write_mot, write_npz, write_trc
from tools.case_inputs import row_of
from tools.case_runs import Motion, run_clips
from tools.case_verdicts import CLEAN, Expectation, Limits, Verdict, judge
from walk import BETAS, Recorded, walking

from kinesynth.body.build import build_body
from kinesynth.body.model import BodyModel, load_body
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

    @cache  # noqa: B019 - one laboratory a session
    def motion(self, action: str, seconds: float = 3.0, size: float = BETAS[0]) -> Recorded:
        """Return a motion of the library, by someone of this size (the first of the betas)."""
        return walking(self.body, np.array([size, *BETAS[1:]]), action, seconds)

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

    def run(self, lab: Lab, folder: Path) -> Verdict:
        """Write the case, bring it to the product, and judge."""
        path = self.write(lab, folder)
        outcome = run_clips([lab.row(path)], lab.path, folder / "run")["clip"]
        clean = None
        if outcome.motion is not None and self.expected != "refused":
            clean = self.truth(lab) if self.truth else lab.clean({".c3d": ".trc"}.get(path.suffix, path.suffix))
        expectation = Expectation(self.name, self.expected, words=self.words, note=self.note)
        return judge(expectation, outcome, clean, self.limits)
