"""The pictures: cloth outside skin, feet on the floor, people in frame, sameness, memory, speed."""

import hashlib
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from kinesynth.body.model import BodyModel, SmplxPose, load_body
from kinesynth.geometry.mesh import vertex_normals
from kinesynth.isolation import Worker
from kinesynth.layout import FILES
from kinesynth.render import blender_process
from kinesynth.render.anatomy import Piece
from kinesynth.render.cameras import set_up
from kinesynth.render.garments import LOWER, UPPER
from kinesynth.render.person import dress
from kinesynth.render.person_files import bone_motion, rest_body, write_person
from kinesynth.render.presets import PRESETS
from kinesynth.render.render_views import clip_scene
from kinesynth.render.rigs import sample_setup
from kinesynth.render.sampling import furnish, sample_clothes, sample_look, sample_scene
from kinesynth.render.scene import Scene
from kinesynth.render.skinning import drape
from kinesynth.seeds import generator
from kinesynth.stage_file import read_stage
from kinesynth.subjects.sampled import sample_shape
from tools.acceptance.metrics import OUTPUT, Metric
from tools.acceptance.runs import run_workflow

BODIES, SCENES = 10, 50
SIZE = (256, 256)
MEMORY_FRAMES, WARM_UP_FRAMES = 500, 100
CHECKED_FRAMES = 4
DIRECTIONS = 26  # in which `write_person` takes extreme points, of each piece and frame


def metrics() -> Iterator[Metric]:
    """Measure on the demo's own motions."""
    forces = [FILES["ground_reaction"].format(shard=path.stem) for path in _fits()]
    run_workflow("demo", {}, [FILES["build_body"], *(str(path) for path in _fits()), *forces])
    model = load_body(OUTPUT / "demo" / FILES["build_body"])
    poses = [
        SmplxPose.from_clip(clip) for path in _fits() for clip in read_stage(OUTPUT / "demo" / path).clips.values()
    ]
    yield Metric("render.cloth_inside_skin", _cloth_inside_skin(model, poses), "fraction", 0.005, "lower")
    yield from _standing_feet(model)
    yield from _random_scenes(model, poses)
    with tempfile.TemporaryDirectory(prefix="kinesynth-") as name:
        yield from _renderer(model, poses[0], Path(name))


def _fits() -> list[Path]:
    return [Path(FILES["fit_body"].format(shard=f"{shard}_000")) for shard in ("s01", "s02", "s03")]


def _frames(pose: SmplxPose, index: np.ndarray, betas: np.ndarray | None = None) -> SmplxPose:
    """Return some frames of a pose, of another body if `betas` are given; its feet stay on the floor."""
    arrays = {name: value if name == "betas" else value[index] for name, value in pose.arrays.items()}
    return SmplxPose(**(arrays if betas is None else arrays | {"betas": betas}))


def _cloth_inside_skin(model: BodyModel, poses: list[SmplxPose]) -> float:
    """Return the greatest fraction of a garment's points, over all cuts and motions, that lie under the bare body."""
    outfits = _outfits()
    worst = 0.0
    for k, (upper, lower) in enumerate(outfits):
        pose = _frames(
            poses[k % len(poses)], np.linspace(0, len(poses[k % len(poses)]) - 1, CHECKED_FRAMES).astype(int)
        )
        body = rest_body(model, pose.betas)
        rng = generator(1, "acceptance", str(k))
        person = sample_clothes(rng, sample_look(rng, "female"))
        person = replace(person, upper=replace(person.upper, garment=upper), lower=replace(person.lower, garment=lower))
        transforms, (vertices, _) = bone_motion(pose, body), model.pose(pose)
        for piece in dress(body, person):
            if piece.clearance is not None:
                posed = drape(piece, transforms, body, vertices)
                worst = max(worst, _sunk_fraction(piece, posed, vertices, body.faces))
    return worst


def _outfits() -> list[tuple[str, str]]:
    """Return outfits in which every garment is worn, and worn with two others at least."""
    uppers, lowers = list(UPPER), list(LOWER)
    n = max(len(uppers), len(lowers))
    return [(uppers[k % len(uppers)], lowers[(k + turn) % len(lowers)]) for turn in range(2) for k in range(n)]


def _sunk_fraction(piece: Piece, posed: np.ndarray, vertices: np.ndarray, faces: np.ndarray) -> float:
    """Return the fraction of a garment's points (T,n,3) nearer than nothing to the body (T,N,3) along its normal."""
    assert piece.anchor is not None
    sunk = []
    for points, body in zip(posed, vertices, strict=True):
        normal = piece.anchor @ vertex_normals(body, faces)
        sunk.append(np.einsum("nd,nd->n", points - piece.anchor @ body, normal) < 0)
    return float(np.mean(sunk))


def _standing_feet(model: BodyModel) -> Iterator[Metric]:
    """Yield how far the lowest shoe is off the floor, above and below, while the ground carries a person."""
    heights = np.concatenate([_heights_of_carried(model, path) for path in _fits()])
    yield Metric("render.clips.floating_feet", 1000 * heights.max(), "mm", 20, "lower")
    yield Metric("render.clips.sunk_feet", -1000 * heights.min(), "mm", 20, "lower")


def _heights_of_carried(model: BodyModel, fit: Path) -> np.ndarray:
    """Return the lowest point over the floor, m, of the frames of a shard in which a force acts on a foot."""
    forces = read_stage(OUTPUT / "demo" / FILES["ground_reaction"].format(shard=fit.stem)).clips
    heights = []
    for name, clip in read_stage(OUTPUT / "demo" / fit).clips.items():
        pose = SmplxPose.from_clip(clip)
        scene, _ = clip_scene(clip, len(pose), 1, PRESETS["preview"])
        with tempfile.TemporaryDirectory(prefix="kinesynth-") as folder:
            extremes = write_person(Path(folder), model, pose, scene)
        lowest = extremes[:, 1].reshape(-1, len(pose), DIRECTIONS).min(axis=(0, 2))
        carried = np.nansum(forces[name].arrays["force"][..., 1], axis=1) > 0
        heights.append((lowest - scene.room.floor.height_m)[carried])
    return np.concatenate(heights)


def _random_scenes(model: BodyModel, poses: list[SmplxPose]) -> Iterator[Metric]:
    """Yield the worst of 50 random scenes with 10 bodies: feet off or under the floor, points out of frame."""
    shapes = [sample_shape(model, f"acceptance {k}", 1, 985.0) for k in range(BODIES)]
    floating, sunk, outside = 0.0, 0.0, 0
    for k in range(SCENES):
        shape, pose = shapes[k % BODIES], poses[k % len(poses)]
        chosen = _grounded(
            model, _frames(pose, np.arange(len(pose))[:: max(1, len(pose) // CHECKED_FRAMES)], shape.betas)
        )
        rng = generator(1, "acceptance scene", str(k))
        scene = sample_scene(rng, sample_look(rng, shape.sex), 30.0, len(chosen), PRESETS["preview"])
        with tempfile.TemporaryDirectory(prefix="kinesynth-") as name:
            extremes = write_person(Path(name), model, chosen, scene)
        lowest = extremes[:, 1].min() - scene.room.floor.height_m
        floating, sunk = max(floating, lowest), max(sunk, -lowest)
        for view in ("frontal", "sagittal", "random"):
            camera = set_up(view, sample_setup(rng, view), extremes, SIZE)
            pixels = camera.project(extremes)
            outside += int(((pixels < -0.5) | (pixels > np.array(SIZE) - 0.5)).any())
    yield Metric("render.floating_feet", 1000 * floating, "mm", 20, "lower")
    yield Metric("render.sunk_feet", 1000 * sunk, "mm", 20, "lower")
    yield Metric("render.people_out_of_frame", outside, "views", 0, "lower")


def _grounded(model: BodyModel, pose: SmplxPose) -> SmplxPose:
    """Return the pose with the lowest foot of all frames on the floor, as a body of other legs needs."""
    vertices, _ = model.pose(pose)
    return replace(pose, transl=pose.transl - [0.0, vertices[..., 1].min(), 0.0])


def _renderer(model: BodyModel, pose: SmplxPose, folder: Path) -> Iterator[Metric]:
    """Yield sameness, speed and memory of the process that draws."""
    blender_process.keep_memory()
    few = _frames(pose, np.arange(8))
    scene = _scene(model, few, folder, SIZE)
    with Worker(folder / "log") as worker:
        first = _pixels(worker, folder, scene)
        again = _pixels(worker, folder, Scene.from_json(scene.to_json()))
        yield Metric("render.same_scene_same_pixels", float(first == again), "fraction", 1.0, "higher")
        before = worker.call(blender_process.processor_seconds, timeout_seconds=60)
        start = time.monotonic()
        _pixels(worker, folder, scene)
        wall = time.monotonic() - start
        used = worker.call(blender_process.processor_seconds, timeout_seconds=60) - before
        yield Metric("render.frames_per_second_256", scene.n_frames / wall, "1/s", 1.0, "higher")
        yield Metric("render.processor_seconds_per_frame_256", used / scene.n_frames, "s", 2.0, "lower")
        small = _scene(model, _frames(pose, np.arange(50) % len(pose)), folder, (64, 64))
        sizes = []
        for _ in range((MEMORY_FRAMES + WARM_UP_FRAMES) // small.n_frames):
            _pixels(worker, folder, small)
            sizes.append(worker.call(blender_process.resident_bytes, timeout_seconds=60))
    warm = sizes[WARM_UP_FRAMES // small.n_frames - 1]
    yield Metric("render.memory_growth_500_frames", 100 * (sizes[-1] / warm - 1), "%", 2.0, "lower")


def _scene(model: BodyModel, pose: SmplxPose, folder: Path, size: tuple[int, int]) -> Scene:
    rng = generator(1, "acceptance", "renderer")
    scene = sample_scene(rng, sample_look(rng, "male"), 30.0, len(pose), PRESETS["preview"])
    extremes = write_person(folder, model, pose, scene)
    camera = set_up("frontal", sample_setup(generator(1, "acceptance", "camera"), "frontal"), extremes, size)
    return furnish(scene, extremes.min(axis=0), extremes.max(axis=0), (camera,))


def _pixels(worker: Worker, folder: Path, scene: Scene) -> str:
    """Render and return a digest of the pictures."""
    worker.call(blender_process.render, folder, scene, timeout_seconds=3600)
    return hashlib.sha256((folder / "frontal.mp4").read_bytes()).hexdigest()
