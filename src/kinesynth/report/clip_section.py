"""What a page shows of one clip: who and what, a video or a strip of pictures, and plots."""

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from kinesynth.dataset.record import ClipRecord
from kinesynth.dataset.sound import readable, sound_clip, sound_shard
from kinesynth.errors import BadInput
from kinesynth.report.muscle_paths import muscle_paths
from kinesynth.report.plots import clip_plot
from kinesynth.report.scene import Scene
from kinesynth.report.video import clip_video
from kinesynth.skeleton.definition import SkeletonDefinition

STRIP = 8  # pictures in a row
STRIP_SIZE = (174, 232)  # px
VIDEO_SECONDS, VIDEO_RATE = 4.0, 30.0  # at most, on a page


@dataclass(frozen=True)
class ClipSection:
    """One clip on a page.

    Attributes:
        clip_id: the clip.
        tags: action, subject, split, source.
        frames: how many there are.
        fps: frames per second.
        note: why the clip has no dynamics, empty where it has.
        video: an mp4 as a data address, empty for none.
        strips: pictures as data addresses, by camera.
        plot: an SVG.
    """

    clip_id: str
    tags: tuple[str, ...]
    frames: int
    fps: float
    note: str
    video: str
    strips: Mapping[str, list[str]]
    plot: str


def open_clip(shard: Path, clip_id: str) -> tuple[ClipRecord, SkeletonDefinition, Mapping[str, str | float]]:
    """Return a clip, its skeleton, and the attributes of its file.

    Raises:
        BadInput: the file is no shard, or has no such clip.
    """
    with sound_shard(shard) as file:
        if clip_id not in list(file["clips"]):
            found, known = repr(clip_id)[:80], ", ".join(file["clips"])
            raise BadInput(shard, "clip", found, f"one of {known}", "choose one")
        with readable(shard, "skeleton"):
            skeleton = SkeletonDefinition.read(file["skeleton"])
        return sound_clip(shard, file, clip_id), skeleton, dict(file.attrs)


def section_of(shard: Path, clip_id: str, *, with_video: bool) -> ClipSection:
    """Return what a page shows of a clip; the strip of pictures stays out where there is a video.

    Raises:
        BadInput: as `open_clip`.
    """
    clip, skeleton, person = open_clip(shard, clip_id)
    mass_kg, fps, frames = float(person["mass_kg"]), clip.fps, clip.n_frames
    video, strips = "", {}
    if with_video:
        shown = list(range(0, min(frames, round(VIDEO_SECONDS * fps)), max(round(fps / VIDEO_RATE), 1)))
        video = "data:video/mp4;base64," + base64.b64encode(clip_video(clip, skeleton, mass_kg, frames=shown)).decode()
    else:
        chosen = np.unique(np.linspace(0, frames - 1, STRIP).round().astype(int)).tolist()
        muscles = muscle_paths(clip, skeleton)
        for camera, view in clip.views.items():
            pictures = Scene(clip, view, skeleton, muscles, mass_kg).pictures(STRIP_SIZE, chosen)
            strips[camera] = [_data_address(picture) for picture in pictures]
    return ClipSection(
        clip_id=clip_id,
        tags=tuple(
            str(value) for value in (clip.attrs["action"], person["subject"], person["split"], clip.attrs["source"])
        ),
        frames=frames,
        fps=fps,
        note=str(clip.attrs["dynamics_reason"]),
        video=video,
        strips=strips,
        plot=clip_plot(clip, skeleton, mass_kg, clip_id),
    )


def _data_address(picture: Image.Image) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
