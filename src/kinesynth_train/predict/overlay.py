"""The skeleton drawn over the pictures of each view, as a video."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from kinesynth.atomic import atomic_path
from kinesynth.skeleton import SkeletonLayer
from kinesynth_train.calibration.camera import Camera, resized
from kinesynth_train.predict.landmarks import generic_skeleton
from kinesynth_train.predict.reconstruct import Reconstruction
from kinesynth_train.predict.scaled import scaled
from kinesynth_train.predict.videos import Video
from kinesynth_train.predict.views import Sight

TALLEST = 1080  # px, of the pictures
RIGHT, LEFT, MIDDLE, RIM, DOT = (255, 138, 61), (56, 182, 255), (240, 240, 240), (20, 24, 30), (120, 255, 120)
BONE_M, JOINT_M = 0.022, 0.02  # thickness and radius
MIN_CONFIDENCE = 0.5  # of a detected point that is drawn
# Bones from point to point: origins of bodies, markers of the generic skeleton, or the middle of two.
SPINE = (("hips", "torso"), ("torso", "shoulders"), ("shoulders", "head"), ("head", "HTOP"))
LIMB = (
    ("hips", "femur"), ("femur", "tibia"), ("tibia", "talus"), ("talus", "calcn"), ("calcn", "toes"), ("talus", "toes"),
    ("toes", "tip"), ("shoulders", "humerus"), ("humerus", "ulna"), ("ulna", "hand"), ("hand", "HM3"),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class SkeletonLines:
    """A skeleton to draw.

    Attributes:
        points: (T, N, 3) m.
        bones: indices of the ends, and the colour.
    """

    points: np.ndarray
    bones: tuple[tuple[int, int, tuple[int, int, int]], ...]


def skeleton_lines(found: Reconstruction) -> SkeletonLines:
    """Return the bones of a motion; NaN in frames that are not believed."""
    generic = scaled(generic_skeleton(), found.size.scales)
    valid = found.poses.valid
    pose = SkeletonLayer(generic)(torch.tensor(found.poses.angles[valid]))
    names = [*generic.body_names, *generic.marker_names, "hips", "shoulders", "tip_r", "tip_l"]
    shown = torch.cat([pose.joint_centres, pose.markers], dim=1).numpy()
    pairs = (("femur_r", "femur_l"), ("humerus_r", "humerus_l"), ("RTOE", "RTO5"), ("LTOE", "LTO5"))
    middles = [(shown[:, names.index(one)] + shown[:, names.index(other)]) / 2 for one, other in pairs]
    points = np.full((len(valid), len(names), 3), np.nan)
    points[valid] = np.concatenate([shown, np.stack(middles, axis=1)], axis=1)
    bones = [(names.index(one), names.index(other), MIDDLE) for one, other in SPINE]
    for side, colour in (("r", RIGHT), ("l", LEFT)):
        for one, other in LIMB:
            ends = [_named(end, side, names) for end in (one, other)]
            bones.append((ends[0], ends[1], colour))
    return SkeletonLines(points, tuple(bones))


def _named(end: str, side: str, names: list[str]) -> int:
    return names.index(end if end in names else f"{end}_{side}" if end.islower() else f"{side.upper()}{end}")


def write_overlay(
    path: Path, video: Video, sight: Sight, found: Reconstruction, body: SkeletonLines, progress: Callable[[int], None]
) -> None:
    """Write a view's pictures with the skeleton and the detected points over them (H.264).

    Args:
        path: the .mp4.
        video: the view's.
        sight: the view's points and its offset.
        found: the motion, whose times are the first view's.
        body: its bones.
        progress: told the frame after each.
    """
    scale = min(1.0, TALLEST / max(video.width, video.height))
    width, height = (2 * round(side * scale / 2) for side in (video.width, video.height))
    camera = resized(sight.view.camera, width, height)
    rate = Fraction(video.fps).limit_denominator(1001)
    first, last = found.times[0] + sight.offset.seconds, found.times[-1] + sight.offset.seconds
    font = ImageFont.load_default(size=max(12, height // 45))
    with atomic_path(path) as temporary, av.open(str(temporary), "w", format="mp4") as container:
        stream = container.add_stream("h264", rate=rate, options={"crf": "23", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.thread_count = 1
        for index, pixels in video.frames():
            time = video.times[index]
            if not first - 1e-6 <= time <= last + 1e-6:
                continue
            picture = Image.fromarray(pixels)
            if picture.size != (width, height):
                picture = picture.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
            frame = int(np.argmin(np.abs(found.times + sight.offset.seconds - time)))
            factor = np.array([width / video.width, height / video.height])
            draw(
                picture,
                camera,
                body,
                frame,
                (sight.points[index, :, :2] + 0.5) * factor - 0.5,
                sight.points[index, :, 2],
            )
            label = f"{sight.view.name}  {time - first:.2f} s" + "  one view: a guess" * bool(found.guess)
            ImageDraw.Draw(picture).text((10, 8), label, fill="white", font=font, stroke_width=2, stroke_fill=RIM)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")))
            progress(index)
        container.mux(stream.encode())


def draw(
    picture: Image.Image, camera: Camera, body: SkeletonLines, frame: int, points: np.ndarray, confidence: np.ndarray
) -> None:
    """Draw a frame's bones, the farthest first, and the detected points (P, 2) px over a picture."""
    pen = ImageDraw.Draw(picture)
    pixels, depth = camera.pixels(body.points[frame])
    bones = [bone for bone in body.bones if (depth[list(bone[:2])] > 0.1).all()]
    for one, other, colour in sorted(bones, key=lambda bone: -depth[bone[0]] - depth[bone[1]]):
        ends = [tuple(pixels[end].tolist()) for end in (one, other)]
        thick = max(2.0, BONE_M * camera.K[0, 0] / float(depth[[one, other]].mean()))
        pen.line(ends, fill=RIM, width=round(thick + 3))
        pen.line(ends, fill=colour, width=round(thick))
        for end, at in zip((one, other), ends, strict=True):
            radius = max(2.0, JOINT_M * camera.K[0, 0] / float(depth[end])) * 0.9
            pen.ellipse(_box(at, radius + 1.5), fill=RIM)
            pen.ellipse(_box(at, radius), fill=colour)
    for at in points[confidence >= MIN_CONFIDENCE]:
        pen.ellipse(_box(tuple(at.tolist()), 2.5), fill=DOT, outline=RIM)


def _box(at: tuple[float, ...], radius: float) -> tuple[float, float, float, float]:
    x, y = at
    return x - radius, y - radius, x + radius, y + radius
