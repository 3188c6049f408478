from pathlib import Path

import pytest
from ellipsoid_body import schema

from kinesynth.body.identity import FREE
from kinesynth.npz import write_npz


@pytest.fixture(scope="session")
def body_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The body of ellipsoids as an SMPL-X file."""
    path = tmp_path_factory.mktemp("body") / "ellipsoids.npz"
    write_npz(path, schema() | FREE.arrays())
    return path
