"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real trials and published models, which is not part of the repository."""
    folder = Path(os.environ.get("KINESYNTH_SHARED", Path(__file__).parents[2] / "shared"))
    if not folder.is_dir():
        pytest.skip(f"reference data not found at {folder}; set KINESYNTH_SHARED to its folder")
    return folder
