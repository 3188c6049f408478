from pathlib import Path

import numpy as np
import pytest

from kinesynth.dynamics.muscle_paths import MusclePaths, exponents, fit_paths
from kinesynth.errors import BadInput

RANGES = np.array([[-0.5, 2.0], [-1.0, 1.0], [-2.0, 0.0]])
CROSSED = np.array([[True, True, False], [False, True, True], [False, True, False], [False, False, False]])


def lengths_and_gradients(angles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Polynomials of degree 3, and a muscle that crosses nothing."""
    a, b, c = angles.T
    lengths = np.stack([0.3 - 0.04 * a + 0.01 * a**2 * b, 0.2 + 0.03 * b * c, 0.1 - 0.05 * b**3, 0 * a + 0.4], axis=1)
    gradients = np.zeros((len(a), 4, 3))
    gradients[:, 0, 0], gradients[:, 0, 1] = -0.04 + 0.02 * a * b, 0.01 * a**2
    gradients[:, 1, 1], gradients[:, 1, 2] = 0.03 * c, 0.03 * b
    gradients[:, 2, 1] = -0.15 * b**2
    return lengths, gradients


def angles(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(RANGES[:, 0], RANGES[:, 1], size=(count, 3))


@pytest.fixture(scope="module")
def paths() -> MusclePaths:
    poses = angles(60, 0)
    return fit_paths(["a", "b", "c", "d"], ["x", "y", "z"], CROSSED, RANGES, 3, (poses, *lengths_and_gradients(poses)))


def test_a_polynomial_is_found_again(paths: MusclePaths) -> None:
    poses = angles(10, 1)
    for found, expected in zip(paths.evaluate(poses), lengths_and_gradients(poses), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-12)


def test_beyond_its_range_a_path_stays_at_the_bound(paths: MusclePaths) -> None:
    outside, bound = np.array([[9.0, 0.5, -1.0]]), np.array([[2.0, 0.5, -1.0]])
    np.testing.assert_allclose(paths.evaluate(outside)[0], paths.evaluate(bound)[0])


def test_survives_its_file(paths: MusclePaths, tmp_path: Path) -> None:
    paths.save(tmp_path / "paths.npz")
    again = MusclePaths.load(tmp_path / "paths.npz")
    assert (again.muscle_names, again.coordinate_names) == (paths.muscle_names, paths.coordinate_names)
    np.testing.assert_array_equal(again.evaluate(angles(5, 2))[1], paths.evaluate(angles(5, 2))[1])
    (tmp_path / "broken.npz").write_bytes(b"no archive")
    with pytest.raises(BadInput, match="run fit-muscle-paths again"):
        MusclePaths.load(tmp_path / "broken.npz")


@pytest.mark.parametrize(("variables", "degree", "count"), [(0, 5, 1), (1, 5, 6), (3, 5, 56), (4, 6, 210)])
def test_counts_of_monomials(variables: int, degree: int, count: int) -> None:
    powers = exponents(variables, degree)
    assert powers.shape == (count, variables)
    assert len(np.unique(powers, axis=0)) == count
    assert powers.sum(axis=1).max(initial=0) == (degree if variables else 0)
