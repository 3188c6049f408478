"""Boxes around masks."""

import numpy as np


def mask_boxes(masks: np.ndarray) -> np.ndarray:
    """Return the first and last column and row of masks (T, H, W): (T, 4) x0, y0, x1, y1, px, inclusive.

    An empty mask has those of the whole picture.
    """
    columns, rows = masks.any(axis=1), masks.any(axis=2)
    first = [each.argmax(axis=1) for each in (columns, rows)]
    last = [each.shape[1] - 1 - each[:, ::-1].argmax(axis=1) for each in (columns, rows)]
    return np.stack([*first, *last], axis=1)
