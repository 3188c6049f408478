"""The rigid motion that lays points on others."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from kinesynth.geometry.rigid_fit import rigid_fit

RNG = np.random.default_rng(7)
POINTS = RNG.normal(size=(6, 3))


def test_a_rigid_motion_is_found_again_through_gaps() -> None:
    turn, shift = Rotation.random(9, rng=RNG).as_matrix(), RNG.normal(size=(9, 3))
    targets = np.einsum("tij,pj->tpi", turn, POINTS) + shift[:, None]
    known = np.ones((9, 6), bool)
    known[::2, 1] = False
    targets[~known] = np.nan
    rotation, translation = rigid_fit(POINTS, targets, known)
    np.testing.assert_allclose(rotation, turn, atol=1e-12)
    np.testing.assert_allclose(translation, shift, atol=1e-12)


def test_a_mirror_image_is_met_by_a_rotation() -> None:
    rotation, _ = rigid_fit(POINTS, (POINTS * [1.0, 1.0, -1.0])[None], np.ones((1, 6), bool))
    assert np.linalg.det(rotation[0]) == pytest.approx(1.0)


def test_noise_moves_no_neighbour_below_the_fit() -> None:
    targets = (Rotation.from_rotvec([0.3, -0.2, 0.9]).apply(POINTS) + 0.02 * RNG.normal(size=POINTS.shape))[None]
    rotation, translation = rigid_fit(POINTS, targets, np.ones((1, 6), bool))

    def cost(turn: Rotation) -> float:
        moved = turn.apply(POINTS @ rotation[0].T)
        return float(np.square(moved - moved.mean(axis=0) - (targets[0] - targets[0].mean(axis=0))).sum())

    assert translation.shape == (1, 3)
    best = cost(Rotation.identity())
    assert all(best < cost(Rotation.from_rotvec(1e-3 * axis)) for axis in np.concatenate([np.eye(3), -np.eye(3)]))
