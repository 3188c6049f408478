"""A point as a convex combination of a few of many candidates."""

import numpy as np
from scipy.optimize import nnls


def convex_weights(offsets: np.ndarray, noise: np.ndarray, max_count: int) -> np.ndarray:
    """Return weights (C,), non-negative, summing to one, at most `max_count` of them not zero.

    They minimise the expected mean squared distance between a point and the combination of C candidates, each of
    which errs by its own independent `noise` (C,), the standard deviation in metres. `offsets` (F, C, 3) are the
    candidates' positions relative to the point in F frames. The noise spreads the weights: without it a few frames
    would be met exactly by a few vertices that happen to fit.
    """
    flat = offsets.transpose(0, 2, 1).reshape(-1, offsets.shape[1]).astype(float)
    gram = flat.T @ flat / len(offsets) + np.diag(noise**2)
    kept = np.arange(len(gram))
    # Dropping all but the largest at once would keep neighbours and lose balance: drop half, refit, and so on.
    while True:
        weights = _on_simplex(gram[np.ix_(kept, kept)])
        if np.count_nonzero(weights) <= max_count:
            break
        keep = max(max_count, np.count_nonzero(weights) // 2)
        kept = kept[np.sort(np.argsort(-weights, kind="stable")[:keep])]
    full = np.zeros(len(gram))
    full[kept] = weights
    return full


def _on_simplex(gram: np.ndarray) -> np.ndarray:
    """Minimise w' gram w over w >= 0 with sum 1.

    The objective is homogeneous, so the penalty c^2 (sum w - 1)^2 only scales the minimiser, whatever c: solve the
    penalised problem by non-negative least squares and normalise.
    """
    root = np.linalg.cholesky(gram).T
    c = np.sqrt(np.trace(gram) / len(gram))
    weights, _ = nnls(np.vstack([root, np.full(len(gram), c)]), np.append(np.zeros(len(gram)), c))
    normalised: np.ndarray = weights / weights.sum()
    return normalised
