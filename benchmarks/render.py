"""What a frame costs at each rung of the settings ladder: pictures and mask, without dressing the person.

    python -m benchmarks.render BODY FIT [FRAMES [RUNG]]

BODY is a body model (npz), FIT a shard's fitted poses; the first clip is drawn. RUNG is how the names of those rungs
begin that are wanted, `odah` for instance. Prints processor and wall-clock seconds
a frame, after a first picture that compiles the shaders.
"""

# ruff: noqa: T201 (a command that prints)
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from kinesynth.body.model import BodyModel, SmplxPose, load_body
from kinesynth.isolation import Worker
from kinesynth.render import blender_process
from kinesynth.render.cameras import Setup, set_up
from kinesynth.render.person_files import write_person
from kinesynth.render.presets import PRESETS, Settings
from kinesynth.render.sampling import furnish, sample_look, sample_scene
from kinesynth.render.scene import Scene
from kinesynth.stage_file import read_stage

PREVIEW, ODAH = PRESETS["preview"], PRESETS["odah"]
ONE, FOUR = replace(PREVIEW, samples=1), replace(PREVIEW, samples=4)
LADDER = (
    ("1 sample", (256, 256), ONE),
    ("preview: 2 samples", (256, 256), PREVIEW),
    ("4 samples", (256, 256), FOUR),
    ("1 sample, true shadows", (256, 256), replace(ONE, shadows=True, shadow_pool_mb=ODAH.shadow_pool_mb)),
    ("1 sample", (1080, 720), ONE),
    ("preview: 2 samples", (1080, 720), PREVIEW),
    ("4 samples", (1080, 720), FOUR),
    ("odah: 8 samples, true shadows", (640, 480), ODAH),
    ("odah: 8 samples, true shadows", (1080, 720), ODAH),
)


def main(body: Path, fit: Path, frames: int, rung: str) -> None:
    """Draw every rung whose name begins so, and print its cost."""
    model, clip = load_body(body), next(iter(read_stage(fit).clips.values()))
    whole = SmplxPose.from_clip(clip).arrays
    pose = SmplxPose(**{name: value if name == "betas" else value[:frames] for name, value in whole.items()})
    blender_process.keep_memory()
    with tempfile.TemporaryDirectory(prefix="kinesynth-") as name, Worker(Path(name) / "log") as worker:
        print(worker.call(blender_process.device, timeout_seconds=300))
        for label, size, settings in (each for each in LADDER if each[0].startswith(rung)):
            processor, wall = cost(worker, Path(name), scene_of(model, pose, Path(name), size, settings))
            print(f"{size[0]:4d}x{size[1]:<4d} {label:30s} {processor:7.2f} s processor {wall:7.2f} s wall", flush=True)


def scene_of(model: BodyModel, pose: SmplxPose, folder: Path, size: tuple[int, int], settings: Settings) -> Scene:
    """Return the scene, its meshes written to `folder`."""
    rng = np.random.default_rng(1)
    scene = sample_scene(rng, sample_look(rng, "male"), 30.0, len(pose), settings, "room")
    extremes = write_person(folder, model, pose, scene)
    camera = set_up("frontal", Setup(), extremes, size)
    return furnish(scene, extremes.min(axis=0), extremes.max(axis=0), (camera,))


def cost(worker: Worker, folder: Path, scene: Scene) -> tuple[float, float]:
    """Return processor and wall-clock seconds a frame, after one frame drawn to warm up."""
    worker.call(blender_process.render, folder, replace(scene, n_frames=1), timeout_seconds=3600)
    before = worker.call(blender_process.processor_seconds, timeout_seconds=60)
    start = time.monotonic()
    worker.call(blender_process.render, folder, scene, timeout_seconds=3600)
    wall = time.monotonic() - start
    used = worker.call(blender_process.processor_seconds, timeout_seconds=60) - before
    return used / scene.n_frames, wall / scene.n_frames


if __name__ == "__main__":
    body, fit, *more = sys.argv[1:]
    main(Path(body), Path(fit), int(more[0]) if more else 4, more[1] if more[1:] else "")
