"""A subject's shape: where it comes from, what is usual in its sex, and the one nearest to lengths and a mass."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from kinesynth.body.bone_lengths import lengths
from kinesynth.body.model import BodyModel
from kinesynth.body.schema import BETAS
from kinesynth.geometry.mesh import volume
from kinesynth.subject_record import TibialTorsion

SEXES = ("male", "female")
BMI, BMI_SPREAD = 24.0, 3.0  # kg/m2: what a body of unknown mass is taken for
_MASS_SPREAD_KG = 5.0  # how far a mesh may be from a known mass
_HEIGHT_SPREAD_M = 0.005  # and from a known height
LENGTH_SPREAD_M = np.array([0.005] * 4 + [0.020, 0.020, 0.010])
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
        amass_collar: (3,) rad, how the left collar is turned in AMASS files where the arms hang, if they tell.
        tibial_torsion: of the shins, if the recordings tell.
        basis: what tells it: nothing (drawn), the file's betas as they are, bone lengths, or markers on the skin.
        length_spread_m: (7,) how well each of `LENGTHS` is known, infinite where it is not.
        file_mass_kg: that the recordings' files state.
        worn: of measured markers, what `kinesynth.subjects.worn` says of them.
    """

    betas: np.ndarray
    sex: str
    source: str
    mass_kg: float | None = None
    amass_size: float | None = None
    amass_collar: tuple[float, ...] | None = None
    tibial_torsion: TibialTorsion | None = None
    basis: Literal["drawn", "betas", "lengths", "skin"] = "lengths"
    length_spread_m: np.ndarray = field(default_factory=LENGTH_SPREAD_M.copy)
    file_mass_kg: float | None = None
    worn: Mapping[str, Any] | None = None


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
    model: BodyModel,
    target: np.ndarray,
    sex: str,
    density_kg_m3: float,
    *,
    mass_kg: float | None = None,
    mass_spread_kg: float = _MASS_SPREAD_KG,
    height_m: float | None = None,
    spread_m: np.ndarray = LENGTH_SPREAD_M,
    centre: np.ndarray | None = None,
) -> np.ndarray:
    """Return the betas (10,) whose bone lengths, mass and height are nearest to those wanted.

    The most probable shape under the normal prior of the sex's betas, given lengths and a mass known within spreads:
    a regularised least-squares problem in ten unknowns.

    Args:
        model: the body.
        target: lengths (7,) m as `bone_lengths.LENGTHS`; NaN where unknown.
        sex: male, female or neutral.
        density_kg_m3: of the body.
        mass_kg: if unknown, an ordinary body mass index is asked for.
        mass_spread_kg: how well it is known.
        height_m: if known, to 5 mm.
        spread_m: (7,) how well each length is known.
        centre: (10,) the most probable shape, if not the mean of the sex.
    """
    from scipy.optimize import least_squares

    mean, spread = prior(model, sex)
    mean = mean if centre is None else centre
    known = np.isfinite(target)

    def residuals(deviation: np.ndarray) -> np.ndarray:
        vertices = model.rest_vertices(mean + spread @ deviation)
        mass, tall = density_kg_m3 * volume(vertices, model.faces), height(vertices)
        excess = (mass / tall**2 - BMI) / BMI_SPREAD if mass_kg is None else (mass - mass_kg) / mass_spread_kg
        found = lengths(model.layer.J_regressor.numpy() @ vertices)
        stature = [] if height_m is None else [(tall - height_m) / _HEIGHT_SPREAD_M]
        return np.concatenate([deviation, ((found - target) / spread_m)[known], [excess], stature])

    return np.asarray(mean + spread @ least_squares(residuals, np.zeros(BETAS)).x)
