"""People: those who are drawn, and recordings of real ones."""

from collections.abc import Iterator

from tools.acceptance import drawn_people, measured_forces, measured_people
from tools.acceptance.metrics import Metric


def metrics() -> Iterator[Metric]:
    """Measure each in turn."""
    yield from drawn_people.metrics()
    yield from measured_people.metrics()
    yield from measured_forces.metrics()
