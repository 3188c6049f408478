"""Keypoints in the picture, and whether the camera sees them, by the part of the body that is drawn in front.

A keypoint lies inside the body, so no ray ends on it. It counts as visible where the surface that the camera sees in
its direction belongs to a segment that meets there: at a joint centre the two bodies of the joint, at a mass centre its
own. Anything else, another limb, long hair, furniture, is in front of it.
"""

from enum import IntEnum
from itertools import product

import numpy as np

from kinesynth.body.parts import body_parts, parts
from kinesynth.dataset.camera import at_pixels, in_picture, project

REACH_PX = 1  # how far from a point's pixel its own part may begin
TRUNK_DEPTH_M = 0.05  # a hip or shoulder so far behind its trunk segment's mass centre is on the far side
_FARTHEST_PX = 1e6  # a point beside the camera has no end


class Visibility(IntEnum):
    """What a picture shows of a keypoint."""

    OUTSIDE = 0
    OCCLUDED = 1
    VISIBLE = 2


def keypoint_tracks(
    keypoints: np.ndarray,
    labels: np.ndarray,
    K: np.ndarray,
    world_to_camera: np.ndarray,
    body_names: tuple[str, ...],
    parents: np.ndarray,
    distortion: np.ndarray | None = None,
    blocked: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return keypoints in a view, (T, 2B, 2) float32 px, and their `Visibility`, (T, 2B) uint8.

    Args:
        keypoints: the B joint centres, then the B mass centres, (T, 2B, 3) m in the world.
        labels: the drawn parts (T, H, W), 0 where nobody is.
        K: camera matrix (3, 3) px.
        world_to_camera: rigid transform (4, 4).
        body_names: of the B bodies.
        parents: (B,) index of each body's parent, -1 for none.
        distortion: lens coefficients (5,), None of a pinhole.
        blocked: where something stands before the person, (T, H, W) bool; None where nothing does.
    """
    pixels, depth = project(keypoints.astype(float), K.astype(float), world_to_camera.astype(float), distortion)
    pixels = np.clip(np.nan_to_num(pixels), -_FARTHEST_PX, _FARTHEST_PX)
    inside = in_picture(pixels, *labels.shape[1:]) & (depth > 0)
    own = body_parts(body_names)
    joint = own | (own[parents] & (parents >= 0)[:, None])
    fronts = np.concatenate([joint, own])
    shown = at_pixels(labels, pixels)
    # Beside the person nothing is in front of a keypoint that the fitted body leaves just outside its outline.
    beside = shown == 0 if blocked is None else (shown == 0) & ~at_pixels(blocked, pixels)
    visible = fronts[np.arange(len(fronts)), shown] | (beside & is_drawn(pixels, labels, fronts))
    visible &= ~_behind_trunk(pixels, depth, labels, own, parents)
    seen = np.where(visible, Visibility.VISIBLE, Visibility.OCCLUDED)
    return pixels.astype(np.float32), np.where(inside, seen, Visibility.OUTSIDE).astype(np.uint8)


def is_drawn(pixels: np.ndarray, labels: np.ndarray, fronts: np.ndarray) -> np.ndarray:
    """Return where (T, K) one of a keypoint's parts, `fronts` (K, P+1) bool, is drawn within reach of it."""
    found = np.zeros(pixels.shape[:2], dtype=bool)
    for down, right in product(range(-REACH_PX, REACH_PX + 1), repeat=2):
        found |= fronts[np.arange(len(fronts)), at_pixels(labels, pixels, right, down)]
    return found


def _behind_trunk(
    pixels: np.ndarray, depth: np.ndarray, labels: np.ndarray, own: np.ndarray, parents: np.ndarray
) -> np.ndarray:
    """Return where (T, K) a hip or shoulder is hidden by the trunk: only the trunk is drawn, and the joint lies beyond.

    Both sides' joints meet the one trunk; which of them is on the camera's side its depth tells.
    """
    count = len(parents)
    middle = np.array([False] + [not part.name.startswith(("right_", "left_")) for part in parts()])
    central = (own & middle).any(axis=1)
    roots = np.flatnonzero(~central & central[parents] & (parents >= 0))
    limbs = np.zeros((2 * count, own.shape[1]), dtype=bool)
    limbs[roots] = own[roots]
    hidden = np.zeros(depth.shape, dtype=bool)
    hidden[:, roots] = depth[:, roots] > depth[:, count + parents[roots]] + TRUNK_DEPTH_M
    return np.asarray(hidden & ~is_drawn(pixels, labels, limbs))
