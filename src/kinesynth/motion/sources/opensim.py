"""An OpenSim model and its coordinates."""

from collections.abc import Sequence
from pathlib import Path

from kinesynth.body.bone_lengths import opensim_measures, require_measures
from kinesynth.body.model import BodyModel
from kinesynth.clips import ClipRow
from kinesynth.isolation import isolated
from kinesynth.motion.opensim_motion import read_opensim
from kinesynth.motion.rate_audit import audited
from kinesynth.motion.recording import Recording
from kinesynth.motion.sources import Loading, Person, Shaping
from kinesynth.subjects.shape import Shape, fit_lengths

TIMEOUT_SECONDS = 600.0


def read(row: ClipRow, who: Person, how: Loading) -> Recording:
    """Pose the body as the model is posed."""
    recording = read_opensim(_file(row.path), _file(row.model), who.proportions, TIMEOUT_SECONDS, how.log)
    return audited(_file(row.path), recording, who.proportions)


def shape(model: BodyModel, row: ClipRow, rows: Sequence[ClipRow], how: Shaping) -> Shape:  # noqa: ARG001 the contract's
    """Return the shape with the model's bone lengths and mass."""
    path = _file(row.model)
    target, mass = isolated(opensim_measures, str(path.absolute()), timeout_seconds=300.0, log=how.log)
    require_measures(path, target)
    betas = fit_lengths(model, target, "neutral", how.density_kg_m3, mass_kg=mass)
    return Shape(betas, "neutral", "bone lengths and mass of the OpenSim model", mass)


def _file(path: Path | None) -> Path:
    """Return a path that `read_clips` has required."""
    if path is None:
        raise ValueError("a clip without its file passed the check of the table")
    return path
