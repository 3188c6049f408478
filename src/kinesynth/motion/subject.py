"""The shape of one subject, shared by all of the subject's clips."""

import sys
from pathlib import Path
from typing import Any

from kinesynth.body.measurements import Tape
from kinesynth.body.model import BodyModel, load_body
from kinesynth.clips import ClipRow, read_clips, stated_people
from kinesynth.errors import BadInput, ClipRejected
from kinesynth.file_names import takes_file_names
from kinesynth.geometry.mesh import volume
from kinesynth.motion.sources import Shaping, source_module
from kinesynth.notes import tell
from kinesynth.sources import sources
from kinesynth.stated import NOTHING, Stated
from kinesynth.subject_record import SubjectRecord
from kinesynth.subjects.sampled import sample_shape
from kinesynth.subjects.shape import Shape, height
from kinesynth.subjects.stated_shape import errors_of, require_consistent, with_file_mass, with_stated


@takes_file_names
def subject_shape(
    *,
    body: Path,
    clips: Path,
    subject: str,
    output: Path,
    seed: int = 1,
    density_kg_m3: float = 985.0,
    subjects: Path | None = None,
    log: Path = Path("subject_shape.log"),
) -> None:
    """Write a subject's betas, sex, height and mass, and the errors of height and mass where they are estimates.

    The first clip whose source tells a shape decides. AMASS betas are taken as they are on a licensed body of their
    surface model and gender, and on no other. On the free body, betas are chosen whose bone lengths stand to the mean
    body's as the file's do to SMPL-X's mean (both mean bodies are 1.71 m tall, but SMPL-X's hip and shoulder centres
    lie elsewhere in the body), if the file's betas are those of neutral SMPL-X. Those of SMPL+H, of men or of women
    cannot be evaluated: then the markers that the file keeps tell the shape, or else the motion the length of the legs.
    For an OpenSim model, bone lengths are matched as they stand, and its mass is kept. Measured markers are met, by one
    shape and one place per marker in frames of all of the subject's trials. A procedural subject's shape is
    drawn from the seed and the subject's name, and so is that of a subject none of whose files can be read: its clips
    will be rejected when they are loaded, but clips of the same subject from other sources go on. Where the shape is
    one that the skeleton cannot be scaled to, a drawn one stands in, so that later stages find a model, and the record
    says why every clip of the subject is to be rejected.

    A mass, a height and a sex that the clip table or a table of subjects states are met by the shape and kept as they
    are; a height that the recording contradicts rejects every clip of the subject.

    Args:
        body: body model, npz in SMPL-X's schema.
        clips: clip table.
        subject: whose shape.
        output: json to write.
        seed: of the run.
        density_kg_m3: of the whole body with air in the lungs; mass is the rest mesh's volume times this. The default
            is that of Choutas et al. 2022 (SHAPY, doi:10.1109/CVPR52688.2022.00274).
        subjects: a table of subjects (subject, mass in kg, height in m, sex), beside what the clip table states.
        log: where OpenSim's output goes.

    Raises:
        BadInput: the table has no clip of the subject, or the body model cannot be used.
    """
    table = read_clips(clips)
    rows = [row for row in table if row.subject == subject]
    if not rows:
        raise BadInput(clips, "subject", repr(subject), "a subject of the table", "correct the name")
    stated = stated_people(clips, rows, subjects or "").get(subject, NOTHING)
    model = load_body(body)
    how = Shaping(density_kg_m3, stated, log)
    shape, rejection = _shape(model, rows, seed, how), None
    stated = with_file_mass(model, subject, shape, stated, density_kg_m3)
    try:
        shape = _usable(model, shape, stated, density_kg_m3)
    except ClipRejected as error:
        rejection = error
        print(f"note: {subject}: {error.detail}; the subject's clips are rejected", file=sys.stderr)  # noqa: T201
        shape = sample_shape(model, subject, seed, density_kg_m3)
    write_subject(
        output,
        model,
        shape,
        subject=subject,
        split=rows[0].split,
        density_kg_m3=density_kg_m3,
        stated=NOTHING if rejection else stated,
        rejection=rejection,
    )


def write_subject(
    path: Path,
    model: BodyModel,
    shape: Shape,
    *,
    subject: str,
    split: str,
    density_kg_m3: float,
    stated: Stated = NOTHING,
    rejection: ClipRejected | None = None,
) -> None:
    """Write a subject's record: betas, sex, height, and mass from the volume where nothing better tells it.

    Beside height and mass stand their errors (standard deviations), 0 where they are stated, and the markers that were
    worn, by which the skeleton is scaled. A `rejection` goes on record as why `load-motion` is to reject all of the
    subject's clips.
    """
    vertices = model.rest_vertices(shape.betas)
    mass = shape.mass_kg if shape.mass_kg is not None else density_kg_m3 * volume(vertices, model.faces)
    mass_error, height_error = errors_of(model, shape, stated, density_kg_m3)
    if mass_error and rejection is None:
        tell(
            subject, [f"mass {mass:.1f} +- {mass_error:.1f} kg, estimated; the column mass of the clip table states it"]
        )
    SubjectRecord(
        subject=subject,
        sex=shape.sex,
        betas=shape.betas,
        height_m=round(stated.height or height(vertices), 4),
        height_error_m=round(height_error, 4),
        mass_kg=round(float(mass), 3),
        mass_error_kg=round(mass_error, 3),
        split=split,
        shape_source=shape.source,
        amass_size=None if shape.amass_size is None else round(shape.amass_size, 6),
        amass_collar=shape.amass_collar,
        tibial_torsion=None if shape.tibial_torsion is None else shape.tibial_torsion.rounded(),
        worn=shape.worn,
        rejected=None if rejection is None else _told(rejection),
    ).write(path)


def _told(rejection: ClipRejected) -> dict[str, Any]:
    value = round(float(rejection.value or 0.0), 4)
    return {"reason": rejection.reason, "value": value, "detail": rejection.detail}


def _usable(model: BodyModel, shape: Shape, stated: Stated, density_kg_m3: float) -> Shape:
    """Return the shape with what is stated.

    Raises:
        ClipRejected: the recording contradicts that, or the skeleton cannot be scaled to it.
    """
    require_consistent(model, shape, stated, density_kg_m3)
    shape = with_stated(model, shape, stated, density_kg_m3)
    if misfit := Tape(model).misfit(shape.betas):
        raise ClipRejected("a person whom the skeleton cannot be scaled to", misfit.factor, str(misfit))
    return shape


def _shape(model: BodyModel, rows: list[ClipRow], seed: int, how: Shaping) -> Shape:
    """Return the shape that the first readable file tells; a file that cannot be read is left to its clip's stage."""
    for source in sources().values():
        theirs = [row for row in rows if row.source == source.name]
        for row in theirs if source.tells_shape else ():
            try:
                return source_module(source.name).shape(model, row, theirs, how)
            except (BadInput, ClipRejected) as error:
                print(f"{row.clip_id}: {error}; it does not tell the subject's shape", file=sys.stderr)  # noqa: T201
    return sample_shape(model, rows[0].subject, seed, how.density_kg_m3, sex=how.stated.sex)
