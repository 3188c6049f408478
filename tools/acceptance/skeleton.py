"""The skeleton: the model, its counterpart, and meshes that sit on it."""

from collections.abc import Iterator

from tools.acceptance import fitting, kinematics, model
from tools.acceptance.metrics import Metric


def metrics() -> Iterator[Metric]:
    """Measure each part in turn."""
    yield from model.metrics()
    yield from kinematics.metrics()
    yield from fitting.metrics()
