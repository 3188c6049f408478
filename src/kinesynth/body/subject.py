"""The shape of one subject, shared by all of the subject's clips."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kinesynth.atomic import write_text
from kinesynth.body.bone_lengths import lengths, opensim_measures, require_measures, smplx_lengths
from kinesynth.body.model import BodyModel, load_body
from kinesynth.body.schema import BETAS
from kinesynth.clips import ClipRow, read_clips
from kinesynth.errors import BadInput, ClipRejected
from kinesynth.geometry.mesh import volume
from kinesynth.isolation import isolated
from kinesynth.npz import open_npz
from kinesynth.seeds import generator

SEXES = ("male", "female")
SHAPE_TELLING = ("amass", "opensim", "markers")  # the sources whose files tell a shape, the better first
_MOST_DEVIATIONS = 2.0  # a drawn shape stays within two standard deviations of its sex's mean in every component
_DRAWN_BMI = (18.5, 32.0)  # kg/m2: neither underweight nor beyond the first degree of obesity (WHO)
_MOST_DRAWS = 200
_BMI, _BMI_SPREAD = 24.0, 3.0  # kg/m2: what a body of unknown mass is taken for
_MASS_SPREAD_KG = 5.0  # how far a mesh may be from a known mass
_MOST_TRIALS = 6  # of markers, that a shape is fitted to together
_LENGTH_SPREAD_M = np.array([0.005] * 4 + [0.020, 0.020, 0.010])
"""How well each of `LENGTHS` is known: limbs to 5 mm; widths and trunk less, since body models put the hip, shoulder
and neck centres in different places."""


@dataclass(frozen=True)
class Shape:
    """Betas (10,), sex, where they come from, and the mass if something better than the mesh's volume tells it."""

    betas: np.ndarray
    sex: str
    source: str
    mass_kg: float | None = None


def subject_shape(
    *,
    body: Path,
    clips: Path,
    subject: str,
    output: Path,
    seed: int = 0,
    density_kg_m3: float = 985.0,
    log: Path = Path("subject_shape.log"),
) -> None:
    """Write a subject's betas, sex, height and mass.

    The first clip whose source tells a shape decides. AMASS betas are taken as they are on a licensed body; on the free
    body, where they mean nothing, betas are chosen whose bone lengths stand to the mean body's as the file's do to
    SMPL-X's mean (both mean bodies are 1.71 m tall, but SMPL-X's hip and shoulder centres lie elsewhere in the body).
    For an OpenSim model, bone lengths are matched as they stand, and its mass is kept. Measured markers are met, by one
    shape and one place per marker in frames of all of the subject's trials. A procedural subject's shape is
    drawn from the seed and the subject's name, and so is that of a subject none of whose files can be read: its clips
    will be rejected when they are loaded, but clips of the same subject from other sources go on.

    Args:
        body: body model, npz in SMPL-X's schema.
        clips: clip table.
        subject: whose shape.
        output: json to write.
        seed: of the run.
        density_kg_m3: of the whole body with air in the lungs; mass is the rest mesh's volume times this. The default
            is that of Choutas et al. 2022 (SHAPY, doi:10.1109/CVPR52688.2022.00274).
        log: where OpenSim's output goes.

    Raises:
        BadInput: the table has no clip of the subject, or the body model cannot be used.
    """
    rows = [row for row in read_clips(clips) if row.subject == subject]
    if not rows:
        raise BadInput(clips, "subject", repr(subject), "a subject of the table", "correct the name")
    model = load_body(body)
    shape = _shape(model, rows, seed, density_kg_m3, log)
    write_subject(output, model, shape, subject=subject, split=rows[0].split, density_kg_m3=density_kg_m3)


def write_subject(
    path: Path, model: BodyModel, shape: Shape, *, subject: str, split: str, density_kg_m3: float
) -> None:
    """Write a subject's record: betas, sex, height, and mass from the volume where nothing better tells it."""
    vertices = model.rest_vertices(shape.betas)
    mass = shape.mass_kg if shape.mass_kg is not None else density_kg_m3 * volume(vertices, model.faces)
    record = {
        "subject": subject,
        "sex": shape.sex,
        "betas": [round(float(beta), 6) for beta in shape.betas],
        "height_m": round(height(vertices), 4),
        "mass_kg": round(float(mass), 3),
        "split": split,
        "shape_source": shape.source,
    }
    write_text(path, json.dumps(record, indent=1) + "\n")


def _shape(model: BodyModel, rows: list[ClipRow], seed: int, density_kg_m3: float, log: Path) -> Shape:
    """Return the shape that the first readable file tells; a file that cannot be read is left to its clip's stage."""
    telling = [row for source in SHAPE_TELLING for row in rows if row.source == source]
    for row in telling:
        try:
            if row.source == "amass":
                return _of_amass(model, _file(row.path), density_kg_m3)
            if row.source == "markers":
                return _of_markers(model, [other for other in telling if other.source == "markers"])
            return _of_opensim(model, _file(row.model), density_kg_m3, log)
        except (BadInput, ClipRejected) as error:
            print(f"{row.clip_id}: {error}; it does not tell the subject's shape", file=sys.stderr)  # noqa: T201
    return drawn_shape(model, rows[0].subject, seed, density_kg_m3)


def _file(path: Path | None) -> Path:
    """Return a path that `read_clips` has required."""
    if path is None:
        raise ValueError("a clip without its file passed the check of the table")
    return path


def drawn_shape(model: BodyModel, subject: str, seed: int, density_kg_m3: float) -> Shape:
    """Draw a subject's sex and betas, again and again until the body mass index is an ordinary one.

    Raises:
        BadInput: the body model has no such bodies.
    """
    random = generator(seed, subject, "body")
    sex = SEXES[int(random.integers(len(SEXES)))]
    mean, spread = _prior(model, sex)
    for _ in range(_MOST_DRAWS):
        deviation = np.clip(random.standard_normal(BETAS), -_MOST_DEVIATIONS, _MOST_DEVIATIONS)
        vertices = model.rest_vertices(mean + spread @ deviation)
        bmi = density_kg_m3 * volume(vertices, model.faces) / height(vertices) ** 2
        if _DRAWN_BMI[0] <= bmi <= _DRAWN_BMI[1]:
            return Shape(mean + spread @ deviation, sex, "drawn")
    expected = f"a body mass index of {_DRAWN_BMI[0]:g} to {_DRAWN_BMI[1]:g} kg/m² among {_MOST_DRAWS} draws"
    raise BadInput(
        model.path, "shapedirs", f"{bmi:.3g} kg/m²", expected, "use a body in metres with unit-variance betas"
    )


def height(vertices: np.ndarray) -> float:
    """Return the stature of a rest body (N, 3), m."""
    return float(np.ptp(vertices[:, 1]))


def _prior(model: BodyModel, sex: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean (10,) of a sex's betas and a factor (10, 10) of their covariance."""
    if sex not in SEXES or model.sex_means is None or model.sex_covariances is None:
        return np.zeros(BETAS), np.eye(BETAS)
    which = SEXES.index(sex)
    return model.sex_means[which].astype(float), np.linalg.cholesky(model.sex_covariances[which].astype(float))


def _of_amass(model: BodyModel, path: Path, density_kg_m3: float) -> Shape:
    betas, sex, is_smplx = _read_amass_shape(path)
    if model.sex_means is None:
        return Shape(betas, sex, "betas of the file")
    mean = np.zeros(BETAS)
    target = lengths(model.rest_joints(mean)) * smplx_lengths(betas) / smplx_lengths(mean)
    approximation = "" if is_smplx else ", SMPL+H betas read as SMPL-X's"
    fitted = fit_lengths(model, target, sex, density_kg_m3)
    return Shape(fitted, sex, f"bone lengths of the file's betas{approximation}")


def _read_amass_shape(path: Path) -> tuple[np.ndarray, str, bool]:
    """Return ten betas, the sex (male, female or neutral) and whether the betas are SMPL-X's, from an AMASS file."""
    mend = "export the file again or leave it out of the table"
    try:
        with open_npz(path, "an AMASS npz", mend) as file:
            betas = np.atleast_1d(file["betas"]).astype(np.float64).ravel()
            gender = file["gender"] if "gender" in file.files else "neutral"
            is_smplx = "surface_model_type" in file.files or "pose_jaw" in file.files or file["poses"].shape[-1] == 165
    except KeyError as error:
        raise BadInput(path, str(error.args[0]), "no such array", "an AMASS file", mend) from error
    if not np.isfinite(betas).all():
        raise BadInput(path, "betas", "NaN or infinity", "finite values", mend)
    value = np.asarray(gender).item()
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    sex = next((sex for sex in SEXES if text.strip().lower() in (sex, sex[0])), "neutral")
    padded = np.zeros(BETAS)
    padded[: len(betas[:BETAS])] = betas[:BETAS]
    return padded, sex, is_smplx


def _of_opensim(model: BodyModel, path: Path, density_kg_m3: float, log: Path) -> Shape:
    target, mass = isolated(opensim_measures, str(path.absolute()), timeout_seconds=300.0, log=log)
    require_measures(path, target)
    betas = fit_lengths(model, target, "neutral", density_kg_m3, mass_kg=mass)
    return Shape(betas, "neutral", "bone lengths and mass of the OpenSim model", mass)


def _of_markers(model: BodyModel, rows: list[ClipRow]) -> Shape:
    """Return the shape on which the markers of a subject's trials sit, static trials included."""
    from kinesynth.body.mocap.fit import dress, read_trial

    files = dict.fromkeys(file for row in rows for file in (row.static, row.path) if file is not None)
    trials = []
    for file in list(files)[:_MOST_TRIALS]:
        try:
            trials.append(read_trial(file, model))
        except BadInput as error:
            print(f"{error}; it does not tell the subject's shape", file=sys.stderr)  # noqa: T201
    if not trials:
        raise BadInput(rows[0].path or "", "markers", "no usable trial", "at least one", "see the messages above")
    return Shape(dress(model, trials).betas.numpy(), "neutral", "measured markers")


def fit_lengths(
    model: BodyModel, target: np.ndarray, sex: str, density_kg_m3: float, *, mass_kg: float | None = None
) -> np.ndarray:
    """Return the betas (10,) whose bone lengths, and mass, are nearest to those wanted.

    The most probable shape under the normal prior of the sex's betas, given lengths and a mass known within the spreads
    above: a regularised least-squares problem in ten unknowns.

    Args:
        model: the body.
        target: lengths (7,) m as `bone_lengths.LENGTHS`; NaN where unknown.
        sex: male, female or neutral.
        density_kg_m3: of the body.
        mass_kg: if unknown, an ordinary body mass index is asked for.
    """
    from scipy.optimize import least_squares

    mean, spread = _prior(model, sex)
    known = np.isfinite(target)

    def residuals(deviation: np.ndarray) -> np.ndarray:
        vertices = model.rest_vertices(mean + spread @ deviation)
        mass, squared = density_kg_m3 * volume(vertices, model.faces), height(vertices) ** 2
        excess = (mass / squared - _BMI) / _BMI_SPREAD if mass_kg is None else (mass - mass_kg) / _MASS_SPREAD_KG
        found = lengths(model.layer.J_regressor.numpy() @ vertices)
        return np.concatenate([deviation, ((found - target) / _LENGTH_SPREAD_M)[known], [excess]])

    return np.asarray(mean + spread @ least_squares(residuals, np.zeros(BETAS)).x)
