"""A subject's shape from AMASS files: their betas where they are the body's, else an estimate by markers or motion."""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kinesynth.amass import AmassFile
from kinesynth.body.bone_lengths import LEG, leg_length, lengths, smplx_lengths
from kinesynth.body.model import BodyModel
from kinesynth.body.schema import BETAS
from kinesynth.clips import ClipRow
from kinesynth.errors import BadInput, ClipRejected
from kinesynth.notes import tell
from kinesynth.stated import NOTHING, Stated
from kinesynth.subjects.amass_size import has_size, mean_joints, size_from_motion
from kinesynth.subjects.amass_upright import read_upright
from kinesynth.subjects.shape import LENGTH_SPREAD_M, Shape, fit_lengths, prior
from kinesynth.subjects.stated_shape import likely_betas

OWN_BETAS = "betas of the file"
_MAX_FILES = 6  # that a size is taken from together
_FREE_CAN = "or use `body.model: free`, which takes the size from markers or motion"


def shape_of_amass(model: BodyModel, rows: Sequence[ClipRow], density_kg_m3: float, stated: Stated = NOTHING) -> Shape:
    """Return the shape that AMASS files of one person tell; the first decides whose betas they are.

    Args:
        model: the body.
        rows: clips of source amass, one or more.
        density_kg_m3: of the body.
        stated: of the person.

    Raises:
        BadInput: the first file is unusable, or its betas are not those of a licensed body.
    """
    file = read_row(rows[0])
    if not model.identity.is_free:
        require_own_betas(file, model)
    if has_own_betas(file, model):
        return Shape(first_betas(file), file.gender, OWN_BETAS, basis="betas")
    if has_size(file):
        mean = np.zeros(BETAS)
        target = lengths(model.rest_joints(mean)) * smplx_lengths(first_betas(file)) / smplx_lengths(mean)
        betas = fit_lengths(model, target, file.gender, density_kg_m3)
        return Shape(betas, file.gender, "bone lengths of the file's betas")
    rows = rows[:_MAX_FILES]
    likely = likely_betas(model, stated, density_kg_m3)
    return _of_markers(model, file, rows, likely) or _of_motion(model, file, rows, density_kg_m3)


def read_row(row: ClipRow) -> AmassFile:
    """Read the file of a clip, z up, with what the table states of it."""
    if row.path is None:
        raise ValueError("a clip without its file passed the check of the table")
    return read_upright(row.path, row.up, row.fps)


def readable_files(rows: Sequence[ClipRow]) -> list[AmassFile]:
    """Return the files of a person's first clips, each once; one that cannot be read is left to its clip's stage."""
    files: dict[Path | None, AmassFile] = {}
    for row in rows[:_MAX_FILES]:
        try:
            files.setdefault(row.path, read_row(row))
        except BadInput as error:
            sys.stderr.write(f"note: {error}; it tells nothing of the subject\n")
    return list(files.values())


def first_betas(file: AmassFile) -> np.ndarray:
    """Return the file's first ten betas, (10,)."""
    return np.asarray(file.betas[:BETAS])


def has_own_betas(file: AmassFile, model: BodyModel) -> bool:
    """Whether a file's betas belong to a body, the free one's exported shapes among them."""
    return (file.model, file.gender) == (model.identity.surface_model, model.identity.gender)


def require_own_betas(file: AmassFile, model: BodyModel) -> None:
    """Check that a file's betas belong to a licensed body.

    Raises:
        BadInput: they are of another surface model or gender; it names the files that would go together.
    """
    if has_own_betas(file, model):
        return
    who = model.identity
    wanted = f"SMPLX_{file.gender.upper()}.npz"
    if file.model == who.surface_model:
        fix = f"set body.model to {wanted}, {_FREE_CAN}"
    else:
        fix = f"take this motion from AMASS as SMPL-X (then with {wanted} or its neutral version), {_FREE_CAN}"
    raise BadInput(
        file.path, "betas", f"{file.model}, {file.gender}", f"{who.surface_model}, {who.gender}, as {who.name}", fix
    )


def _foreign(file: AmassFile) -> str:
    names = {"smplh": "SMPL+H", "smplx": "SMPL-X"}
    return f"{names.get(file.model, file.model)} {file.gender} betas are not used"


def _of_markers(model: BodyModel, file: AmassFile, rows: Sequence[ClipRow], likely: np.ndarray | None) -> Shape | None:
    """Return the shape on which the markers sit that some files keep, None where they keep none that will do."""
    from kinesynth.markers.trial import read_trial
    from kinesynth.mosh.fit import dress

    trials = []
    for path, table in {row.path: row.labels for row in rows if row.path is not None}.items():
        try:
            trials.append(read_trial(path, model, table))
        except BadInput as error:
            if error.field != "marker_data":
                sys.stderr.write(f"note: {error}; they do not tell the subject's size\n")
    try:
        betas = dress(model, trials, likely=likely).betas.numpy() if trials else None
    except ClipRejected as error:
        tell(file.path, [f"{error}; the markers do not tell the subject's size"])
        return None
    if betas is None:
        return None
    size = leg_length(model.rest_joints(betas)) / leg_length(mean_joints())
    source = f"measured markers of the AMASS file ({_foreign(file)})"
    return Shape(betas, file.gender, source, amass_size=size, basis="skin")


def _of_motion(model: BodyModel, file: AmassFile, rows: Sequence[ClipRow], density_kg_m3: float) -> Shape:
    """Return the most probable shape of the sex with legs as long as the motion shows them to be."""
    files = [file, *readable_files(rows[1:])]
    size, error_of_size = size_from_motion(files, usual_size(model, file.gender))
    target = size * lengths(model.rest_joints(np.zeros(BETAS)))
    target[len(LEG) :] = np.nan
    betas = fit_lengths(model, target, file.gender, density_kg_m3)
    source = f"leg length from the motion, +- {100.0 * error_of_size:.0f} % ({_foreign(file)})"
    spread = np.where(np.isfinite(target), np.hypot(LENGTH_SPREAD_M, error_of_size * target), np.inf)
    return Shape(betas, file.gender, source, amass_size=size, length_spread_m=spread)


def usual_size(model: BodyModel, sex: str) -> tuple[float, float]:
    """Return mean and standard deviation of the leg lengths of a sex, against those of the mean body."""
    mean, spread = prior(model, sex)

    def size(betas: np.ndarray) -> float:
        return leg_length(model.rest_joints(betas)) / leg_length(model.rest_joints(np.zeros(BETAS)))

    usual = size(mean)
    return usual, float(np.linalg.norm([size(mean + column) - usual for column in spread.T]))
