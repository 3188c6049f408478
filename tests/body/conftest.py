"""The free body, built once per checkout, and a stand-in for a licensed file."""

from pathlib import Path

import numpy as np
import pytest
from smplx_shaped import smplx_shaped_arrays

from kinesynth.body.build import build_body
from kinesynth.body.model import BodyModel, load_body


@pytest.fixture(scope="session")
def free_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The free body as `build_body` makes it by default."""
    path = tmp_path_factory.mktemp("body") / "model.npz"
    build_body(output=path)
    return path


@pytest.fixture(scope="session")
def free(free_path: Path) -> BodyModel:
    return load_body(free_path)


@pytest.fixture
def licensed_arrays() -> dict[str, np.ndarray]:
    return smplx_shaped_arrays()


@pytest.fixture
def licensed_path(tmp_path: Path, licensed_arrays: dict[str, np.ndarray]) -> Path:
    path = tmp_path / "SMPLX_NEUTRAL.npz"
    np.savez(path, **licensed_arrays)
    return path
