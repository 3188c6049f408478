"""How cloth yields: folds where the moving body compresses it, and a fall under its own weight."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from kinesynth.geometry.mesh import vertex_normals

_WAVES = 7
_LENGTH_M = (0.045, 0.11)  # of folds, from crest to crest
_AT_REST_M = 0.0016
_GAIN_M = 0.030  # depth of a fold per unit of compression
_DEEPEST_M = 0.011
_SMOOTHING = 4


@dataclass(frozen=True)
class Folds:
    """A garment's folds.

    Attributes:
        edges: (E,2) pairs of neighbouring points, and their `length` (E,) m in the cloth.
        mean: sparse (n,E), the mean over a point's edges; `even` sparse (n,n), a step of smoothing.
        wave: (n,) -1..1, where the crests and troughs lie.
    """

    faces: np.ndarray
    edges: np.ndarray
    length: np.ndarray
    mean: sparse.csr_array
    even: sparse.csr_array
    wave: np.ndarray

    def depth(self, posed: np.ndarray) -> np.ndarray:
        """Return the folds' amplitude (n,) m in a pose (n,3): a little everywhere, more where edges got shorter."""
        now = np.linalg.norm(posed[self.edges[:, 0]] - posed[self.edges[:, 1]], axis=1)
        compression = self.mean @ np.clip(1 - now / self.length, 0, 0.6)
        for _ in range(_SMOOTHING):
            compression = self.even @ compression
        return np.asarray(np.minimum(_AT_REST_M + _GAIN_M * compression, _DEEPEST_M))

    def apply(self, posed: np.ndarray) -> np.ndarray:
        """Return the posed points (n,3) with folds."""
        return np.asarray(posed + (self.depth(posed) * self.wave)[:, None] * vertex_normals(posed, self.faces))


def folds(points: np.ndarray, faces: np.ndarray, even: sparse.csr_array, seed: int) -> Folds:
    """Return the folds of a garment from its points (n,3) at rest; `seed` lays them out."""
    edges = np.unique(np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1), axis=0)
    length = np.maximum(np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1), 1e-6)
    rows = edges.T.reshape(-1)
    degree = np.maximum(np.bincount(rows, minlength=len(points)), 1)
    columns = np.tile(np.arange(len(edges)), 2)
    mean = sparse.csr_array(sparse.coo_array((1 / degree[rows], (rows, columns)), shape=(len(points), len(edges))))
    return Folds(faces, edges, length, mean, even, _waves(points, np.random.default_rng(seed)))


def _waves(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a field (n,) -1..1 of crossing, bent waves, mostly level ones: cloth folds across a limb."""
    bent = points + 0.03 * np.sin(points @ rng.normal(0, 9.0, (3, 3)) + rng.uniform(0, 6.3, 3))
    total = np.zeros(len(points))
    for _ in range(_WAVES):
        direction = rng.normal(0, (0.45, 1.0, 0.45))
        direction /= np.linalg.norm(direction)
        number = 2 * np.pi / rng.uniform(*_LENGTH_M)
        patchy = 0.5 + 0.5 * np.sin(points @ rng.normal(0, 12.0, 3) + rng.uniform(0, 6.3))
        total += patchy * np.sin(number * (bent @ direction) + rng.uniform(0, 6.3))
    return np.asarray(np.tanh(total / np.sqrt(_WAVES) * 1.6))
