"""People sampled from a body model's own prior."""

import numpy as np

from kinesynth.body.measurements import Tape
from kinesynth.body.model import BodyModel
from kinesynth.body.schema import BETAS
from kinesynth.errors import BadInput
from kinesynth.geometry.mesh import volume
from kinesynth.seeds import generator
from kinesynth.subjects.shape import SEXES, Shape, height, prior

_MAX_DEVIATIONS = 2.0  # a drawn shape stays within two standard deviations of its sex's mean in every component
_DRAWN_BMI = (18.5, 32.0)  # kg/m2: neither underweight nor beyond the first degree of obesity (WHO)
_MAX_DRAWS = 200


def sample_shape(
    model: BodyModel,
    subject: str,
    seed: int,
    density_kg_m3: float,
    tape: Tape | None = None,
    sex: str | None = None,
) -> Shape:
    """Draw a subject's sex and betas, again and again until the person is an ordinary one.

    Ordinary is a body mass index between the bounds above, and a size that the skeleton can be scaled to. `tape`
    measures people on `model`; who draws many hands it in, for it takes a quarter of a second to make.

    Raises:
        BadInput: the body model has no such bodies.
    """
    random = generator(seed, subject, "body")
    drawn_sex = SEXES[int(random.integers(len(SEXES)))]
    sex = sex or drawn_sex
    mean, spread = prior(model, sex)
    tape = tape or Tape(model)
    for _ in range(_MAX_DRAWS):
        deviation = np.clip(random.standard_normal(BETAS), -_MAX_DEVIATIONS, _MAX_DEVIATIONS)
        betas = mean + spread @ deviation
        vertices = model.rest_vertices(betas)
        bmi = density_kg_m3 * volume(vertices, model.faces) / height(vertices) ** 2
        if _DRAWN_BMI[0] <= bmi <= _DRAWN_BMI[1] and tape.misfit(betas) is None:
            return Shape(betas, sex, "drawn", basis="drawn")
    low, high = _DRAWN_BMI
    expected = f"{low:g} to {high:g} kg/m² and a plausible size among {_MAX_DRAWS} draws"
    raise BadInput(
        model.path, "shapedirs", f"{bmi:.3g} kg/m²", expected, "use a body in metres with unit-variance betas"
    )
