"""A view's frames with bones, muscles and forces drawn over the pixels, as pictures for video and page."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from kinesynth.dataset.camera import camera_of, project
from kinesynth.dataset.record import ClipRecord, ViewRecord
from kinesynth.dataset.video import decode_frames
from kinesynth.gravity import GRAVITY
from kinesynth.skeleton.definition import SkeletonDefinition

ROOM = 1.2  # height of the part of the picture that is shown, over the person's tallest box
FOLLOW_SECONDS = 0.4  # over which the way of the person's box is smoothed
SUPERSAMPLING = 2
METRES_PER_BODY_WEIGHT = 0.55  # length of a force arrow
MIN_FORCE_BW = 0.02
RIGHT, LEFT, MIDDLE = (255, 138, 61), (56, 182, 255), (255, 228, 94)
FORCE, UNSURE_FORCE = (64, 240, 150), (176, 176, 176)
BONE, SHADOW = (255, 255, 255), (10, 14, 20)
RESTING, ACTIVE = np.array([70.0, 96.0, 168.0]), np.array([255.0, 48.0, 48.0])

Colour = tuple[int, ...]
Projection = Callable[[np.ndarray], list[tuple[float, float]]]


@dataclass(frozen=True)
class Scene:
    """A view and all that is drawn over it.

    Attributes:
        clip: the labels.
        view: pixels and camera.
        skeleton: the person's.
        muscles: the muscles' path points (T, P, 3) m, in the order of their names.
        mass_kg: of the person.
    """

    clip: ClipRecord
    view: ViewRecord
    skeleton: SkeletonDefinition
    muscles: list[np.ndarray]
    mass_kg: float

    def pictures(self, size: tuple[int, int], frames: Sequence[int]) -> Iterator[Image.Image]:
        """Yield the frames, each `size` (width, height) px, cut to the person, whom the cut follows."""
        windows = self._windows(size[0] / size[1])
        first = min(frames)
        pixels = decode_frames(self.view.arrays["video"], first, max(frames) + 1)
        for frame in frames:
            x, y, width, height = windows[frame]
            photo = Image.fromarray(pixels[frame - first])
            box = (x + 0.5, y + 0.5, x + width + 0.5, y + height + 0.5)  # its corners, not its pixels' centres
            picture = photo.resize(size, Image.Resampling.BICUBIC, box=_within(box, photo.size))
            drawn = self._draw(frame, windows[frame], size)
            yield Image.alpha_composite(picture.convert("RGBA"), drawn).convert("RGB")

    def _windows(self, aspect: float) -> np.ndarray:
        """Return left, top, width, height (T, 4) px of the part to show: one size, going smoothly along."""
        limits = np.array([self.view.attrs["width"], self.view.attrs["height"]], dtype=float)
        boxes = self.view.arrays["bbox"].astype(float)
        extent = (boxes[:, 2:] - boxes[:, :2]).max(axis=0)
        height = min(ROOM * max(extent[1], extent[0] / aspect), limits[1], limits[0] / aspect)
        size = np.array([height * aspect, height])
        centres = _smooth((boxes[:, :2] + boxes[:, 2:]) / 2, int(FOLLOW_SECONDS * float(self.clip.attrs["fps"])))
        corners = np.clip(centres - size / 2, -0.5, limits - size - 0.5)
        return np.concatenate([corners, np.broadcast_to(size, corners.shape)], axis=1)

    def _draw(self, frame: int, window: np.ndarray, size: tuple[int, int]) -> Image.Image:
        """Return what is drawn over a frame, on a transparent ground."""
        scale = SUPERSAMPLING * size[0] / window[2]
        unit = SUPERSAMPLING * size[1] / 360
        layer = Image.new("RGBA", (size[0] * SUPERSAMPLING, size[1] * SUPERSAMPLING), (0, 0, 0, 0))
        pen = ImageDraw.Draw(layer, "RGBA")

        def onto(points: np.ndarray) -> list[tuple[float, float]]:
            pixels, _ = project(points.astype(float), *camera_of(self.view.arrays))
            return [tuple(pixel) for pixel in (np.nan_to_num(pixels) - window[:2]) * scale]

        self._bones(pen, onto, frame, unit)
        self._muscles(pen, onto, frame, unit)
        self._forces(pen, onto, frame, unit)
        return layer.resize(size, Image.Resampling.BOX)

    def _bones(self, pen: ImageDraw.ImageDraw, onto: Projection, frame: int, unit: float) -> None:
        names = self.skeleton.body_names
        joints = onto(self.clip.arrays["keypoints"][frame, : len(names)])
        bones = [
            (joints[parent], joint) for parent, joint in zip(self.skeleton.parents, joints, strict=True) if parent >= 0
        ]
        for colour, width in (((*SHADOW, 90), 5.0), ((*BONE, 200), 2.4)):
            for bone in bones:
                pen.line(bone, fill=colour, width=round(width * unit), joint="curve")
        for name, joint in zip(names, joints, strict=True):
            _dot(pen, joint, 3.6 * unit, (*SHADOW, 150))
            _dot(pen, joint, 2.8 * unit, {"_r": RIGHT, "_l": LEFT}.get(name[-2:], MIDDLE))

    def _muscles(self, pen: ImageDraw.ImageDraw, onto: Projection, frame: int, unit: float) -> None:
        """Draw the muscles, the most active on top; those whose activations are not valid stay out."""
        if not self.clip.arrays["quality/activation_valid"][frame]:
            return
        activations = self.clip.arrays["activations"][frame]
        for muscle in np.argsort(activations):
            if self.muscles[muscle].shape[1] > 1:
                active = float(activations[muscle])
                colour = tuple(np.rint(RESTING + (ACTIVE - RESTING) * min(1.6 * active, 1.0)).astype(int).tolist())
                width = max(round((1.2 + 3.6 * active) * unit), 1)
                pen.line(onto(self.muscles[muscle][frame]), fill=(*colour, round(80 + 175 * active**0.5)), width=width)

    def _forces(self, pen: ImageDraw.ImageDraw, onto: Projection, frame: int, unit: float) -> None:
        """Draw an arrow from each centre of pressure along the force, grey where the force is not valid."""
        weight = self.mass_kg * GRAVITY
        colour = FORCE if self.clip.arrays["quality/force_valid"][frame] else UNSURE_FORCE
        pairs = zip(self.clip.arrays["grf/force"][frame], self.clip.arrays["grf/cop"][frame], strict=True)
        for force, cop in pairs:
            if np.linalg.norm(force) > MIN_FORCE_BW * weight:
                tail, head = onto(np.stack([cop, cop + force / weight * METRES_PER_BODY_WEIGHT]))
                _arrow(pen, np.array(tail), np.array(head), 7.0 * unit, (*SHADOW, 150))
                _arrow(pen, np.array(tail), np.array(head), 4.4 * unit, colour)
                _dot(pen, tail, 3.6 * unit, colour)


def _arrow(pen: ImageDraw.ImageDraw, tail: np.ndarray, head: np.ndarray, width: float, colour: Colour) -> None:
    length = max(float(np.linalg.norm(head - tail)), 1e-6)
    along = (head - tail) / length
    barb = min(2.8 * width, length)
    across, neck = np.array([-along[1], along[0]]) * barb * 0.42, head - along * barb
    pen.line([tuple(tail), tuple(neck)], fill=colour, width=round(width))
    pen.polygon([tuple(head), tuple(neck + across), tuple(neck - across)], fill=colour)


def _dot(pen: ImageDraw.ImageDraw, centre: tuple[float, float], radius: float, colour: Colour) -> None:
    x, y = centre
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _smooth(path: np.ndarray, half: int) -> np.ndarray:
    """Return the moving average (T, 2) of a path (T, 2) over `half` frames to either side."""
    padded = np.pad(path, ((half, half), (0, 0)), mode="edge")
    kernel = np.full(2 * half + 1, 1.0 / (2 * half + 1))
    return np.stack([np.convolve(column, kernel, mode="valid") for column in padded.T], axis=1)


def _within(box: tuple[float, float, float, float], size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Return the box without what rounding has put outside the picture."""
    return max(box[0], 0.0), max(box[1], 0.0), min(box[2], float(size[0])), min(box[3], float(size[1]))
