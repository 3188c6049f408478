"""How often something can be put in a person's way, and what it hides; nothing is rendered.

    python -m benchmarks.in_the_way SEEDS BODY FIT [FIT ...]

A row for each rig of cameras, over all clips of the shards' fitted poses and so many seeds.
"""

# ruff: noqa: T201 (a command that prints)
import sys
from pathlib import Path

import numpy as np

from kinesynth.body.model import BodyModel, SmplxPose, load_body
from kinesynth.config import Render
from kinesynth.render.bystander import sample_bystander
from kinesynth.render.cameras import Framing
from kinesynth.render.person_files import joint_paths
from kinesynth.render.placing import Body, hidden_by_view, sample_occluders
from kinesynth.render.presets import PRESETS
from kinesynth.render.render_views import RenderRun, clip_scene
from kinesynth.render.rigs import rig_of
from kinesynth.render.sampling import furnish
from kinesynth.render.scene import Occluder, Scene
from kinesynth.seeds import generator
from kinesynth.stage_file import Clip, read_stage

RIGS = ("odah", "phones", "laboratory")
_EVERY = 37  # vertex of the body is asked how far it reaches


def main(seeds: int, body: Path, fits: list[Path]) -> None:
    """Print the rows."""
    model = load_body(body)
    clips = [clip for fit in fits for clip in read_stage(fit).clips.values()]
    people = [_person(model, clip) for clip in clips]
    for rig in RIGS:
        found = [_tried(model, rig, *each, seed) for each in zip(clips, people, strict=True) for seed in range(seeds)]
        most, others, cut = map(np.array, zip(*found, strict=True))
        low, median, high = np.percentile(most[most > 0], (0, 50, 100))
        print(
            f"{rig}, {len(found)} clips: things in {(most > 0).mean():.0%}, which hide {low:.2f} to {high:.2f}, median "
            f"{median:.2f}, of the joints; bystanders in {others.mean():.0%}; {cut.mean():.0%} of views cut",
            flush=True,
        )


def _person(model: BodyModel, clip: Clip) -> Body:
    pose = SmplxPose.from_clip(clip)
    vertices, _ = model.pose(pose)
    return Body(joint_paths(model, pose), vertices[:, ::_EVERY].reshape(-1, 3))


def _tried(model: BodyModel, rig: str, clip: Clip, body: Body, seed: int) -> tuple[float, bool, float]:
    """Return what things hide (0: none placed), whether there is a bystander, and which fraction of views is cut."""
    cut = [camera.framing != Framing() for camera in _scene(model, rig, 1.0, clip, body, seed).cameras]
    scene = _scene(model, rig, 0.0, clip, body, seed)
    things = sample_occluders(generator(seed, clip.clip_id, "occluders"), scene, body)
    other = sample_bystander(generator(seed, clip.clip_id, "bystander"), model, scene, body)
    return _most(scene, things, body), other is not None, float(np.mean(cut))


def _scene(model: BodyModel, rig: str, truncation: float, clip: Clip, body: Body, seed: int) -> Scene:
    render = Render(rig=rig, truncation=truncation)
    run = RenderRun(model, render, seed, PRESETS["preview"])
    scene, rng = clip_scene(clip, len(body.joints), seed, run.settings)
    cameras = run.cameras(rig_of(render), rng, body, generator(seed, clip.clip_id, "truncation"))
    return furnish(scene, body.outline.min(axis=0), body.outline.max(axis=0), cameras)


def _most(scene: Scene, things: tuple[Occluder, ...], body: Body) -> float:
    """Return the greatest fraction of the joints that things hide in any frame and view."""
    by_thing = [hidden_by_view(scene, thing, body.joints) for thing in things]
    return max((float(np.any(one, axis=0).mean(axis=1).max()) for one in zip(*by_thing, strict=True)), default=0.0)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), [Path(name) for name in sys.argv[3:]])
