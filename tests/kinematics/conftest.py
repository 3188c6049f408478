from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def skeleton(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The generic skeleton."""
    pytest.importorskip("opensim")
    from kinesynth.skeleton.builder import build_skeleton

    path = tmp_path_factory.mktemp("skeleton") / "generic.osim"
    build_skeleton(output=path, log=path.with_suffix(".log"))
    return path
