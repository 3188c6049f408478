"""`kinesynth gallery`: one picture of what the renderer can do."""

import math
import tempfile
from dataclasses import replace
from itertools import product
from pathlib import Path

import av
import numpy as np
from PIL import Image

from kinesynth.atomic import atomic_path
from kinesynth.body.joints import JOINT_NAMES
from kinesynth.body.model import BodyModel, SmplxPose, load_body
from kinesynth.config import Config
from kinesynth.file_names import takes_file_names
from kinesynth.isolation import Worker
from kinesynth.pixels import frame_pixels
from kinesynth.render import blender_process
from kinesynth.render.cameras import Setup, set_up
from kinesynth.render.engine import START_SECONDS, choose_engine
from kinesynth.render.garments import LOWER, UPPER
from kinesynth.render.person_files import write_person
from kinesynth.render.presets import PRESETS
from kinesynth.render.sampling import furnish, sample_clothes, sample_look, sample_scene
from kinesynth.render.scene import Kind, Person, Scene
from kinesynth.seeds import generator
from kinesynth.subjects.sampled import sample_shape
from kinesynth.subjects.shape import Shape

_BODIES = 3
_SETTINGS: tuple[Kind, ...] = ("room", "outdoors")
_AZIMUTHS_DEG = (-25.0, 20.0, -10.0, 30.0, 0.0)


@takes_file_names
def gallery(
    *,
    body: Path,
    output: Path,
    log: Path = Path("gallery.log"),
    seed: int = 1,
    width: int = 1200,
    height: int = 720,
) -> None:
    """Render a contact sheet: every upper garment with every lower one, on three bodies, in two settings.

    Args:
        body: the body model (SMPL-X schema npz).
        output: the picture (png).
        log: where Blender's chatter goes.
        seed: of all that is sampled.
        width: of the picture, px.
        height: of the picture, px.
    """
    model = load_body(body)
    shapes = _shapes(model, seed)
    blender_process.keep_memory()
    settings = choose_engine(replace(PRESETS["preview"], samples=4), log)
    outfits = list(product(UPPER, LOWER))
    columns = min(len(outfits), 2 * len(LOWER))
    size = (width // columns, height // math.ceil(len(outfits) / columns))
    with Worker(log) as worker:
        people = []
        for k, outfit in enumerate(outfits):
            shape = shapes[k % _BODIES]
            person = _person(generator(seed, "gallery", str(k), "person"), shape.sex, *outfit)
            kind = _SETTINGS[k % columns * len(_SETTINGS) // columns]
            rng = generator(seed, "gallery", kind, "place")
            scene = replace(sample_scene(rng, person.look, 30.0, 1, settings, kind), person=person)
            people.append(_rendered(worker, model, shape.betas, scene, _AZIMUTHS_DEG[k % len(_AZIMUTHS_DEG)], size))
    with atomic_path(output) as path:
        _dithered(_sheet(people, columns)).save(path, format="png", optimize=True)


def _sheet(people: list[np.ndarray], columns: int) -> np.ndarray:
    """Return pictures of one size side by side in rows of so many; a last row that is not full ends in white."""
    white = [np.full_like(people[0], 255)] * (-len(people) % columns)
    whole = [*people, *white]
    return np.concatenate([np.concatenate(whole[k : k + columns], axis=1) for k in range(0, len(whole), columns)])


def _dithered(picture: np.ndarray) -> Image.Image:
    """Return a picture in 256 colours, which has half the bytes, for a page that loads fast."""
    full = Image.fromarray(picture)
    palette = full.quantize(256, method=Image.Quantize.MAXCOVERAGE, kmeans=2)
    return full.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)


def _shapes(model: BodyModel, seed: int) -> list[Shape]:
    """Return bodies of both sexes."""
    drawn = [sample_shape(model, f"gallery {k}", seed, Config().body.density_kg_m3) for k in range(4 * _BODIES)]
    by_sex = [[shape for shape in drawn if shape.sex == sex] for sex in sorted({shape.sex for shape in drawn})]
    return [by_sex[k % len(by_sex)][k // len(by_sex)] for k in range(_BODIES)]


def _person(rng: np.random.Generator, sex: str, upper: str, lower: str) -> Person:
    """Return a person in a given outfit, whatever else is sampled."""
    person = sample_clothes(rng, sample_look(rng, sex))
    return replace(person, upper=replace(person.upper, garment=upper), lower=replace(person.lower, garment=lower))


def _rendered(
    worker: Worker, model: BodyModel, betas: np.ndarray, scene: Scene, azimuth_deg: float, size: tuple[int, int]
) -> np.ndarray:
    """Return a picture (height, width, 3) of a standing person: the middle of one that is wider than high."""
    width, height = size
    wide = max(width, height + height // 3)
    with tempfile.TemporaryDirectory(prefix="kinesynth-") as name:
        folder = Path(name)
        extremes = write_person(folder, model, _standing(model, betas), scene)
        camera = set_up("frontal", Setup(azimuth_deg=azimuth_deg, margin=0.04), extremes, (wide, height))
        scene = furnish(scene, extremes.min(axis=0), extremes.max(axis=0), (camera,))
        worker.call(blender_process.render, folder, scene, timeout_seconds=START_SECONDS)
        with av.open(str(folder / "frontal.mp4")) as container:
            picture = frame_pixels(next(container.decode(video=0)), "rgb24")
    left = (wide - width) // 2
    return np.asarray(picture[:, left : left + width])


def _standing(model: BodyModel, betas: np.ndarray) -> SmplxPose:
    """Return one frame of a person who faces +x with the feet on the floor and the arms hanging."""
    pose = SmplxPose.rest(betas)
    pose.global_orient[0, 1] = np.pi / 2
    angles = pose.body_pose.reshape(-1, 3)  # without the pelvis
    for side, sign in (("left", 1), ("right", -1)):
        angles[JOINT_NAMES.index(f"{side}_shoulder") - 1] = [0.1, 0.0, -1.32 * sign]
        angles[JOINT_NAMES.index(f"{side}_elbow") - 1] = [0.0, -0.35 * sign, 0.0]
        angles[JOINT_NAMES.index(f"{side}_hip") - 1] = [0.0, 0.05 * sign, 0.04 * sign]
        angles[JOINT_NAMES.index(f"{side}_ankle") - 1] = [0.0, 0.0, -0.04 * sign]
    vertices, _ = model.pose(pose)
    pose.transl[0, 1] = -vertices[0, :, 1].min()
    return pose
