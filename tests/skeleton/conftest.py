"""The generic skeleton, built once for all tests here."""

from pathlib import Path

import pytest

from kinesynth.skeleton.builder import build_skeleton
from kinesynth.skeleton.definition import SkeletonDefinition


@pytest.fixture(scope="session")
def generic_osim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("skeleton")
    build_skeleton(output=folder / "generic.osim", log=folder / "build.log")
    assert (folder / "build.log").read_text() == "", "OpenSim complained while the model was built"
    return folder / "generic.osim"


@pytest.fixture(scope="session")
def definition(generic_osim: Path) -> SkeletonDefinition:
    return SkeletonDefinition.from_osim(generic_osim)
