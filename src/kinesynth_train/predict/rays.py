"""Lines of sight: how far those of two views miss each other, and where those of all views meet."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinesynth_train.calibration import Camera

MIN_CONFIDENCE = 0.2  # of a point in a view that is to count
MIN_ANGLE_DEG = 3.0  # between two lines of sight: below, their meeting point is anywhere along them
ROUNDS = 4
ROBUST_FRACTION = 0.01  # of the distance to the camera, at which a line of sight weighs half
MAX_MISS_FRACTION = 0.04  # of the distance: lines that miss by more see different things


@dataclass(frozen=True, eq=False)
class Rays:
    """The lines of sight of a view's points.

    Attributes:
        origin: (3,) m, the camera.
        directions: (T, P, 3) unit vectors; NaN where the point was not seen.
        confidence: (T, P), 0 where it was not.
    """

    origin: np.ndarray
    directions: np.ndarray
    confidence: np.ndarray

    def at(self, frames: np.ndarray) -> "Rays":
        """Return those at times between frames, as fractional indices (N,): NaN outside of the view's time."""
        last = len(self.directions) - 1
        inside = (frames >= -1e-6) & (frames <= last + 1e-6)
        frames = np.where(inside, frames, 0.0)
        low = np.floor(frames + 1e-6).astype(int).clip(0, last)
        high = np.minimum(low + 1, last)
        fraction = np.clip(frames - low, 0.0, 1.0)[:, None]
        directions = self.directions[low] * (1 - fraction[..., None])
        directions = directions + np.where(fraction[..., None] > 1e-6, self.directions[high] * fraction[..., None], 0.0)
        confidence = np.where(
            fraction > 1e-6, np.minimum(self.confidence[low], self.confidence[high]), self.confidence[low]
        )
        directions[~inside], confidence[~inside] = np.nan, 0.0
        return Rays(self.origin, _unit(directions), confidence)


def rays_of(camera: Camera, points: np.ndarray) -> Rays:
    """Return the lines of sight of points (T, P, 3), px and confidence.

    What a detector says of points outside the picture is a guess, and the lens is not known there.
    """
    inside = (points[..., :2] >= -0.5) & (points[..., :2] <= np.array([camera.width, camera.height]) - 0.5)
    known = (points[..., 2] >= MIN_CONFIDENCE) & inside.all(axis=-1)
    plane = camera.on_plane(np.where(known[..., None], points[..., :2], np.nan))
    directions = np.concatenate([plane, np.ones_like(plane[..., :1])], axis=-1) @ camera.world_to_camera[:3, :3]
    return Rays(camera.centre, _unit(directions), np.where(known, points[..., 2], 0.0))


def _unit(vectors: np.ndarray) -> np.ndarray:
    """Return vectors (..., 3) of length one; NaN stays NaN, in silence."""
    with np.errstate(invalid="ignore"):
        return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))


def gaps(one: Rays, other: Rays) -> np.ndarray:
    """Return by how many metres (T, P), with a sign, the lines of sight of two views miss each other.

    NaN where one is missing or both are nearly one line.
    """
    normal = np.cross(one.directions, other.directions)
    length = np.linalg.norm(normal, axis=-1)
    length = np.where(length > np.sin(np.radians(MIN_ANGLE_DEG)), length, np.nan)
    miss: np.ndarray = normal @ (other.origin - one.origin) / length
    return miss


@dataclass(frozen=True, eq=False)
class Meeting:
    """Where lines of sight meet.

    Attributes:
        points: (T, P, 3) m; NaN where fewer than two views see the point alike.
        confidence: (T, P) from 0 to 1.
        misses: (V, T, P) by how much of its length each line of sight passes the point by; NaN where there is none.
    """

    points: np.ndarray
    confidence: np.ndarray
    misses: np.ndarray


def meet(views: Sequence[Rays]) -> Meeting:
    """Return the points that are nearest to the lines of sight of V views, each by confidence and robustly.

    Distances count in proportion to that from the camera, as they do in its picture. The loss is Geman and McClure's,
    by iterated reweighting, so that with three or more views one that sees something else is left out.
    """
    origins = np.stack([view.origin for view in views])[:, None, None]
    directions = np.stack([view.directions for view in views])
    confidence = np.stack([view.confidence for view in views])
    seen = np.isfinite(directions).all(axis=-1) & (confidence > 0)
    directions = np.where(seen[..., None], directions, 0.0)
    across = np.eye(3) - directions[..., :, None] * directions[..., None, :]
    weight = np.where(seen, confidence**2, 0.0)
    points = np.zeros((*seen.shape[1:], 3))
    for _ in range(ROUNDS):
        matrix = (weight[..., None, None] * across).sum(axis=0)
        side = (weight[..., None] * (across @ origins[..., None])[..., 0]).sum(axis=0)
        points = np.linalg.solve(matrix + 1e-9 * np.eye(3), side[..., None])[..., 0]
        away = points - origins
        distance = np.maximum(np.linalg.norm(away, axis=-1), 0.1)
        misses = np.linalg.norm((across @ away[..., None])[..., 0], axis=-1) / distance
        robust = 1.0 / (1.0 + (misses / ROBUST_FRACTION) ** 2) ** 2
        weight = np.where(seen, confidence**2 * robust / distance**2, 0.0)
    agree = seen & (misses <= MAX_MISS_FRACTION)
    ahead = ((away * directions).sum(axis=-1) > 0) | ~seen
    known = (agree.sum(axis=0) >= 2) & _apart(directions, agree) & ahead.all(axis=0)
    total = np.where(agree, confidence, 0.0).sum(axis=0) / np.maximum(agree.sum(axis=0), 1)
    return Meeting(
        np.where(known[..., None], points, np.nan),
        np.where(known, total, 0.0),
        np.where(seen & known, misses, np.nan),
    )


def _apart(directions: np.ndarray, agree: np.ndarray) -> np.ndarray:
    """Tell (T, P) where two of the agreeing lines of sight (V, T, P, 3) differ enough in direction."""
    max_cosine = np.cos(np.radians(MIN_ANGLE_DEG))
    result = np.zeros(agree.shape[1:], dtype=bool)
    for one in range(len(directions)):
        for other in range(one):
            cosine = np.abs((directions[one] * directions[other]).sum(axis=-1))
            result |= agree[one] & agree[other] & (cosine < max_cosine)
    return result
