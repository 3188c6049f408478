"""The generic skeleton as a file and as a definition."""

from pathlib import Path

import pytest

from kinesynth.skeleton.definition import SkeletonDefinition


@pytest.fixture(scope="session")
def generic_osim(skeleton: Path) -> Path:
    return skeleton


@pytest.fixture(scope="session")
def definition(generic_osim: Path) -> SkeletonDefinition:
    return SkeletonDefinition.from_osim(generic_osim)
