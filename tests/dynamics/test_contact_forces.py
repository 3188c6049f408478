"""How a load is shared between points of contact."""

import numpy as np

from kinesynth.dynamics.contact_forces import Load, share_load

WEIGHT = 700.0
FRICTION = 0.8
ROOT = list(range(6))
AHEAD = 0.3  # m, of the point that carries


def load(frames: int) -> Load:
    """Return a body of rigid legs that asks its weight, a little ahead of the first of two points."""
    effect = np.zeros((frames, 6, 2, 3))
    effect[:, :3] = np.eye(3)[:, None]
    effect[:, 5, 1, 1] = AHEAD  # the other point lies ahead
    demand = np.zeros((frames, 6))
    demand[:, 1], demand[:, 5] = WEIGHT, 0.1 * AHEAD * WEIGHT
    return Load(demand, effect, ROOT, WEIGHT)


def shared(other: float) -> np.ndarray:
    """Return the vertical forces (2,) where contact of the other point has this likelihood."""
    likelihood = np.tile([1.0, other], (3, 1))
    return np.asarray(share_load(load(3), likelihood, FRICTION, 100.0)[1, :, 1])


def test_a_load_is_carried_where_it_lies() -> None:
    np.testing.assert_allclose(shared(1.0), [0.9 * WEIGHT, 0.1 * WEIGHT], rtol=0.05)


def test_a_point_that_cannot_touch_carries_nothing() -> None:
    assert shared(0.0)[1] == 0.0


def test_a_little_more_likelihood_makes_a_little_more_force() -> None:
    """A foot about to land would otherwise carry at one frame rate and not at another."""
    likely = np.linspace(0.0, 0.1, 201)
    carried = np.array([shared(each)[1] for each in likely])
    assert carried[-1] > 0.05 * WEIGHT
    assert (np.diff(carried) >= -1e-6 * WEIGHT).all()
    assert np.diff(carried).max() < 0.05 * WEIGHT
