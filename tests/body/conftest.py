"""The free body, built once per checkout, and a stand-in for a licensed file."""

import fcntl
from pathlib import Path

import numpy as np
import pytest
from smplx_shaped import smplx_shaped_arrays

from kinesynth.body.build import build_body
from kinesynth.body.model import BodyModel, load_body

CACHE = Path(__file__).parents[2] / ".cache"


@pytest.fixture(scope="session")
def anny_cache() -> Path:
    return CACHE / "anny"


@pytest.fixture(scope="session")
def free_path(anny_cache: Path) -> Path:
    """The free body as `build_body` makes it by default; later sessions find it current."""
    path = CACHE / "body" / "model.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:  # parallel test workers share the folder
        fcntl.flock(lock, fcntl.LOCK_EX)
        build_body(output=path, cache=anny_cache)
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
