"""`kinesynth render-views`: pictures and part labels of a shard's clips, rendered in one Blender process."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from kinesynth.body.model import BodyModel, SmplxPose, load_body
from kinesynth.config import Render
from kinesynth.drawn_view import DrawnView
from kinesynth.errors import ClipRejected
from kinesynth.file_names import takes_file_names
from kinesynth.isolation import Worker
from kinesynth.render import blender_process
from kinesynth.render.bystander import bystander_pose, sample_bystander
from kinesynth.render.cameras import Camera, set_up
from kinesynth.render.development import develop
from kinesynth.render.engine import START_SECONDS, choose_engine
from kinesynth.render.job_folder import parts_path, picture_path, raw_path, whole_path
from kinesynth.render.person_files import joint_paths, write_bystander, write_person
from kinesynth.render.placing import Body, sample_occluders
from kinesynth.render.presets import PRESETS, Settings
from kinesynth.render.read_back import boxes, read_parts, read_video
from kinesynth.render.rigs import Rig, present, rig_of, sample_exposure, sample_setup
from kinesynth.render.sampling import furnish, sample_look, sample_scene
from kinesynth.render.scene import Scene
from kinesynth.render.shots import nearest_labels, shot_of
from kinesynth.render.truncation import set_up_cut
from kinesynth.seeds import generator
from kinesynth.stage_file import Clip, process_clips

STAGE = "render_views"
RENDER = Render()


@dataclass(frozen=True)
class RenderRun:
    """What all clips of a run share.

    Attributes:
        model: the body model.
        render: the section `render` of the configuration.
        seed: from which everything random is derived.
        settings: of the renderer.
    """

    model: BodyModel
    render: Render
    seed: int
    settings: Settings

    def timeout_seconds(self, n_frames: int, n_cameras: int) -> float:
        """Return after what time a clip is given up."""
        return START_SECONDS + self.settings.frame_seconds * n_frames * n_cameras

    def cameras(self, rig: Rig, rng: np.random.Generator, body: Body, cuts: np.random.Generator) -> tuple[Camera, ...]:
        """Sample a clip's cameras, which see all of the person, but for those that `cuts` samples to cut it.

        Raises:
            ClipRejected: a lens is so strong that its picture cannot be made of a pinhole's.
        """
        views = present(rng, rig.name, rig.cameras)
        setups = [sample_setup(rng, view) for view in views]
        exposures = [sample_exposure(rng, view, motion_blur=self.render.motion_blur) for view in views]
        cut = [bool(cuts.uniform() < self.render.truncation) for _ in views]
        cameras = tuple(
            set_up_cut(cuts, view, setup, body, rig.size, exposure)
            if is_cut
            else set_up(view, setup, body.outline, rig.size, exposure)
            for view, setup, exposure, is_cut in zip(views, setups, exposures, cut, strict=True)
        )
        for camera in cameras:
            try:
                shot_of(camera)
            except ValueError as error:
                raise ClipRejected("lens is too strong", float(np.abs(camera.distortion).max()), str(error)) from error
        return cameras


@takes_file_names
def render_views(
    *,
    body: Path,
    fit: Path,
    output: Path,
    render: Render = RENDER,
    seed: int = 1,
    log: Path = Path("render_views.log"),
) -> None:
    """Render the clips of a shard: per view an H.264 video, labels of the body's parts, boxes and camera matrices.

    Skin, eyes and hair are sampled from the seed and the subject; clothes, room, light and cameras from the seed and
    the clip. A clip whose line of the table names a rig is seen by that one, the others by the configuration's.

    Args:
        body: the body model (SMPL-X schema npz).
        fit: the shard's fitted poses.
        output: the shard's pictures.
        render: the section `render` of the configuration.
        seed: of all that is sampled.
        log: where Blender's chatter goes.
    """
    rig_of(render)  # a word about the configuration comes before the first clip
    blender_process.keep_memory()
    settings = choose_engine(PRESETS[render.preset], log)
    run = RenderRun(load_body(body), render, seed, settings)
    with Worker(log) as worker:
        process_clips(STAGE, [fit], output, partial(_render, worker, run))


def _render(worker: Worker, run: RenderRun, clip: Clip) -> Clip:
    pose, rig = SmplxPose.from_clip(clip), rig_of(run.render, str(clip.attrs.get("rig", "")))
    scene, rng = clip_scene(clip, len(pose), run.seed, run.settings)
    with tempfile.TemporaryDirectory(prefix="kinesynth-") as name:
        folder = Path(name)
        extremes = write_person(folder, run.model, pose, scene)
        if not np.isfinite(extremes).all():
            raise ClipRejected("body is not finite", float((~np.isfinite(extremes)).sum()))
        who = Body(joint_paths(run.model, pose), extremes)
        cuts, things = (generator(run.seed, clip.clip_id, what) for what in ("truncation", "occluders"))
        scene = furnish(scene, extremes.min(axis=0), extremes.max(axis=0), run.cameras(rig, rng, who, cuts))
        if things.uniform() < run.render.occluders:
            scene = replace(scene, occluders=sample_occluders(things, scene, who))
        others = generator(run.seed, clip.clip_id, "bystander")
        if others.uniform() < run.render.bystanders:
            scene = replace(scene, bystander=sample_bystander(others, run.model, scene, who))
        if scene.bystander:
            other = bystander_pose(run.model, scene.bystander, scene.fps, scene.n_frames)
            write_bystander(folder, run.model, other, scene.bystander.person, scene)
        limit = run.timeout_seconds(len(pose), len(scene.cameras))
        worker.call(blender_process.render, folder, scene, "depth" in run.render.tracks, timeout_seconds=limit)
        arrays: dict[str, np.ndarray] = {}
        for camera in scene.cameras:
            arrays |= _read_view(folder, camera, scene, run.render.tracks).arrays(camera.name)
    width, height = rig.size
    shown = {
        "views": [camera.name for camera in scene.cameras],
        "width": width,
        "height": height,
        "appearance": scene.to_json(),
        "tracks": " ".join(run.render.tracks),
    }
    return Clip(clip.clip_id, arrays, {**clip.attrs, **shown})


def _read_view(folder: Path, camera: Camera, scene: Scene, tracks: Sequence[str]) -> DrawnView:
    shot, pictures = shot_of(camera), picture_path(folder, camera.name)
    if shot.developed:
        develop(raw_path(folder, camera.name), camera, shot, scene.fps, pictures)
    bent = bool(camera.distortion.any())
    pixels = nearest_labels(camera, shot) if bent else None
    whole = None
    if (path := whole_path(folder, camera.name)).exists():
        whole = read_parts(path, scene.n_frames, pixels) > 0
    parts = read_parts(parts_path(folder, camera.name), scene.n_frames, pixels, hidden=whole is not None)
    if whole is not None and np.array_equal(whole, parts > 0):
        whole = None
    depth = None
    if "depth" in tracks:
        depth = np.load(folder / f"{camera.name}_depth.npy", mmap_mode="r")
        depth = depth if pixels is None else np.stack([frame[pixels] for frame in depth])
    return DrawnView(
        video=read_video(pictures, scene.n_frames),
        parts=parts,
        bbox=boxes(parts > 0, whole),
        K=camera.K,
        world_to_camera=camera.extrinsics,
        distortion=camera.distortion if bent else None,
        depth=depth,
        whole_mask=whole,
    )


def clip_scene(clip: Clip, n_frames: int, seed: int, settings: Settings) -> tuple[Scene, np.random.Generator]:
    """Return the scene of a clip, still without cameras, and the generator that samples its cameras.

    The look belongs to the subject and is the same in all of that subject's clips, whatever shard they are in; clothes,
    setting and light belong to the clip.
    """
    look = sample_look(generator(seed, str(clip.attrs["subject"]), "look"), str(clip.attrs.get("sex", "")))
    rng = generator(seed, clip.clip_id, "render")
    return sample_scene(rng, look, clip.fps, n_frames, settings), rng
