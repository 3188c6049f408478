"""From points in the world to pixels and back: pinhole cameras and Brown's lens distortion, in OpenCV's convention.

A camera looks along z with x right and y down; pixel (0, 0) is the centre of the top left pixel. Distortion is five
coefficients k1, k2, p1, p2, k3 (Brown 1971) that move points of the plane at depth 1.
"""

import numpy as np

NO_DISTORTION = (0.0, 0.0, 0.0, 0.0, 0.0)
_MAX_STEPS = 200
_MAX_STEP = 1e3  # of a point that runs away
_TOLERANCE = 1e-12


def project(
    points: np.ndarray, K: np.ndarray, world_to_camera: np.ndarray, distortion: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the pixels (..., 2) of world points (..., 3) and their depth (...) in metres in front of the camera."""
    in_camera = points @ world_to_camera[:3, :3].T + world_to_camera[:3, 3]
    depth = in_camera[..., 2]
    divisor = np.where(depth == 0.0, np.nan, depth)[..., None]
    if distortion is None or not np.any(distortion):
        return (in_camera @ K.T)[..., :2] / divisor, depth
    return distort(in_camera[..., :2] / divisor, distortion) @ K[:2, :2].T + K[:2, 2], depth


def distort(plane: np.ndarray, distortion: np.ndarray) -> np.ndarray:
    """Return where a lens shows points (..., 2) of the plane at depth 1.

    Far out, where the polynomial would turn back towards the middle and show points beyond the picture inside it, the
    radius goes on growing by as much as the point's own.
    """
    k1, k2, p1, p2, k3 = np.asarray(distortion, dtype=float)
    radius = np.linalg.norm(plane, axis=-1, keepdims=True)
    limit = _turning_radius(k1, k2, k3)
    inner = plane * np.minimum(1.0, limit / np.maximum(radius, 1e-300))
    x, y = inner[..., 0], inner[..., 1]
    square = x * x + y * y
    radial = 1 + square * (k1 + square * (k2 + square * k3))
    shown = np.stack(
        [
            x * radial + 2 * p1 * x * y + p2 * (square + 2 * x * x),
            y * radial + p1 * (square + 2 * y * y) + 2 * p2 * x * y,
        ],
        axis=-1,
    )
    return np.asarray(shown + (plane - inner))


def undistort(shown: np.ndarray, distortion: np.ndarray) -> np.ndarray:
    """Return the points (..., 2) of the plane at depth 1 that a lens shows at `shown`: the inverse of `distort`.

    Raises:
        ValueError: the lens is too strong for the iteration.
    """
    plane = np.array(shown, dtype=float)
    for _ in range(_MAX_STEPS):
        step = shown - distort(plane, distortion)
        size = np.abs(step).max(initial=0.0)
        plane += step
        if size < _TOLERANCE:
            return plane
        if not size < _MAX_STEP:
            break
    raise ValueError(f"distortion {tuple(distortion)} cannot be inverted over the picture")


def _turning_radius(k1: float, k2: float, k3: float) -> float:
    """Return the smallest radius at which the distorted radius stops growing; infinity where it never does."""
    derivative = np.array([7 * k3, 5 * k2, 3 * k1, 1.0])  # in the squared radius
    roots = np.roots(np.where(np.abs(derivative) < 1e-9, 0.0, derivative))
    squares = roots[(np.abs(roots.imag) < 1e-9) & (roots.real > 0)].real
    return float(np.sqrt(squares.min())) if squares.size else np.inf
