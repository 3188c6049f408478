"""A subject's shape and what is stated of the subject: brought together, and how well both are known."""

from dataclasses import replace

import numpy as np

from kinesynth.body.bone_lengths import leg_length, lengths
from kinesynth.body.model import BodyModel
from kinesynth.body.schema import BETAS
from kinesynth.errors import ClipRejected
from kinesynth.geometry.mesh import volume
from kinesynth.notes import tell
from kinesynth.stated import BMI_BOUNDS, NOTHING, Stated
from kinesynth.subjects.amass_size import mean_joints
from kinesynth.subjects.shape import BMI, BMI_SPREAD, LENGTH_SPREAD_M, Shape, fit_lengths, height, prior

_STATED_SPREAD_KG = 1.0  # how far a mesh may be from a stated mass
_DENSITY_SPREAD = 0.02  # of the density: ten percent of body fat more or less, at 900 against 1100 kg/m3 (Siri 1961)
_HEIGHT_SPREAD_M = 0.03  # of what bones do not tell: shoes, and heads without markers
_MAX_APART = 0.07  # of the height; as much as `verify` allows between a stature and what the skeleton suggests
_MAX_ERRORS = 3.0  # of an estimate that a stated height may be away
_STEP = 1e-3  # standard deviations, for derivatives


def likely_betas(model: BodyModel, stated: Stated, density_kg_m3: float) -> np.ndarray | None:
    """Return the most probable betas (10,) of a person by what is stated alone; None where nothing is."""
    if not stated:
        return None
    nothing = np.full(len(LENGTH_SPREAD_M), np.nan)
    return fit_lengths(
        model, nothing, stated.sex or "neutral", density_kg_m3, mass_kg=stated.mass, height_m=stated.height
    )


def with_file_mass(model: BodyModel, subject: str, shape: Shape, stated: Stated, density_kg_m3: float) -> Stated:
    """Return what is stated, and the mass that the recordings' files state where nothing else does.

    It is not taken, and a note says so, where it is farther from the estimate than that may err: a file in pounds, or
    one that has kept another subject's.
    """
    if shape.file_mass_kg is None or stated.mass is not None:
        return stated
    found = density_kg_m3 * volume(model.rest_vertices(shape.betas), model.faces)
    error, _ = errors_of(model, shape, NOTHING, density_kg_m3)
    if abs(shape.file_mass_kg - found) > _MAX_ERRORS * error:
        note = (
            f"the mass of {shape.file_mass_kg:g} kg that the files state is not taken: by {shape.source} {found:.0f} kg"
        )
        tell(subject, [note])
        return stated
    tell(subject, [f"mass {shape.file_mass_kg:g} kg, as the files state it (by {shape.source} {found:.1f} kg)"])
    return replace(stated, mass=shape.file_mass_kg)


def with_stated(model: BodyModel, shape: Shape, stated: Stated, density_kg_m3: float) -> Shape:
    """Return the nearest shape that has the height and the mass stated, bone lengths held as firmly as they are known.

    Betas that are taken as they are stay so: then the mass alone is the stated one.
    """
    sex, mass = stated.sex or shape.sex, stated.mass or shape.mass_kg
    shape = replace(shape, sex=sex, mass_kg=mass)
    only_sex = stated.mass is None and stated.height is None
    if not stated or shape.basis == "betas" or (only_sex and shape.basis != "lengths"):
        return shape
    target = lengths(model.rest_joints(shape.betas))
    target[~np.isfinite(shape.length_spread_m)] = np.nan
    if shape.basis == "drawn" and stated.height is not None and mass is None:
        vertices = model.rest_vertices(shape.betas)
        mass = density_kg_m3 * volume(vertices, model.faces) / height(vertices) ** 2 * stated.height**2
    betas = fit_lengths(
        model,
        target,
        sex,
        density_kg_m3,
        mass_kg=mass,
        mass_spread_kg=_STATED_SPREAD_KG,
        height_m=stated.height,
        spread_m=shape.length_spread_m,
        centre=None if shape.basis == "lengths" else shape.betas,
    )
    size = None if shape.amass_size is None else leg_length(model.rest_joints(betas)) / leg_length(mean_joints())
    return replace(shape, betas=betas, amass_size=size)


def require_consistent(model: BodyModel, shape: Shape, stated: Stated, density_kg_m3: float) -> None:
    """Require that a stated height and mass can be those of the person whom a file shows.

    Args:
        model: the body.
        shape: what the file tells, before anything stated is brought in.
        stated: of the same person.
        density_kg_m3: of the body.

    Raises:
        ClipRejected: they cannot.
    """
    if shape.basis == "drawn":
        return
    found = height(model.rest_vertices(shape.betas))
    tall = stated.height or found
    _, error = errors_of(model, shape, NOTHING, density_kg_m3)
    if abs(tall - found) > max(_MAX_APART * found, _MAX_ERRORS * error):
        detail = f"height {tall:g} m stated, {found:.2f} m by {shape.source}; correct the column height or the unit"
        raise ClipRejected("a stated height that the recording contradicts", tall, detail)
    low, high = BMI_BOUNDS
    if stated.mass is not None and not low <= stated.mass / tall**2 <= high:
        detail = f"mass {stated.mass:g} kg stated of a person of {tall:.2f} m; correct the column mass"
        raise ClipRejected("a stated mass that nobody of this height has", stated.mass, detail)


def errors_of(model: BodyModel, shape: Shape, stated: Stated, density_kg_m3: float) -> tuple[float, float]:
    """Return the standard deviations of a subject's mass (kg) and height (m), 0 for what is stated or drawn.

    They are those that the prior of the sex's betas leaves, given lengths as well known as they are and an ordinary
    body mass index; to the mass comes that of the body's density, to the height that of shoes and heads.
    """
    if shape.basis == "drawn":
        return 0.0, 0.0
    _, spread = prior(model, shape.sex)

    def measured(deviation: np.ndarray) -> np.ndarray:
        vertices = model.rest_vertices(shape.betas + spread @ deviation)
        found = lengths(model.layer.J_regressor.numpy() @ vertices)
        mass, tall = density_kg_m3 * volume(vertices, model.faces), height(vertices)
        return np.concatenate([[mass, tall], found / shape.length_spread_m, [(mass / tall**2 - BMI) / BMI_SPREAD]])

    at = measured(np.zeros(BETAS))
    slopes = np.stack([(measured(step) - at) / _STEP for step in _STEP * np.eye(BETAS)], axis=1)
    left = np.linalg.inv(np.eye(BETAS) + slopes[2:].T @ slopes[2:])
    mass, tall = np.sqrt(np.einsum("ij,jk,ik->i", slopes[:2], left, slopes[:2]))
    tall = float(np.hypot(tall, _HEIGHT_SPREAD_M))
    own_mass = stated.mass is not None or shape.mass_kg is not None
    mass_error = 0.0 if own_mass else float(np.hypot(mass, _DENSITY_SPREAD * at[0]))
    return mass_error, 0.0 if stated.height is not None else tall
