"""Fixtures of the motion tests."""

import json
from pathlib import Path

import numpy as np
import pytest

from kinesynth.body.model import load_body
from kinesynth.body.proportions import Proportions, proportions_of
from small_body import write_small_body


@pytest.fixture(scope="session")
def body(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small body in SMPL-X's schema."""
    return write_small_body(tmp_path_factory.mktemp("body") / "model.npz")


@pytest.fixture(scope="session")
def people(body: Path) -> list[Proportions]:
    """Three people of different size and build."""
    model = load_body(body)
    return [
        proportions_of(model, np.array([size, legs, *[0.0] * 8]))
        for size, legs in ((0.0, 0.0), (2.0, -1.0), (-2.5, 1.0))
    ]


@pytest.fixture
def subject(tmp_path: Path) -> Path:
    """A subject of the mean shape."""
    path = tmp_path / "s01.json"
    record = {"subject": "s01", "sex": "female", "betas": [0.0] * 10, "height_m": 1.7, "mass_kg": 65.0}
    told = {"height_error_m": 0.0, "mass_error_kg": 0.0, "split": "train", "shape_source": "drawn"}
    path.write_text(json.dumps(record | told))
    return path
