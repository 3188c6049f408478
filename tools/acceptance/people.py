"""People: those who are drawn, and recordings of real ones."""

from collections.abc import Iterator

from tools.acceptance import drawn_people, measured_forces, measured_people
from tools.acceptance.figures import Figure


def figures() -> Iterator[Figure]:
    """Measure each in turn."""
    yield from drawn_people.figures()
    yield from measured_people.figures()
    yield from measured_forces.figures()
