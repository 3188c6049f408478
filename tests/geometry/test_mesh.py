"""Rays, nearest points and volumes on a cube, where all of them are known."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from kinesynth.geometry.mesh import nearest_point, ray_hit, volume

CORNERS = np.array([[x, y, z] for x in (0.0, 1.0) for y in (0.0, 1.0) for z in (0.0, 1.0)])
CUBE = np.array([
    [0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1],
    [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3],
])  # fmt: skip


def point_of(hit: tuple[int, np.ndarray]) -> np.ndarray:
    return hit[1] @ CORNERS[CUBE[hit[0]]]


def test_volume_does_not_depend_on_place() -> None:
    turned = Rotation.from_rotvec([0.3, -0.8, 1.1]).apply(2.0 * CORNERS) + np.array([5.0, -3.0, 2.0])
    assert volume(turned, CUBE) == pytest.approx(8.0)


def test_rays_leave_through_the_skin() -> None:
    inside = np.array([0.3, 0.6, 0.4])
    hit = ray_hit(CORNERS, CUBE, inside, np.array([0.0, 0.0, 2.0]))
    assert hit is not None
    np.testing.assert_allclose(point_of(hit), [0.3, 0.6, 1.0])
    far = ray_hit(CORNERS, CUBE, np.array([0.3, 0.6, -1.0]), np.array([0.0, 0.0, 1.0]), last=True)
    assert far is not None
    np.testing.assert_allclose(point_of(far), [0.3, 0.6, 1.0])
    assert ray_hit(CORNERS, CUBE, np.array([0.5, 0.5, 2.0]), np.array([0.0, 0.0, 1.0])) is None


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ([0.2, 0.7, 1.4], [0.2, 0.7, 1.0]),  # above a face
        ([1.5, 0.4, 1.5], [1.0, 0.4, 1.0]),  # beyond an edge
        ([-1.0, -1.0, -1.0], [0.0, 0.0, 0.0]),  # beyond a corner
        ([0.5, 0.9, 0.5], [0.5, 1.0, 0.5]),  # inside
    ],
)
def test_nearest_point(point: list[float], expected: list[float]) -> None:
    face, weights = nearest_point(CORNERS, CUBE, np.array(point))
    np.testing.assert_allclose(weights @ CORNERS[CUBE[face]], expected, atol=1e-9)
    assert weights.min() >= 0.0
    assert weights.sum() == pytest.approx(1.0)
