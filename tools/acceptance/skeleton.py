"""The skeleton: the model, its twin, and meshes that sit on it."""

from collections.abc import Iterator

from tools.acceptance import fitting, kinematics, model
from tools.acceptance.figures import Figure


def figures() -> Iterator[Figure]:
    """Measure each part in turn."""
    yield from model.figures()
    yield from kinematics.figures()
    yield from fitting.figures()
