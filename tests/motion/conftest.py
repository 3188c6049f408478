"""Fixtures of the motion tests."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_body import write_small_body

from kinesynth.body.model import load_body
from kinesynth.motion.figure import Figure, figure_of


@pytest.fixture(scope="session")
def body(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small body in SMPL-X's schema."""
    return write_small_body(tmp_path_factory.mktemp("body") / "model.npz")


@pytest.fixture(scope="session")
def figures(body: Path) -> list[Figure]:
    """Three people of different size and build."""
    model = load_body(body)
    return [
        figure_of(model, np.array([size, legs, *[0.0] * 8])) for size, legs in ((0.0, 0.0), (2.0, -1.0), (-2.5, 1.0))
    ]


@pytest.fixture
def subject(tmp_path: Path) -> Path:
    """A subject of the mean shape."""
    path = tmp_path / "s01.json"
    record = {"subject": "s01", "sex": "female", "betas": [0.0] * 10, "height_m": 1.7, "mass_kg": 65.0}
    path.write_text(json.dumps({**record, "split": "train", "shape_source": "drawn"}))
    return path


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
