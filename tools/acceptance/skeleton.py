"""The skeleton topic: every figure that the skeleton's issue asks for."""

from collections.abc import Iterator

from tools.acceptance import fitting
from tools.acceptance.figures import Figure


def figures() -> Iterator[Figure]:
    """Measure each part in turn."""
    yield from fitting.figures()
