"""A small body, loaded as any other."""

from pathlib import Path
from typing import Any

import pytest
from ball_body import synthetic_body

from kinesynth.body.model import BodyModel, load_body
from kinesynth.npz import write_npz


@pytest.fixture(scope="session")
def body_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("body") / "body.npz"
    write_npz(path, synthetic_body())
    return path


@pytest.fixture(scope="session")
def body(body_path: Path) -> BodyModel:
    return load_body(body_path)


@pytest.fixture(scope="session")
def layer(body: BodyModel) -> Any:
    return body.layer
