import json

import numpy as np
import pytest

from kinesynth.render.cameras import set_up
from kinesynth.render.garments import LOWER, UPPER
from kinesynth.render.palette import linear
from kinesynth.render.presets import PRESETS
from kinesynth.render.rigs import sample_exposure, sample_setup
from kinesynth.render.sampling import furnish, sample_clothes, sample_look, sample_scene
from kinesynth.render.scene import Scene
from kinesynth.seeds import generator

POINTS = np.random.default_rng(0).uniform([-0.8, 0.0, -0.4], [0.9, 1.8, 0.5], size=(50, 3))


def drawn(seed: int) -> Scene:
    rng = generator(seed, "subject", "clip", "render")
    scene = sample_scene(rng, sample_look(rng, "female"), 29.97, 12, PRESETS["preview"])
    cameras = tuple(
        set_up(name, sample_setup(rng, name), POINTS, (256, 192), sample_exposure(rng, name, motion_blur=True))
        for name in ("frontal", "phone_left")
    )
    return furnish(scene, POINTS.min(axis=0), POINTS.max(axis=0), cameras)


def test_a_scene_survives_json() -> None:
    scene = drawn(1)
    assert Scene.from_json(scene.to_json()) == scene
    json.loads(scene.to_json())


def test_one_seed_one_scene() -> None:
    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


@pytest.mark.parametrize("sex", ["male", "female", "neutral"])
def test_all_skins_are_drawn(sex: str) -> None:
    looks = [sample_look(np.random.default_rng(k), sex) for k in range(200)]
    luminance = [np.dot(look.skin, [0.2126, 0.7152, 0.0722]) for look in looks]
    assert min(luminance) < 0.05
    assert max(luminance) > 0.5


def test_all_clothes_are_worn() -> None:
    look = sample_look(np.random.default_rng(0), "male")
    people = [sample_clothes(np.random.default_rng(k), look) for k in range(200)]
    assert {person.upper.garment for person in people} == set(UPPER)
    assert {person.lower.garment for person in people} == set(LOWER)
    assert len({person.upper.folds for person in people}) > 190


def test_white_and_black_stay_what_they_are() -> None:
    assert linear((1.0, 1.0, 1.0)) == pytest.approx((1, 1, 1))
    assert linear((0.0, 0.0, 0.0)) == pytest.approx((0, 0, 0))
