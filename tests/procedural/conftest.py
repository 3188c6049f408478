"""People of a small body, for whom motions are made."""

import numpy as np
import pytest

from kinesynth.body.model import load_body
from kinesynth.body.proportions import Proportions, proportions_of
from small_body import write_small_body


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> list[Proportions]:
    """Three people of different size and build."""
    model = load_body(write_small_body(tmp_path_factory.mktemp("body") / "model.npz"))
    return [
        proportions_of(model, np.array([size, legs, *[0.0] * 8]))
        for size, legs in ((0.0, 0.0), (2.0, -1.0), (-2.5, 1.0))
    ]
