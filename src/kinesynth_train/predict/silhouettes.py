"""A detector's masks of a person, kept as small rotated squares of the picture."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

CELLS = 128  # of a square's side
BYTES = CELLS * CELLS // 8


@dataclass(frozen=True, eq=False)
class Silhouettes:
    """The silhouettes of a person, or of several, in the frames of a view.

    Attributes:
        bits: (T, ..., BYTES) uint8, packed rows of a square; all zero where nobody was seen.
        squares: (T, ..., 2, 3) the affine map from the square's cells to px.
    """

    bits: np.ndarray
    squares: np.ndarray

    def shown(self, frames: np.ndarray) -> np.ndarray:
        """Tell in which of the frames (K,) the person is there (K,)."""
        there: np.ndarray = self.squares[frames].any(axis=(1, 2))
        return there

    def holds(self, frames: np.ndarray, pixels: np.ndarray) -> np.ndarray:
        """Tell (K, N) which of the pixels (K, N, 2) lie on the person in the frames (K,)."""
        maps = self.squares[frames]
        inverse = np.linalg.inv(np.where(np.any(maps, axis=(1, 2))[:, None, None], maps, np.eye(2, 3))[..., :2])
        cells = (pixels - maps[:, None, :, 2]) @ inverse.transpose(0, 2, 1)
        x, y = np.moveaxis(np.floor(np.nan_to_num(cells, nan=-1.0)).astype(int), -1, 0)
        inside = (x >= 0) & (x < CELLS) & (y >= 0) & (y < CELLS)
        masks = np.unpackbits(self.bits[frames], axis=1).reshape(-1, CELLS, CELLS).astype(bool)
        rows = np.arange(len(frames))[:, None]
        return np.asarray(inside & masks[rows, y.clip(0, CELLS - 1), x.clip(0, CELLS - 1)])

    def mask(self, frame: int, width: int, height: int) -> np.ndarray:
        """Return the person's pixels (H, W) bool in a frame."""
        square = self.squares[frame]
        if not square.any():
            return np.zeros((height, width), dtype=bool)
        cells = np.unpackbits(self.bits[frame]).reshape(CELLS, CELLS) * np.uint8(255)
        back = np.linalg.inv(square[:, :2])
        inverse = np.concatenate([back, -back @ square[:, 2:]], axis=1)
        drawn = Image.fromarray(cells).transform(
            (width, height), Image.Transform.AFFINE, tuple(inverse.ravel()), Image.Resampling.BILINEAR
        )
        return np.asarray(drawn) > 127


def packed(logits: np.ndarray, square: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return bits (BYTES,) and map (2, 3) of a silhouette's logits (S, S), whose pixels the affine `square` places."""
    step = logits.shape[0] // CELLS
    means = logits.reshape(CELLS, step, CELLS, step).mean(axis=(1, 3))
    return np.packbits(means > 0), square * [step, step, 1.0]
