"""Where the muscles run: the generic model's path points, scaled and carried by the bones."""

from functools import cache

import numpy as np

from kinesynth.dataset.record import ClipRecord
from kinesynth.skeleton.definition import SkeletonDefinition
from kinesynth.skeleton.tables import both_sides, numbers


def muscle_paths(clip: ClipRecord, skeleton: SkeletonDefinition) -> list[np.ndarray]:
    """Return each muscle's path points (T, P, 3) m in the world, in the order of `muscle_names`.

    For pictures: points are joined straight where the model wraps the muscle around bone. A muscle that the package's
    tables do not have, of another model than the free one, has no points.
    """
    import torch

    from kinesynth.skeleton.layer import SkeletonLayer

    pose = SkeletonLayer(skeleton)(torch.from_numpy(clip.arrays["angles"].astype(np.float64)))
    transforms = pose.transforms.numpy()
    index = {name: body for body, name in enumerate(skeleton.body_names)}
    paths = []
    for muscle in skeleton.muscle_names:
        points = [(index[body], place) for body, place in _path_points().get(muscle, ()) if body in index]
        bodies = np.array([body for body, _ in points], dtype=int)
        positions = np.array([place for _, place in points]).reshape(-1, 3) * clip.arrays["scales"][bodies]
        carriers = transforms[:, bodies]
        paths.append(np.einsum("tpij,pj->tpi", carriers[..., :3, :3], positions) + carriers[..., :3, 3])
    return paths


@cache
def _path_points() -> dict[str, list[tuple[str, list[float]]]]:
    """Return the bodies and places of each muscle's path points."""
    points: dict[str, list[tuple[str, list[float]]]] = {}
    for row in both_sides("path_points"):
        points.setdefault(row["muscle"], []).append((row["body"], numbers(row, "x", "y", "z")))
    return points
