"""`kinesynth render-views`: pictures and part labels of a shard's clips, drawn in one Blender process."""

import os
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from kinesynth.body.model import BodyModel, SmplxPose, load_body
from kinesynth.errors import BadInput, ClipRejected
from kinesynth.isolation import Worker, isolated
from kinesynth.render import blender_calls, shading
from kinesynth.render.anatomy import Piece, RestBody
from kinesynth.render.cameras import draw_perturbation, place, view_names
from kinesynth.render.draw import draw_look, draw_scene, furnish
from kinesynth.render.job import cache_path, shade_path, write_cache, write_pieces
from kinesynth.render.person import dress
from kinesynth.render.scene import PRESETS, Engine, Scene, Settings
from kinesynth.render.skinning import bone_transforms, drape
from kinesynth.render.tracks import boxes, read_parts, read_video
from kinesynth.seeds import generator
from kinesynth.stage_file import Clip, process_clips

STAGE = "render_views"
ENGINE_VARIABLE = "KINESYNTH_RENDER_ENGINE"
START_SECONDS = 300.0  # shaders compile while the first picture is drawn
_FRAME_SECONDS = {"preview": 60.0, "odah": 240.0}
_FRAMES_PER_CHUNK = 32

Track = Literal["parts", "depth"]


def render_views(
    *,
    body: Path,
    fit: Path,
    output: Path,
    views: list[str],
    seed: int = 1,
    preset: Literal["preview", "odah"] = "preview",
    width: int = 256,
    height: int = 192,
    tracks: list[Track] | None = None,
    log: Path = Path("render_views.log"),
) -> None:
    """Draw the clips of a shard: per view an H.264 video, labels of the body's parts, boxes and camera matrices.

    Skin, eyes and hair are sampled from the seed and the subject; clothes, room, light and cameras from the seed and
    the clip.

    Args:
        body: the body model (SMPL-X schema npz).
        fit: the shard's fitted poses.
        output: the shard's pictures.
        views: names of views (frontal, sagittal, sagittal_left, rear, oblique), or how many of them in this order;
            random and random_NAME are drawn anew for each clip.
        seed: of all that is drawn.
        preset: preview (CPUs) or odah (the paper's quality).
        width: of the pictures, px.
        height: of the pictures, px.
        tracks: what the shard is to hold of each view besides the rest: parts (labels of the body's parts), depth.
        log: where Blender's chatter goes.
    """
    names = view_names(int(views[0]) if len(views) == 1 and views[0].isdigit() else views)
    blender_calls.keep_memory()
    settings = choose_engine(PRESETS[preset], log)
    model = load_body(body)
    with Worker(log) as worker:
        size, limit = (width, height), _FRAME_SECONDS[preset]
        work = partial(_render, worker, model, names, size, seed, settings, limit, tracks or [])
        process_clips(STAGE, [fit], output, work, {"views": names})


def choose_engine(settings: Settings, log: Path) -> Settings:
    """Return the settings with the engine that can draw here, and say in the log which and on what.

    The environment variable KINESYNTH_RENDER_ENGINE (eevee or cycles) forces one; which graphics card EEVEE draws on is
    EGL's choice, ruled by the driver's own variables.

    Raises:
        BadInput: the variable names no engine.
    """
    forced = os.environ.get(ENGINE_VARIABLE, "")
    if forced not in ("", *get_args(Engine)):
        raise BadInput("environment", ENGINE_VARIABLE, forced, f"one of {get_args(Engine)}", "unset it")
    if forced == "cycles":
        settings, line = replace(settings, engine="cycles"), f"Cycles draws on the CPU, as {ENGINE_VARIABLE} says"
    else:
        try:
            line = f"EEVEE draws on {isolated(blender_calls.device, timeout_seconds=START_SECONDS, log=log)}"
        except ClipRejected:
            settings = replace(settings, engine="cycles")
            line = "no OpenGL context (install libegl1 and libgl1-mesa-dri): Cycles draws on the CPU instead, slowly"
    with log.open("a") as stream:
        stream.write(f"{STAGE}: {line}\n")
    return settings


def _render(
    worker: Worker,
    model: BodyModel,
    names: list[str],
    size: tuple[int, int],
    seed: int,
    settings: Settings,
    frame_seconds: float,
    tracks: list[Track],
    clip: Clip,
) -> Clip:
    pose = SmplxPose.from_clip(clip)
    n_frames = len(pose)
    scene, rng = clip_scene(clip, n_frames, seed, settings)
    perturbations = [draw_perturbation(rng, name) for name in names]
    with tempfile.TemporaryDirectory(prefix="kinesynth-") as name:
        folder = Path(name)
        extremes = write_person(folder, model, pose, scene)
        if not np.isfinite(extremes).all():
            raise ClipRejected("body is not finite", float((~np.isfinite(extremes)).sum()))
        cameras = tuple(place(view, extremes, *size, each) for view, each in zip(names, perturbations, strict=True))
        scene = furnish(scene, extremes.min(axis=0), extremes.max(axis=0), cameras)
        limit = START_SECONDS + frame_seconds * n_frames * len(names)
        worker.call(blender_calls.render, folder, scene, "depth" in tracks, timeout_seconds=limit)
        arrays: dict[str, np.ndarray] = {}
        for camera in cameras:
            parts = read_parts(folder / f"{camera.name}_parts.mkv", n_frames)
            arrays |= {
                f"{camera.name}/video": read_video(folder / f"{camera.name}.mp4", n_frames),
                f"{camera.name}/parts": _deflated(parts),
                f"{camera.name}/bbox": boxes(parts > 0),
                f"{camera.name}/K": camera.K,
                f"{camera.name}/world_to_camera": camera.extrinsics,
            }
            if "depth" in tracks:
                arrays[f"{camera.name}/depth"] = _deflated(np.load(folder / f"{camera.name}_depth.npy"))
    width, height = size
    shown = {
        "views": names,
        "width": width,
        "height": height,
        "appearance": scene.to_json(),
        "tracks": " ".join(tracks),
    }
    return Clip(clip.clip_id, arrays, {**clip.attrs, **shown})


def clip_scene(clip: Clip, n_frames: int, seed: int, settings: Settings) -> tuple[Scene, np.random.Generator]:
    """Return the scene of a clip, still without cameras, and the generator that samples its cameras.

    The look belongs to the subject and is the same in all of that subject's clips, whatever shard they are in; clothes,
    place and light belong to the clip.
    """
    look = draw_look(generator(seed, str(clip.attrs["subject"]), "look"), str(clip.attrs.get("sex", "")))
    rng = generator(seed, clip.clip_id, "render")
    return draw_scene(rng, look, float(clip.attrs["fps"]), n_frames, settings), rng


def _deflated(pictures: np.ndarray) -> np.ndarray:
    """Return the bytes of an array, compressed: a stage file holds arrays as they are."""
    return np.frombuffer(zlib.compress(np.ascontiguousarray(pictures)), np.uint8)


def write_person(folder: Path, model: BodyModel, pose: SmplxPose, scene: Scene) -> np.ndarray:
    """Write the dressed person's meshes and their motion to `folder`; return extreme points (P,3) m of all frames."""
    body = rest_body(model, pose.betas)
    pieces = dress(body, scene.person)
    transforms = bone_motion(pose, body)
    chunks = [np.concatenate(parts) for parts in zip(*_posed(model, body, pieces, pose, transforms), strict=True)]
    for k, posed in enumerate(chunks):
        write_cache(cache_path(folder, k), len(pieces[k].rest), len(pose), posed)
    extremes = np.concatenate([_extremes(posed) for posed in chunks])
    if not scene.settings.shadows and np.isfinite(extremes).all():
        pieces = [*pieces, _write_shades(folder, body, pieces, chunks, transforms, scene)]
    write_pieces(folder, pieces)
    return extremes


def _write_shades(
    folder: Path, body: RestBody, pieces: list[Piece], chunks: list[np.ndarray], transforms: np.ndarray, scene: Scene
) -> Piece:
    """Write the light that reaches the pieces and the floor; return the floor's patch."""
    spheres, light = shading.fill(body), shading.key_light(scene)
    low, high = (function([function(posed, axis=(0, 1)) for posed in chunks], axis=0) for function in (np.min, np.max))
    patch = shading.floor_patch(low, high, scene.room.floor.height_m)
    for k, (piece, posed) in enumerate(zip(pieces, chunks, strict=True)):
        np.save(shade_path(folder, k), shading.piece_shades(posed, piece.faces, spheres, transforms, light))
    write_cache(cache_path(folder, len(pieces)), len(patch.rest), len(transforms), [patch.rest] * len(transforms))
    np.save(shade_path(folder, len(pieces)), shading.floor_shades(patch, spheres, transforms, light))
    return patch


def bone_motion(pose: SmplxPose, body: RestBody) -> np.ndarray:
    """Return the bone transforms (T,J,3,4) of a clip."""
    zeros = np.zeros((len(pose), 9))  # jaw and eyes, between body and hands
    vectors = [pose.global_orient, pose.body_pose, zeros, pose.left_hand_pose, pose.right_hand_pose]
    rotations = np.concatenate(vectors, axis=1).reshape(len(pose), -1, 3)
    return bone_transforms(rotations, pose.transl, body.joints, body.parents)


def _posed(
    model: BodyModel, body: RestBody, pieces: list[Piece], pose: SmplxPose, transforms: np.ndarray
) -> Iterator[list[np.ndarray]]:
    """Yield the pieces' points, float32 (t,n,3) m in the world, a chunk of frames after the other."""
    for start in range(0, len(pose), _FRAMES_PER_CHUNK):
        part = slice(start, start + _FRAMES_PER_CHUNK)
        arrays = {name: value if name == "betas" else value[part] for name, value in pose.arrays().items()}
        vertices, _ = model.pose(SmplxPose(**arrays))
        yield [drape(piece, transforms[part], body, vertices).astype(np.float32) for piece in pieces]


def rest_body(model: BodyModel, betas: np.ndarray) -> RestBody:
    """Return a subject's body at rest."""
    return RestBody(
        model.rest_vertices(betas),
        model.rest_joints(betas),
        model.skinning_weights,
        model.faces,
        np.asarray(model.parents),
        tuple(model.joint_names),
        model.skin_zones,
    )


def _extremes(posed: np.ndarray) -> np.ndarray:
    """Return, of points (T,n,3), each frame's farthest in 26 directions (the corners of a cube and between them)."""
    grid = np.stack(np.meshgrid(*[[-1.0, 0.0, 1.0]] * 3), axis=-1).reshape(-1, 3)
    directions = grid[np.abs(grid).sum(axis=1) > 0]
    index = (posed @ directions.T.astype(posed.dtype)).argmax(axis=1)
    return np.take_along_axis(posed, index[..., None], axis=1).reshape(-1, 3).astype(np.float64)
