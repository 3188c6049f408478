"""Frames with what the labels say drawn over the pixels: bones, joint centres, forces."""

import base64
import io
from collections.abc import Iterator
from xml.sax.saxutils import escape

import numpy as np
from PIL import Image

from kinesynth.dataset.camera import project
from kinesynth.dataset.quality import STANDARD_GRAVITY
from kinesynth.dataset.record import ClipRecord, ViewRecord
from kinesynth.dataset.video import decode_frames
from kinesynth.skeleton.definition import SkeletonDefinition

MAX_WIDTH = 360  # px of a frame on the page
ROOM = 1.3  # the part of a picture shown, over the person's box
METRES_PER_BODY_WEIGHT = 0.6  # length of a force arrow
LEAST_FORCE_BW = 0.02
RIGHT, LEFT, MIDDLE = "#ff8a3d", "#38b6ff", "#ffe45e"
FORCE, UNSURE_FORCE = "#39e58c", "#b0b0b0"


def frame_overlays(
    clip: ClipRecord, camera: str, frames: list[int], skeleton: SkeletonDefinition, mass_kg: float
) -> list[str]:
    """Return an SVG picture of each of the frames, cut to where the person is over the whole clip."""
    view = clip.views[camera]
    window = _window(view)
    return [
        _overlay(clip, view, frame, window, f"{camera}, {frame / float(clip.attrs['fps']):.2f} s", skeleton, mass_kg)
        for frame in frames
    ]


def _overlay(
    clip: ClipRecord,
    view: ViewRecord,
    frame: int,
    window: tuple[float, float, float, float],
    label: str,
    skeleton: SkeletonDefinition,
    mass_kg: float,
) -> str:
    x, y, width, height = window
    unit = width / 170
    image, left, top = _cut(decode_frames(view.arrays["video"], frame, frame + 1)[0], window)
    shapes = "".join([*_bones(clip, view, frame, skeleton, unit), *_forces(clip, view, frame, mass_kg)])
    box = f"{x:.1f} {y:.1f} {width:.1f} {height:.1f}"
    return (
        f'<svg class="frame" viewBox="{box}" role="img" aria-label="{escape(label)}">'
        f'<image x="{left - 0.5}" y="{top - 0.5}" width="{image.width}" height="{image.height}"'
        f' href="data:image/jpeg;base64,{_jpeg(image)}"/>'
        f'<g stroke-width="{unit:.2f}" stroke-linecap="round" fill="none">{shapes}</g>'
        f'<text x="{x + 4 * unit:.1f}" y="{y + 10 * unit:.1f}" font-size="{7 * unit:.1f}">{escape(label)}</text></svg>'
    )


def _window(view: ViewRecord) -> tuple[float, float, float, float]:
    """Return left, top, width, height (px) of the part of the pictures to show: the person, with some room around."""
    width, height = int(view.attrs["width"]), int(view.attrs["height"])
    boxes = view.arrays["bbox"]
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    shown = min(1.0, ROOM * float(max((high - low) / [width, height])))
    size = shown * np.array([width, height])
    left, top = np.clip((low + high - size) / 2, -0.5, [width, height] - size - 0.5)
    return float(left), float(top), float(size[0]), float(size[1])


def _cut(frame: np.ndarray, window: tuple[float, float, float, float]) -> tuple[Image.Image, int, int]:
    """Return the pixels that the window touches, and the column and row at which they begin."""
    left, top = max(int(window[0]), 0), max(int(window[1]), 0)
    right, bottom = int(window[0] + window[2]) + 2, int(window[1] + window[3]) + 2
    return Image.fromarray(frame[top:bottom, left:right]), left, top


def _bones(clip: ClipRecord, view: ViewRecord, frame: int, skeleton: SkeletonDefinition, unit: float) -> Iterator[str]:
    """Yield a line from each joint centre to its parent's, and a dot on it."""
    bodies = len(skeleton.body_names)
    pixels = _project(view, clip.arrays["keypoints"][frame, :bodies])
    for body, parent in enumerate(skeleton.parents):
        if parent >= 0:
            yield _line(pixels[parent], pixels[body], _side_colour(skeleton.body_names[body]))
    for name, (x, y) in zip(skeleton.body_names, pixels, strict=True):
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{1.5 * unit:.1f}" fill="{_side_colour(name)}" stroke="none"/>'


def _forces(clip: ClipRecord, view: ViewRecord, frame: int, mass_kg: float) -> Iterator[str]:
    """Yield an arrow from each centre of pressure along the force, grey where the force is not valid."""
    weight = mass_kg * STANDARD_GRAVITY
    valid = bool(clip.arrays["quality/force_valid"][frame])
    for force, cop in zip(clip.arrays["grf/force"][frame], clip.arrays["grf/cop"][frame], strict=True):
        if np.linalg.norm(force) > LEAST_FORCE_BW * weight:
            tail, head = _project(view, np.stack([cop, cop + force / weight * METRES_PER_BODY_WEIGHT]))
            yield _arrow(tail, head, FORCE if valid else UNSURE_FORCE)


def _arrow(tail: np.ndarray, head: np.ndarray, colour: str) -> str:
    along = (tail - head) * min(0.3, 6.0 / max(float(np.linalg.norm(head - tail)), 1e-6))
    across = np.array([-along[1], along[0]]) * 0.6
    return "".join(_line(head, end, colour) for end in (tail, head + along + across, head + along - across))


def _line(start: np.ndarray, end: np.ndarray, colour: str) -> str:
    return f'<line x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}" stroke="{colour}"/>'


def _side_colour(body: str) -> str:
    return {"_r": RIGHT, "_l": LEFT}.get(body[-2:], MIDDLE)


def _project(view: ViewRecord, points: np.ndarray) -> np.ndarray:
    pixels, _ = project(points.astype(float), view.arrays["K"], view.arrays["world_to_camera"])
    return np.asarray(np.nan_to_num(pixels))


def _jpeg(image: Image.Image) -> str:
    image = image.copy()
    image.thumbnail((MAX_WIDTH, MAX_WIDTH))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=82)
    return base64.b64encode(buffer.getvalue()).decode()
