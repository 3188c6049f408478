"""Fixtures shared by all tests."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest

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
