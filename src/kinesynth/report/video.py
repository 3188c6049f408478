"""A clip as a short video: its views with labels over the pixels, and forces and activations running beside them."""

import io
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont

from kinesynth.dataset.record import ClipRecord
from kinesynth.gravity import GRAVITY
from kinesynth.report.muscle_paths import muscle_paths
from kinesynth.report.scene import LEFT, RIGHT, Scene
from kinesynth.skeleton.definition import SkeletonDefinition
from kinesynth.skeleton.muscle_groups import group_members

PANEL = (360, 480)  # px, width and height of a view at scale 1
CHART_WIDTH = 400
GROUND, INK, SOFT = "#12171d", "#e4e9ef", "#97a4b3"
STYLE: dict[Any, Any] = {
    "figure.facecolor": GROUND, "axes.facecolor": GROUND, "text.color": INK, "axes.labelcolor": SOFT,
    "xtick.color": SOFT, "ytick.color": SOFT, "axes.edgecolor": SOFT, "font.size": 7.5, "axes.titlesize": 8.5,
    "axes.titlelocation": "left", "axes.spines.top": False, "axes.spines.right": False, "axes.linewidth": 0.6,
}  # fmt: skip


def clip_pictures(
    clip: ClipRecord, skeleton: SkeletonDefinition, mass_kg: float, scale: float = 1.0, frames: list[int] | None = None
) -> Iterator[Image.Image]:
    """Yield frames (default: all) of a clip: every view side by side, and a chart with a line at the frame's time."""
    frames = list(range(clip.n_frames)) if frames is None else frames
    muscles = muscle_paths(clip, skeleton)
    width, height = (2 * round(side * scale / 2) for side in PANEL)
    scenes = [Scene(clip, view, skeleton, muscles, mass_kg).pictures((width, height), frames)
              for view in clip.views.values()]  # fmt: skip
    chart, (left, right), (top, bottom) = _chart(clip, skeleton, mass_kg, (2 * round(CHART_WIDTH * scale / 2), height))
    font = ImageFont.load_default(size=13 * scale)
    last = max(clip.n_frames - 1, 1)
    for frame, *panels in zip(frames, *scenes, strict=True):
        picture = Image.new("RGB", (width * len(panels) + chart.width, height))
        pen = ImageDraw.Draw(picture)
        for place, (camera, panel) in enumerate(zip(clip.views, panels, strict=True)):
            picture.paste(panel, (place * width, 0))
            pen.text((place * width + 8, 6), camera, fill="white", font=font, stroke_width=1, stroke_fill="#0008")
        picture.paste(chart, (width * len(panels), 0))
        x = width * len(panels) + left + (right - left) * frame / last
        pen.line((x, top, x, bottom), fill=INK, width=1)
        yield picture


def clip_video(
    clip: ClipRecord, skeleton: SkeletonDefinition, mass_kg: float, scale: float = 1.0, frames: list[int] | None = None
) -> bytes:
    """Return the mp4 (H.264) of a clip in its own time, of all frames or of some at even distances."""
    buffer = io.BytesIO()
    step = frames[1] - frames[0] if frames and len(frames) > 1 else 1
    rate = Fraction(clip.fps / step).limit_denominator(1001)
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("h264", rate=rate, options={"crf": "24", "preset": "medium"})
        stream.pix_fmt = "yuv420p"
        for picture in clip_pictures(clip, skeleton, mass_kg, scale, frames):
            if not container.streams.video[0].codec_context.is_open:
                stream.width, stream.height = picture.size
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")))
        container.mux(stream.encode())
    return buffer.getvalue()


def _chart(
    clip: ClipRecord, skeleton: SkeletonDefinition, mass_kg: float, size: tuple[int, int]
) -> tuple[Image.Image, tuple[float, float], tuple[float, float]]:
    """Draw forces above activations; return the picture, and where in it time and the two plots begin and end, px."""
    times = np.arange(clip.n_frames) / clip.fps
    dpi = 100 * size[1] / PANEL[1]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(size[0] / dpi, size[1] / dpi), dpi=dpi, layout="constrained")
        above, below = figure.subplots(2, 1, height_ratios=[1, 2.1], sharex=True)
        vertical = clip.arrays["grf/force"][..., 1] / (mass_kg * GRAVITY)
        for foot, colour in enumerate((RIGHT, LEFT)):
            above.plot(times, vertical[:, foot], color=np.array(colour) / 255, linewidth=1.4)
        above.set_ylim(0.0, max(1.3, 1.08 * float(vertical.max())))
        above.set_title("vertical force, body weights")
        members = group_members(skeleton.muscle_names)
        means = np.stack([clip.arrays["activations"][:, indices].mean(axis=1) for indices in members.values()])
        extent = (times[0], times[-1], len(members) - 0.5, -0.5)
        below.imshow(means, aspect="auto", cmap="magma", vmin=0, vmax=0.6, extent=extent, interpolation="nearest")
        labels = [f"{group} {side}".strip() for group, side in members]
        below.set_yticks(range(len(members)), labels, fontsize=min(6.5, 130 / len(members)))
        below.set(xlabel="time, s")
        below.set_title("muscle activation, 0 to 0.6")
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=dpi)
        picture = Image.open(buffer).convert("RGB").resize(size)
        box, top = below.get_window_extent(), above.get_window_extent().y1
    return picture, (box.x0, box.x1), (size[1] - top, size[1] - box.y0)
