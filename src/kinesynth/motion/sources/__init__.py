"""Where motion comes from: a module for each row of `kinesynth/sources.csv`, with the functions of `SourceModule`."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

import numpy as np

from kinesynth.body.model import BodyModel
from kinesynth.body.proportions import Proportions
from kinesynth.clips import ClipRow
from kinesynth.motion.recording import Recording
from kinesynth.stated import Stated
from kinesynth.subject_record import SubjectRecord
from kinesynth.subjects.shape import Shape


@dataclass(frozen=True)
class Person:
    """Whose clips are loaded: the subject's record, and the body with its proportions at the subject's shape."""

    record: SubjectRecord
    betas: np.ndarray
    body: BodyModel
    proportions: Proportions


@dataclass(frozen=True)
class Loading:
    """How clips are loaded.

    Attributes:
        seed: of the run, for motions that are made.
        seconds: the length of clips, at most.
        log: where OpenSim's messages go.
    """

    seed: int
    seconds: float
    log: Path


@dataclass(frozen=True)
class Shaping:
    """How a subject's shape is chosen.

    Attributes:
        density_kg_m3: of the body.
        stated: of the person.
        log: where OpenSim's messages go.
    """

    density_kg_m3: float
    stated: Stated
    log: Path


class SourceModule(Protocol):
    """What a module of a source gives."""

    def read(self, row: ClipRow, who: Person, how: Loading) -> Recording:
        """Read or make the motion of a clip, whose file is there if the source has any.

        Raises:
            BadInput: the file is unusable.
            ClipRejected: its motion is.
        """

    def shape(self, model: BodyModel, row: ClipRow, rows: Sequence[ClipRow], how: Shaping) -> Shape:
        """Return the shape that the file of `row`, or those of all `rows` of a subject and this source, tell.

        Called for sources that tell one. `row` is the first of them in the table that has not failed yet.

        Raises:
            BadInput: the file tells none.
            ClipRejected: likewise.
        """


def source_module(name: str) -> SourceModule:
    """Return the module of a source."""
    return cast(SourceModule, import_module(f"{__name__}.{name}"))
