"""Where things stand before a person who walks: a path of joints, no renderer."""

from dataclasses import replace

import numpy as np
import pytest

from kinesynth.render.box_shadows import hit
from kinesynth.render.cameras import Setup, set_up
from kinesynth.render.occluders import bounds, into, out_of
from kinesynth.render.placing import MAX_HIDDEN, MIN_HIDDEN, Body, hidden, sample_occluders
from kinesynth.render.presets import PRESETS
from kinesynth.render.prop import Prop
from kinesynth.render.sampling import furnish, sample_look, sample_scene
from kinesynth.render.scene import Kind, Occluder, Scene
from kinesynth.render.setting import props, walls

RNG = np.random.default_rng(1)
HEIGHTS = np.linspace(0.05, 1.7, 22)
STEPS = np.linspace(-0.8, 0.8, 20)
JOINTS = np.stack([[[x, y, 0.1 * (-1) ** k] for k, y in enumerate(HEIGHTS)] for x in STEPS])
BODY = Body(JOINTS, (JOINTS.reshape(-1, 1, 3) + RNG.uniform(-0.15, 0.15, (22 * 20, 5, 3))).reshape(-1, 3))


def scene(kind: Kind, seed: int) -> Scene:
    rng = np.random.default_rng(seed)
    drawn = sample_scene(rng, sample_look(rng, "male"), 30.0, len(STEPS), PRESETS["preview"], kind)
    cameras = tuple(
        set_up(name, Setup(azimuth), BODY.outline, (256, 192)) for name, azimuth in (("front", 0.0), ("side", -90.0))
    )
    drawn = furnish(drawn, BODY.outline.min(axis=0), BODY.outline.max(axis=0), cameras)
    return replace(drawn, occluders=sample_occluders(np.random.default_rng(seed), drawn, BODY))


@pytest.fixture(scope="module", params=["lab", "room", "outdoors"])
def scenes(request: pytest.FixtureRequest) -> list[Scene]:
    return [scene(request.param, seed) for seed in range(6)]


def things(scenes: list[Scene]) -> list[tuple[Scene, Occluder]]:
    return [(each, thing) for each in scenes for thing in each.occluders]


def test_nearly_every_scene_has_one_and_some_have_more(scenes: list[Scene]) -> None:
    counts = [len(each.occluders) for each in scenes]
    assert sum(count > 0 for count in counts) >= 5
    assert max(counts) <= 3


def test_things_hide_some_of_the_person_and_never_nearly_all(scenes: list[Scene]) -> None:
    for each in scenes:
        floor_m = each.room.floor.height_m
        fractions = np.zeros((len(each.cameras), len(STEPS)))
        for k, camera in enumerate(each.cameras):
            covered = [
                hidden(bounds(one), into(one, JOINTS, floor_m), into(one, camera.position, floor_m))
                for one in each.occluders
            ]
            fractions[k] = np.any(covered, axis=0).mean(axis=1) if covered else 0.0
        assert not each.occluders or fractions.max() >= MIN_HIDDEN
        assert fractions.max() <= MAX_HIDDEN


def test_nothing_stands_in_the_body_in_a_camera_or_in_a_wall(scenes: list[Scene]) -> None:
    for each, thing in things(scenes):
        floor_m, corners = each.room.floor.height_m, bounds(thing)
        low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
        eyes = np.array([camera.position for camera in each.cameras])
        for points, clear in ((BODY.outline, 0.1), (eyes, 0.4)):
            local = into(thing, points, floor_m)
            assert not ((local > low - clear) & (local < high + clear)).all(axis=1).any()
        if each.room.kind != "outdoors":
            ends = out_of(thing, np.array([low, high, [low[0], 0, high[2]], [high[0], 0, low[2]]]), floor_m)
            assert all((sign * ends[:, axis] < sign * offset).all() for axis, sign, offset in walls(each))


def test_nothing_stands_in_other_furniture(scenes: list[Scene]) -> None:
    def box(prop: Prop) -> tuple[np.ndarray, np.ndarray]:
        return prop.vertices.min(axis=0), prop.vertices.max(axis=0)

    for each in scenes:
        made = props(replace(each, settings=PRESETS["odah"]))  # whose shadows are the renderer's own
        free = [box(prop) for prop in made if prop.free]
        along = [box(prop) for prop in made if prop.wall >= 0 and prop.material != "shadow" and "." in prop.name]
        for low, high in free:
            assert not any((low < other_high).all() and (other_low < high).all() for other_low, other_high in along)


def test_one_seed_one_place() -> None:
    assert scene("room", 3).occluders == scene("room", 3).occluders
    assert scene("room", 3).occluders != scene("room", 4).occluders
    assert Scene.from_json(scene("room", 3).to_json()) == scene("room", 3)


def test_rays_meet_boxes_between_their_ends_only() -> None:
    box = np.array([[[-1.0, -1.0, 2.0], [1.0, 1.0, 3.0]]])
    start = np.zeros((5, 3))
    rays = np.array([[0, 0, 4.0], [0, 0, 1.9], [0, 0, -4.0], [3.0, 0, 4.0], [0.4, 0.4, 2.5]])
    assert list(hit(start, rays, box)) == [True, False, False, False, True]
    assert not hit(start + np.array([0, 0, 3.5]), rays, box)[0]
