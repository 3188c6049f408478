"""Fixtures shared by all tests: reference data, a file of motion, the free body and a stand-in
for a licensed one, the generic skeleton."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import numpy as np
import pytest

from smplx_shaped import smplx_shaped_arrays

if TYPE_CHECKING:
    from kinesynth.body.model import BodyModel

# `make test` gives the same verdict twice; `pytest --hypothesis-profile=free` draws other examples each time.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None)
hypothesis.settings.register_profile("free", derandomize=False, deadline=None)
hypothesis.settings.load_profile("steady")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real trials and published models, which is not part of the repository."""
    folder = Path(os.environ.get("KINESYNTH_SHARED", Path(__file__).parents[2] / "shared"))
    if not folder.is_dir():
        pytest.skip(f"reference data not found at {folder}; set KINESYNTH_SHARED to its folder")
    return folder


@pytest.fixture
def amass(tmp_path: Path) -> Callable[..., Path]:
    """Write a synthetic AMASS file of a standing body; keywords add, replace or (None) remove keys."""

    def write(name: str = "motion.npz", model: str = "smplh", frames: int = 60, **changes: Any) -> Path:
        width = {"smplh": 156, "smplx": 165}[model]
        rng = np.random.default_rng(5)
        poses = np.zeros((frames, width))
        poses[:, 0] = np.pi / 2  # upright in the z-up world
        poses[:, 3:66] = 0.05 * np.sin(np.arange(frames)[:, None] / 20 + rng.uniform(0, 6, 63))
        keys: dict[str, Any] = {
            "poses": poses,
            "trans": np.tile([0.3, -0.2, 1.0], (frames, 1)) + 0.001 * np.arange(frames)[:, None],
            "betas": np.zeros(16),
            "gender": "male",
            "mocap_framerate": 120.0,
        }
        keys.update(changes)
        path: Path = tmp_path / name
        np.savez(path, **{key: value for key, value in keys.items() if value is not None})
        return path

    return write


@pytest.fixture(scope="session")
def free_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The free body as `build_body` makes it by default; it is built once per checkout."""
    from kinesynth.body.free.build import build_body

    path = tmp_path_factory.mktemp("body") / "model.npz"
    build_body(output=path)
    return path


@pytest.fixture(scope="session")
def free(free_path: Path) -> "BodyModel":
    from kinesynth.body.model import load_body

    return load_body(free_path)


@pytest.fixture(scope="session")
def skeleton(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The generic skeleton, an OpenSim model."""
    pytest.importorskip("opensim")
    from kinesynth.skeleton.builder import build_skeleton

    path = tmp_path_factory.mktemp("skeleton") / "generic.osim"
    build_skeleton(output=path, log=path.with_suffix(".log"))
    assert path.with_suffix(".log").read_text() == "", "OpenSim complained while the model was built"
    return path


@pytest.fixture
def licensed_arrays() -> dict[str, np.ndarray]:
    return smplx_shaped_arrays()


@pytest.fixture
def licensed_path(tmp_path: Path, licensed_arrays: dict[str, np.ndarray]) -> Path:
    path = tmp_path / "SMPLX_NEUTRAL.npz"
    np.savez(path, **licensed_arrays)
    return path
