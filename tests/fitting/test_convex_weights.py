import numpy as np
import pytest

from kinesynth.fitting.convex_weights import convex_weights


def limb(n_frames: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """120 points on two rigid segments hinged at the origin, and offsets of a point 1 cm beside the hinge."""
    rng = np.random.default_rng(seed)
    along = np.random.default_rng(0).uniform(-0.1, 0.1, 120)
    around = np.random.default_rng(1).uniform(0, 2 * np.pi, 120)
    segment = np.stack([0.05 * np.cos(around), along, 0.05 * np.sin(around)], 1)
    frames = []
    for bend in rng.uniform(0, 1.5, n_frames):
        turn = np.array([[1, 0, 0], [0, np.cos(bend), -np.sin(bend)], [0, np.sin(bend), np.cos(bend)]])
        frames.append(np.where(along[:, None] < 0, segment @ turn.T, segment) - [0.01, 0, 0])
    return np.array(frames), np.full(120, 0.005)


@pytest.mark.parametrize("n_frames", [1, 5, 60])
def test_weights_are_convex_and_sparse(n_frames: int) -> None:
    weights = convex_weights(*limb(n_frames, 2), max_count=32)
    assert weights.min() >= 0
    assert np.count_nonzero(weights) <= 32
    assert weights.sum() == pytest.approx(1, abs=1e-12)


def test_unseen_poses_are_met() -> None:
    weights = convex_weights(*limb(60, 2), max_count=32)
    error = np.linalg.norm(np.einsum("fpc,p->fc", limb(60, 3)[0], weights), axis=1)
    assert error.mean() < 0.002


def test_noise_spreads_the_weights() -> None:
    offsets, noise = limb(10, 2)
    tight, spread = convex_weights(offsets, noise / 100, 120), convex_weights(offsets, noise, 120)
    assert (spread**2).sum() < (tight**2).sum()


def test_solution_is_the_best_on_the_simplex() -> None:
    offsets, noise = limb(20, 2)
    offsets, noise = offsets[:, :3], noise[:3]
    weights = convex_weights(offsets, noise, 3)

    def cost(w: np.ndarray) -> float:
        return float((np.einsum("fpc,p->fc", offsets, w) ** 2).sum() / 20 + (noise**2 * w**2).sum())

    others = np.random.default_rng(0).dirichlet(np.ones(3), 2000)
    assert cost(weights) <= min(cost(w) for w in others)
