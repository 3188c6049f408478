"""The undersides of the feet, when they seem to rest, and the floor on which they do."""

from dataclasses import replace

import numpy as np
import torch

from kinesynth.runs import runs
from kinesynth.skeleton import SkeletonDefinition, SkeletonLayer

REST_M_S = 0.3  # of a sole: one that moves much faster does not rest


def with_soles(skeleton: SkeletonDefinition) -> SkeletonDefinition:
    """Return the skeleton with the middles of its contact spheres after its markers."""
    return replace(
        skeleton,
        marker_names=(*skeleton.marker_names, *skeleton.contact_names),
        marker_bodies=np.concatenate([skeleton.marker_bodies, skeleton.contact_bodies]),
        marker_places=np.concatenate([skeleton.marker_places, skeleton.contact_places]),
    )


def soles(skeleton: SkeletonDefinition, angles: np.ndarray) -> np.ndarray:
    """Return the lowest points (T, C, 3) m of the spheres under the feet, at angles (T, J); NaN where these are."""
    valid = np.isfinite(angles).all(axis=1)
    found = np.full((len(angles), len(skeleton.contact_names), 3), np.nan)
    points = SkeletonLayer(with_soles(skeleton))(torch.tensor(angles[valid])).markers.numpy()
    found[valid] = points[:, len(skeleton.marker_names) :] - skeleton.contact_radii[:, None] * [0.0, 1.0, 0.0]
    return found


def rests(positions: np.ndarray, fps: float) -> np.ndarray:
    """Return how much each of the positions (T, C, 3) seems to rest, (T, C) from 0 to 1; 0 where it is not known."""
    fraction = np.zeros(positions.shape[:2])
    for first, last in runs(np.isfinite(positions).all(axis=(1, 2))):
        if last - first < 2:
            continue
        speed = np.linalg.norm(np.gradient(positions[first:last], 1 / fps, axis=0), axis=-1)
        fraction[first:last] = (1 + (speed / REST_M_S) ** 2) ** -2.0
    return fraction


def floor_height(positions: np.ndarray, fraction: np.ndarray) -> float:
    """Return the height, m, of which half of what rests is below and half above."""
    known = np.isfinite(positions).all(axis=-1) & (fraction > 0)
    heights, weights = positions[known][:, 1], fraction[known]
    order = np.argsort(heights)
    sums = np.cumsum(weights[order])
    return float(heights[order][np.searchsorted(sums, sums[-1] / 2)])
