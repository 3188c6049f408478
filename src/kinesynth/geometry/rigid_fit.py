"""The rigid motion that lays one set of points on another."""

import numpy as np


def rigid_fit(source: np.ndarray, targets: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return R (T, 3, 3) and t (T, 3) for which R source + t is nearest to the `known` targets, in least squares.

    Fewer than three known points leave the rotation undetermined; some rotation is returned all the same.

    Args:
        source: (P, 3) m.
        targets: (T, P, 3) m; anything where not known.
        known: (T, P) bool.

    Source: Kabsch 1976, Acta Cryst. A 32; Arun et al. 1987, doi:10.1109/TPAMI.1987.4767965.
    """
    weights = known[..., None] / np.maximum(known.sum(axis=1), 1)[:, None, None]
    targets = np.where(known[..., None], targets, 0.0)
    from_centre, to_centre = (weights * source).sum(axis=1), (weights * targets).sum(axis=1)
    spread = weights * (targets - to_centre[:, None])
    left, _, right = np.linalg.svd(spread.transpose(0, 2, 1) @ (source - from_centre[:, None]))
    left[..., 2] *= np.sign(np.linalg.det(left @ right))[:, None]  # a rotation, no mirror
    rotation = left @ right
    return rotation, to_centre - (rotation @ from_centre[..., None])[..., 0]
