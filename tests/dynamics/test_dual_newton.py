import daqp
import numpy as np
import pytest

from kinesynth.dynamics.dual_newton import ALMOST_NONE, share_moments


def problem(seed: int, frames: int = 20, joints: int = 6, muscles: int = 25) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    capacity = rng.normal(scale=40.0, size=(frames, joints, muscles)) * (rng.random((joints, muscles)) < 0.4)
    return capacity, rng.normal(scale=60.0, size=(frames, joints))


BOUNDS = np.tile([0.01, 1.0], (25, 1))


@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_an_active_set_solver(seed: int) -> None:
    capacity, moments = problem(seed)
    reserve = np.array([1.0, 1.0, 1.0, 1.0, 5.0, 1000.0])
    found = share_moments(capacity, moments, BOUNDS, reserve)
    for frame in range(len(moments)):
        rows = np.hstack([capacity[frame], np.diag(reserve)])
        upper = np.concatenate([BOUNDS[:, 1], np.full(6, 1e30), moments[frame]])
        lower = np.concatenate([BOUNDS[:, 0], np.full(6, -1e30), moments[frame]])
        kinds = np.zeros(len(upper), dtype=np.int32)
        kinds[-6:] = 5  # equalities
        exact, _, flag, _ = daqp.solve(2.0 * np.eye(31), np.zeros(31), rows, upper, lower, kinds)
        assert flag == 1
        np.testing.assert_allclose(found.activations[frame], exact[:25], atol=1e-7)
        np.testing.assert_allclose(found.reserves[frame], reserve * exact[25:], atol=1e-4)


@pytest.mark.parametrize("exponent", [2.0, 3.0, 4.5])
@pytest.mark.parametrize("lower", [0.0, 0.01])
def test_other_exponents_meet_the_optimality_conditions(exponent: float, lower: float) -> None:
    """Where no bound holds, a muscle's cost rises as the moments that it gives are worth; else it is at its bound."""
    capacity, moments = problem(5)
    bounds = np.tile([lower, 1.0], (25, 1))
    found = share_moments(capacity, moments, bounds, np.full(6, 2.0), exponent)
    supplied = (capacity @ found.activations[..., None])[..., 0] + found.reserves
    np.testing.assert_allclose(supplied, moments, atol=1e-5)
    worth = np.einsum("tj,tja->ta", 2.0 * found.reserves / 2.0**2, capacity)
    slope = exponent * found.activations ** (exponent - 1.0)
    lower = max(lower, ALMOST_NONE) if exponent > 2.0 else lower
    at_lower, at_upper = found.activations <= lower + 1e-12, found.activations >= 1.0 - 1e-12
    inside = ~at_lower & ~at_upper
    assert inside.any()
    np.testing.assert_allclose(slope[inside], worth[inside], atol=1e-6)
    assert (worth[at_lower] <= slope[at_lower] + 1e-6).all()
    assert (worth[at_upper] >= slope[at_upper] - 1e-6).all()


def test_moments_balance_and_bounds_hold() -> None:
    capacity, moments = problem(7)
    found = share_moments(capacity, 30.0 * moments, BOUNDS, np.ones(6))  # far more than the muscles can give
    supplied = (capacity @ found.activations[..., None])[..., 0] + found.reserves
    np.testing.assert_allclose(supplied, 30.0 * moments, atol=1e-5)
    np.testing.assert_allclose(found.imbalance, 0.0, atol=1e-5)
    assert found.activations.min() >= 0.01
    assert found.activations.max() <= 1.0


def test_no_frames_and_no_load() -> None:
    capacity, _ = problem(0)
    assert share_moments(capacity[:0], np.zeros((0, 6)), BOUNDS, np.ones(6)).activations.shape == (0, 25)
    still = share_moments(0.0 * capacity, np.zeros((20, 6)), BOUNDS, np.ones(6))
    np.testing.assert_allclose(still.activations, 0.01)
