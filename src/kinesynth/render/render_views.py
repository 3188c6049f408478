"""`kinesynth render-views`: pictures and part labels of a shard's clips, rendered in one Blender process."""

import tempfile
import zlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from kinesynth.body.model import BodyModel, SmplxPose, load_body
from kinesynth.errors import ClipRejected
from kinesynth.isolation import Worker
from kinesynth.render import blender_process
from kinesynth.render.cameras import Camera, place, sample_perturbation, view_names
from kinesynth.render.engine import START_SECONDS, choose_engine
from kinesynth.render.person_files import write_person
from kinesynth.render.presets import PRESETS, Preset, Settings
from kinesynth.render.read_back import boxes, read_parts, read_video
from kinesynth.render.sampling import furnish, sample_look, sample_scene
from kinesynth.render.scene import Scene
from kinesynth.seeds import generator
from kinesynth.stage_file import Clip, process_clips

STAGE = "render_views"
Track = Literal["parts", "depth"]


@dataclass(frozen=True)
class RenderRun:
    """What all clips of a run share.

    Attributes:
        model: the body model.
        views: names of cameras.
        size: width and height of the pictures, px.
        seed: from which everything random is derived.
        settings: of the renderer.
        tracks: what is kept of each view besides the rest.
    """

    model: BodyModel
    views: list[str]
    size: tuple[int, int]
    seed: int
    settings: Settings
    tracks: list[Track]

    def timeout_seconds(self, n_frames: int) -> float:
        """Return after what time a clip is given up."""
        return START_SECONDS + self.settings.frame_seconds * n_frames * len(self.views)


def render_views(
    *,
    body: Path,
    fit: Path,
    output: Path,
    views: list[str],
    seed: int = 1,
    preset: Preset = "preview",
    width: int = 256,
    height: int = 192,
    tracks: list[Track] | None = None,
    log: Path = Path("render_views.log"),
) -> None:
    """Render the clips of a shard: per view an H.264 video, labels of the body's parts, boxes and camera matrices.

    Skin, eyes and hair are sampled from the seed and the subject; clothes, room, light and cameras from the seed and
    the clip.

    Args:
        body: the body model (SMPL-X schema npz).
        fit: the shard's fitted poses.
        output: the shard's pictures.
        views: names of views (frontal, sagittal, sagittal_left, rear, oblique), or how many of them in this order;
            random and random_NAME are sampled anew for each clip.
        seed: of all that is sampled.
        preset: preview (CPUs) or odah (the paper's quality).
        width: of the pictures, px.
        height: of the pictures, px.
        tracks: what the shard is to hold of each view besides the rest: parts (labels of the body's parts), depth.
        log: where Blender's chatter goes.
    """
    names = view_names(int(views[0]) if len(views) == 1 and views[0].isdigit() else views)
    blender_process.keep_memory()
    settings = choose_engine(PRESETS[preset], log)
    run = RenderRun(load_body(body), names, (width, height), seed, settings, tracks or [])
    with Worker(log) as worker:
        process_clips(STAGE, [fit], output, partial(_render, worker, run), {"views": names})


def _render(worker: Worker, run: RenderRun, clip: Clip) -> Clip:
    pose = SmplxPose.from_clip(clip)
    scene, rng = clip_scene(clip, len(pose), run.seed, run.settings)
    perturbations = [sample_perturbation(rng, name) for name in run.views]
    with tempfile.TemporaryDirectory(prefix="kinesynth-") as name:
        folder = Path(name)
        extremes = write_person(folder, run.model, pose, scene)
        if not np.isfinite(extremes).all():
            raise ClipRejected("body is not finite", float((~np.isfinite(extremes)).sum()))
        cameras = tuple(
            place(view, extremes, *run.size, each) for view, each in zip(run.views, perturbations, strict=True)
        )
        scene = furnish(scene, extremes.min(axis=0), extremes.max(axis=0), cameras)
        limit = run.timeout_seconds(len(pose))
        worker.call(blender_process.render, folder, scene, "depth" in run.tracks, timeout_seconds=limit)
        arrays = {
            f"{camera.name}/{array}": value
            for camera in cameras
            for array, value in _read_view(folder, camera, len(pose), run.tracks).items()
        }
    width, height = run.size
    shown = {
        "views": run.views,
        "width": width,
        "height": height,
        "appearance": scene.to_json(),
        "tracks": " ".join(run.tracks),
    }
    return Clip(clip.clip_id, arrays, {**clip.attrs, **shown})


def _read_view(folder: Path, camera: Camera, n_frames: int, tracks: list[Track]) -> dict[str, np.ndarray]:
    """Return a view's arrays, by name."""
    parts = read_parts(folder / f"{camera.name}_parts.mkv", n_frames)
    arrays = {
        "video": read_video(folder / f"{camera.name}.mp4", n_frames),
        "parts": _deflated(parts),
        "bbox": boxes(parts > 0),
        "K": camera.K,
        "world_to_camera": camera.extrinsics,
    }
    if "depth" in tracks:
        arrays["depth"] = _deflated(np.load(folder / f"{camera.name}_depth.npy"))
    return arrays


def clip_scene(clip: Clip, n_frames: int, seed: int, settings: Settings) -> tuple[Scene, np.random.Generator]:
    """Return the scene of a clip, still without cameras, and the generator that samples its cameras.

    The look belongs to the subject and is the same in all of that subject's clips, whatever shard they are in; clothes,
    setting and light belong to the clip.
    """
    look = sample_look(generator(seed, str(clip.attrs["subject"]), "look"), str(clip.attrs.get("sex", "")))
    rng = generator(seed, clip.clip_id, "render")
    return sample_scene(rng, look, float(clip.attrs["fps"]), n_frames, settings), rng


def _deflated(pictures: np.ndarray) -> np.ndarray:
    """Return the bytes of an array, compressed: a stage file holds arrays as they are."""
    return np.frombuffer(zlib.compress(np.ascontiguousarray(pictures)), np.uint8)
