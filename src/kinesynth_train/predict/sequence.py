"""Levenberg-Marquardt over a whole motion: frames that are tied to their neighbours, in one banded system.

The matrix of a cost whose terms reach over at most three frames in a row is banded; its Cholesky factor costs as many
steps as there are frames. Bounds are kept as in `kinesynth.geometry.levenberg_marquardt`: a step is taken in the
unknowns that are free, and cut off.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, solveh_banded

FIRST_DAMPING, LESS, MORE, MAX_DAMPING = 1e-3, 0.2, 10.0, 1e8
MIN_CURVATURE = 1e-6  # of the diagonal's mean


@dataclass(frozen=True, eq=False)
class Chain:
    """A cost near a motion: cost + 2 gradient' d + d' matrix d for a change d of T frames' P unknowns.

    Attributes:
        cost: of all frames.
        gradient: (T, P), half the derivative.
        blocks: (3, T, P, P) the matrix's blocks of each frame with itself, with the next, and with the one after; what
            reaches beyond the last frame is zero.
    """

    cost: float
    gradient: np.ndarray
    blocks: np.ndarray


def minimize_chain(
    chain: Callable[[np.ndarray], Chain], start: np.ndarray, bounds: np.ndarray, tolerance: float, max_iterations: int
) -> np.ndarray:
    """Return the motion (T, P) of minimum cost, near `start`.

    Args:
        chain: gives the cost near a motion.
        start: (T, P).
        bounds: (P, 2).
        tolerance: a fall of the cost by less than this fraction ends the search.
        max_iterations: when to stop in any case.
    """
    motion = start.clip(*bounds.T)
    here, damping = chain(motion), FIRST_DAMPING
    for _ in range(max_iterations):
        trial = (motion + _step(here, motion, bounds, damping)).clip(*bounds.T)
        there = chain(trial)
        if not there.cost < here.cost:
            damping *= MORE
            if damping > MAX_DAMPING:
                break
            continue
        fall, motion, here, damping = here.cost - there.cost, trial, there, damping * LESS
        if fall < tolerance * here.cost:
            break
    return np.asarray(motion)


def _step(here: Chain, motion: np.ndarray, bounds: np.ndarray, damping: float) -> np.ndarray:
    """Return the step (T, P) of the free unknowns; those at a bound towards which the cost falls stay."""
    low, high = bounds.T
    held = ((motion <= low) & (here.gradient > 0)) | ((motion >= high) & (here.gradient < 0))
    diagonal = np.einsum("tpp->tp", here.blocks[0])
    added = np.where(held, diagonal + 1.0, damping * diagonal + MIN_CURVATURE * diagonal.mean())
    band = _banded(here.blocks, (~held).astype(float))
    band[0] += added.ravel()
    try:
        step = solveh_banded(band, -np.where(held, 0.0, here.gradient).ravel(), lower=True)
    except LinAlgError:
        return np.zeros_like(motion)
    return np.asarray(step.reshape(motion.shape))


def _banded(blocks: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Return the lower band (3P, TP) of the matrix, of whose unknowns (T, P) only those that are free count."""
    _, frames, width, _ = blocks.shape
    band = np.zeros((3 * width, frames * width))
    row, column = np.indices((width, width))
    for ahead in range(3):
        place = ahead * width + row - column  # below the diagonal
        inside = place >= 0
        values = blocks[ahead] * free[:, :, None]  # (T, P of this frame, P of the one ahead)
        values[: frames - ahead] *= free[ahead:, None, :]
        values[frames - ahead :] = 0.0
        for block in range(frames):
            own = band[:, block * width : (block + 1) * width]
            own[place[inside], column[inside]] = values[block].T[inside]
    return band
