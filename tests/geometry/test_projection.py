import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinesynth.geometry.projection import distort, project, undistort

PHONE = np.array([0.06, -0.03, 0.0015, -0.001, 0.008])
BARREL = np.array([-0.22, 0.04, 0.0, 0.0, 0.0])
K = np.array([[300.0, 0, 127.5], [0, 310.0, 95.5], [0, 0, 1]])
GRID = np.stack(np.meshgrid(np.linspace(-0.9, 0.9, 31), np.linspace(-0.6, 0.6, 21)), axis=-1)
coefficients = st.tuples(*[st.floats(-size, size) for size in (0.1, 0.03, 0.003, 0.003, 0.01)])


def test_distortion_agrees_with_its_textbook_formula() -> None:
    x, y = 0.3, -0.5
    k1, k2, p1, p2, k3 = PHONE
    r2 = x * x + y * y
    radial = 1 + k1 * r2 + k2 * r2**2 + k3 * r2**3
    expected = [
        x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
        y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y,
    ]
    np.testing.assert_allclose(distort(np.array([x, y]), PHONE), expected, rtol=1e-14)


@given(coefficients)
def test_undistortion_inverts_distortion(lens: tuple[float, ...]) -> None:
    np.testing.assert_allclose(undistort(distort(GRID, np.array(lens)), np.array(lens)), GRID, atol=1e-10)


def test_no_lens_changes_nothing() -> None:
    points = np.random.default_rng(0).uniform([-1, -1, 3], [1, 1, 5], (50, 3))
    pinhole, depth = project(points, K, np.eye(4))
    same, _ = project(points, K, np.eye(4), np.zeros(5))
    np.testing.assert_array_equal(pinhole, same)
    np.testing.assert_allclose(pinhole, points[:, :2] / depth[:, None] * [300, 310] + [127.5, 95.5])
    bent, _ = project(points, K, np.eye(4), PHONE)
    np.testing.assert_allclose(bent, distort(points[:, :2] / depth[:, None], PHONE) * [300, 310] + [127.5, 95.5])


def test_what_is_far_outside_is_never_shown_inside() -> None:
    """A barrel's polynomial turns back: at a radius of 3 it would be near the middle again."""
    radius = np.linspace(0.01, 20, 4000)
    shown = np.linalg.norm(distort(np.stack([radius, 0.3 * radius], axis=1), BARREL), axis=1)
    assert (np.diff(shown) > -1e-9).all()
    assert shown[-1] > 15


def test_a_lens_that_cannot_be_inverted_says_so() -> None:
    with pytest.raises(ValueError, match="cannot be inverted"):
        undistort(GRID * 40, np.array([8.0, 0, 0, 0, 0]))


def test_points_beside_the_camera_have_no_pixel() -> None:
    pixels, depth = project(np.array([[1.0, 0.0, 0.0]]), K, np.eye(4), PHONE)
    assert depth[0] == 0
    assert np.isnan(pixels).all()
