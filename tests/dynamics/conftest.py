from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def skeleton(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The generic skeleton."""
    pytest.importorskip("opensim")
    from kinesynth.skeleton.builder import build_skeleton

    folder = tmp_path_factory.mktemp("skeleton")
    build_skeleton(output=folder / "generic.osim", log=folder / "log")
    return folder / "generic.osim"
