"""Motions of the procedural library, made for the subject's body."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from kinesynth.amass import read_amass, write_amass
from kinesynth.body.model import BodyModel
from kinesynth.clips import ClipRow
from kinesynth.motion.recording import Recording, from_amass
from kinesynth.motion.sources import Loading, Person, Shaping
from kinesynth.procedural import make
from kinesynth.seeds import generator
from kinesynth.subjects.shape import Shape

_MARGIN_SECONDS = 0.5  # a motion goes on beyond the cut, so that filters see no end


def read(row: ClipRow, who: Person, how: Loading) -> Recording:
    """Write a motion as an AMASS file, and read it with the same reader as recorded data."""
    start = row.start or 0.0
    end = start + how.seconds if row.end is None else min(row.end, start + how.seconds)
    random = generator(how.seed, row.clip_id, "motion")
    with tempfile.TemporaryDirectory(prefix="kinesynth-") as folder:
        path = Path(folder) / f"{row.clip_id}.npz"
        write_amass(make(row.action, who.proportions, who.betas, end + _MARGIN_SECONDS, random, path))
        return from_amass(read_amass(path))


def shape(model: BodyModel, row: ClipRow, rows: Sequence[ClipRow], how: Shaping) -> Shape:  # noqa: ARG001 the contract's
    """Raise: a motion that is made for any body tells no shape."""
    raise ValueError("a procedural motion tells no shape")
