"""The people that are drawn: whether OpenSim's generic skeleton can be scaled to each of ten thousand."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from kinesynth.body.free.build import build_body
from kinesynth.body.measurements import Tape
from kinesynth.body.model import load_body
from kinesynth.subjects.sampled import sample_shape
from tools.acceptance.metrics import Metric

PEOPLE, SEED, DENSITY_KG_M3 = 10_000, 1, 985.0


def metrics() -> Iterator[Metric]:
    """Yield how many of the people drawn have a factor beyond its bound; tests hold the factors against ScaleTool's."""
    with TemporaryDirectory(prefix="kinesynth-") as folder:
        build_body(output=Path(folder) / "model.npz")
        model = load_body(Path(folder) / "model.npz")
    tape = Tape(model)
    shapes = (sample_shape(model, f"p{number}", SEED, DENSITY_KG_M3, tape) for number in range(PEOPLE))
    refused = sum(tape.misfit(shape.betas) is not None for shape in shapes)
    yield Metric("people.drawn_not_scaled", refused, f"of {PEOPLE}", 0, "lower")
