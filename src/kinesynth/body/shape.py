"""A subject's shape: where it comes from, what is usual in its sex, and the one nearest to lengths and a mass."""

from dataclasses import dataclass

import numpy as np

from kinesynth.body.bone_lengths import lengths
from kinesynth.body.model import BodyModel
from kinesynth.body.schema import BETAS
from kinesynth.geometry.mesh import volume

SEXES = ("male", "female")
_BMI, _BMI_SPREAD = 24.0, 3.0  # kg/m2: what a body of unknown mass is taken for
_MASS_SPREAD_KG = 5.0  # how far a mesh may be from a known mass
_LENGTH_SPREAD_M = np.array([0.005] * 4 + [0.020, 0.020, 0.010])
"""How well each of `LENGTHS` is known: limbs to 5 mm; widths and trunk less, since body models put the hip, shoulder
and neck centres in different places."""


@dataclass(frozen=True)
class Shape:
    """A subject's shape.

    Attributes:
        betas: (10,).
        sex: male, female or neutral.
        source: where they come from.
        mass_kg: if something better than the mesh's volume tells it.
        amass_size: of an AMASS file whose own betas are another model's, how large its body is against SMPL-X's mean
            one, by the length of the legs.
    """

    betas: np.ndarray
    sex: str
    source: str
    mass_kg: float | None = None
    amass_size: float | None = None


def height(vertices: np.ndarray) -> float:
    """Return the stature of a rest body (N, 3), m."""
    return float(np.ptp(vertices[:, 1]))


def prior(model: BodyModel, sex: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean (10,) of a sex's betas and a factor (10, 10) of their covariance."""
    if sex not in SEXES or model.sex_means is None or model.sex_covariances is None:
        return np.zeros(BETAS), np.eye(BETAS)
    which = SEXES.index(sex)
    return model.sex_means[which].astype(float), np.linalg.cholesky(model.sex_covariances[which].astype(float))


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

    mean, spread = prior(model, sex)
    known = np.isfinite(target)

    def residuals(deviation: np.ndarray) -> np.ndarray:
        vertices = model.rest_vertices(mean + spread @ deviation)
        mass, squared = density_kg_m3 * volume(vertices, model.faces), height(vertices) ** 2
        excess = (mass / squared - _BMI) / _BMI_SPREAD if mass_kg is None else (mass - mass_kg) / _MASS_SPREAD_KG
        found = lengths(model.layer.J_regressor.numpy() @ vertices)
        return np.concatenate([deviation, ((found - target) / _LENGTH_SPREAD_M)[known], [excess]])

    return np.asarray(mean + spread @ least_squares(residuals, np.zeros(BETAS)).x)
