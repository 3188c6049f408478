"""Rotations between directions."""

import numpy as np
import pytest

from kinesynth.geometry.rotations import shortest_arc


def test_shortest_arc_turns_about_the_common_normal() -> None:
    start, end = np.random.default_rng(3).normal(size=(2, 20, 3))
    rotation = shortest_arc(start, end)
    turned = rotation.apply(start / np.linalg.norm(start, axis=1, keepdims=True))
    np.testing.assert_allclose(turned, end / np.linalg.norm(end, axis=1, keepdims=True), atol=1e-12)
    normal = np.cross(start, end)
    np.testing.assert_allclose(rotation.apply(normal), normal, atol=1e-12)


@pytest.mark.parametrize("factor", [3.0, -3.0])
def test_parallel_directions_give_the_identity(factor: float) -> None:
    direction = np.array([0.2, -0.5, 1.0])
    np.testing.assert_allclose(shortest_arc(direction, factor * direction).as_matrix(), np.eye(3), atol=1e-12)
