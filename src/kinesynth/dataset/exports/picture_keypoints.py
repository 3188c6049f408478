"""Keypoints in pictures as COCO and Halpe name them: a shard's own, and landmarks on the fitted mesh."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from kinesynth.body.joints import JOINT_NAMES
from kinesynth.body.model import BodyModel
from kinesynth.body.parts import parts
from kinesynth.body.virtual_markers import MarkerLayout, resolve_markers
from kinesynth.dataset.camera import at_pixels, camera_of, in_picture
from kinesynth.dataset.masks import masks_of, whole_masks_of
from kinesynth.dataset.record import ViewRecord
from kinesynth.dataset.visibility import Visibility, is_drawn
from kinesynth.geometry.projection import project
from kinesynth.text import table_rows

LANDMARKS = Path(__file__).with_name("picture_landmarks.csv")
EDGE = -0.2  # cosine between landmark and camera, from within: skin curves, and is seen a little beyond its edge
BENEATH = {"head": "head", **{f"{bone}_{side[0]}": f"{side}_{joint}" for side in ("right", "left")
                              for bone, joint in (("toes", "foot"), ("calcn", "ankle"))}}  # fmt: skip
"""The joint of the body model below each landmark's skin, by the skeleton's body."""


@dataclass(frozen=True)
class PictureKeypoint:
    """A row of `picture_keypoints.csv`: joint centres whose middle it is, or a landmark and the part that shows it."""

    name: str
    centres: tuple[str, ...]
    landmark: str
    part: str


@dataclass(frozen=True)
class SkinPoints:
    """Landmarks on the skin over T frames, by names (L): where they are, and the joints below them, (T, L, 3) m."""

    names: tuple[str, ...]
    places: np.ndarray
    joints: np.ndarray


@cache
def picture_keypoints() -> tuple[PictureKeypoint, ...]:
    """Return Halpe's 26 keypoints, in order."""
    rows = table_rows(LANDMARKS.with_name("picture_keypoints.csv"))
    return tuple(
        PictureKeypoint(row["keypoint"], tuple(row["centre"].split()), row["landmark"], row["part"]) for row in rows
    )


def picture_layout(model: BodyModel) -> MarkerLayout:
    """Return where the landmarks sit on a body's mesh."""
    return resolve_markers(model, LANDMARKS)


def skin_points(layout: MarkerLayout, vertices: np.ndarray, joints: np.ndarray) -> SkinPoints:
    """Return the landmarks on posed meshes, vertices (T, N, 3) m and joints (T, 55, 3) m."""
    below = [JOINT_NAMES.index(BENEATH[body]) for body in layout.bodies]
    return SkinPoints(layout.names, layout.positions(vertices), joints[:, below])


def keypoints_in_view(view: ViewRecord, bodies: tuple[str, ...], skin: SkinPoints) -> tuple[np.ndarray, np.ndarray]:
    """Return keypoints (T, 26, 2) px and their `Visibility` (T, 26) in a camera's pictures.

    A joint centre is as visible as the shard says, the middle of two as the less visible of both. A landmark is visible
    where its skin faces the camera and its part of the body is drawn there.
    """
    pixels, seen = _landmarks(view, skin)
    known, known_seen = view.arrays["keypoints_2d"].astype(float), view.arrays["visibility"]
    places, visibility = [], []
    for row in picture_keypoints():
        if row.centres:
            columns = [bodies.index(body) for body in row.centres]
            places.append(known[:, columns].mean(axis=1))
            visibility.append(known_seen[:, columns].min(axis=1))
        else:
            places.append(pixels[:, skin.names.index(row.landmark)])
            visibility.append(seen[:, skin.names.index(row.landmark)])
    return np.stack(places, axis=1), np.stack(visibility, axis=1)


def _landmarks(view: ViewRecord, skin: SkinPoints) -> tuple[np.ndarray, np.ndarray]:
    """Return all landmarks (T, L, 2) px and their visibility (T, L)."""
    K, world_to_camera, distortion = camera_of(view.arrays)
    pixels, depth = project(skin.places, K, world_to_camera, distortion)
    height, width = int(view.attrs["height"]), int(view.attrs["width"])
    inside = in_picture(pixels, height, width) & (depth > 0)
    eye = -world_to_camera[:3, :3].T @ world_to_camera[:3, 3]
    outward, towards = _unit(skin.places - skin.joints), _unit(eye - skin.places)
    facing = (outward * towards).sum(axis=-1) > EDGE
    part_of = {row.landmark: row.part for row in picture_keypoints()}
    drawn = is_drawn(pixels, _labels(view), _fronts([part_of[name] for name in skin.names]))
    if "whole_mask" in view.arrays:
        drawn &= ~at_pixels(whole_masks_of(view) & ~masks_of(view), pixels)
    seen = np.where(facing & drawn, Visibility.VISIBLE, Visibility.OCCLUDED)
    return pixels, np.where(inside, seen, Visibility.OUTSIDE)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))


def _labels(view: ViewRecord) -> np.ndarray:
    """Return the labels (T, H, W) of parts; of a shard without that track 255 everywhere on the person."""
    if "parts" in view.arrays:
        return np.asarray(view.arrays["parts"])
    return np.where(masks_of(view), np.uint8(255), np.uint8(0))


def _fronts(names: list[str]) -> np.ndarray:
    """Return which labels (L, 256) show a landmark of each of these parts."""
    fronts = np.zeros((len(names), 256), dtype=bool)
    order = [part.name for part in parts()]
    fronts[np.arange(len(names)), [1 + order.index(name) for name in names]] = True
    fronts[:, 255] = True
    return fronts
