import numpy as np
import pytest

from kinesynth.render.cameras import Setup, set_up
from kinesynth.render.furniture import KINDS, Box, boxes
from kinesynth.render.materials import MATERIALS
from kinesynth.render.presets import PRESETS
from kinesynth.render.sampling import furnish, sample_look, sample_scene
from kinesynth.render.scene import Furniture, Kind, Scene
from kinesynth.render.setting import SKIES, hides, props, sample_room, walls

POINTS = np.random.default_rng(0).uniform([-0.8, 0.0, -0.4], [0.9, 1.8, 0.5], size=(50, 3))


def scene(kind: Kind, seed: int = 0) -> Scene:
    rng = np.random.default_rng(seed)
    drawn = sample_scene(rng, sample_look(rng, "male"), 30.0, 1, PRESETS["preview"], kind)
    cameras = tuple(
        set_up(name, Setup(azimuth), POINTS, (256, 256)) for name, azimuth in (("frontal", 0.0), ("sagittal", -90.0))
    )
    return furnish(drawn, POINTS.min(axis=0), POINTS.max(axis=0), cameras)


@pytest.mark.parametrize("kind", ["lab", "room", "outdoors"])
def test_every_prop_has_a_material_and_stays_clear_of_the_person(kind: Kind) -> None:
    for seed in range(20):
        drawn = scene(kind, seed)
        names = [prop.name for prop in props(drawn)]
        assert len(set(names)) == len(names)
        for prop in props(drawn):
            assert prop.material in MATERIALS
            assert prop.faces.max() < len(prop.vertices)
            inside = np.all((prop.vertices > POINTS.min(axis=0)) & (prop.vertices < POINTS.max(axis=0)), axis=1)
            assert not inside.any(), prop.name


def test_no_wall_stands_between_a_camera_and_the_person() -> None:
    drawn = scene("room")
    for camera in drawn.cameras:
        for axis, sign, offset in walls(drawn):
            behind = sign * camera.position[axis] > sign * offset
            assert not behind or hides((axis, sign, offset), camera.position)


@pytest.mark.parametrize("kind", KINDS)
def test_furniture_stands_on_the_floor_and_against_its_wall(kind: str) -> None:
    made = boxes(Furniture(kind, 0, 0.5, 1.0, (0.5, 0.5, 0.5), (0.2, 0.2, 0.2), 0))
    low = np.array([box.low for box in made])
    high = np.array([box.high for box in made])
    assert (low <= high).all()
    assert low[:, 1:].min() >= 0
    assert high[:, 2].max() < 0.95
    assert np.abs([low[:, 0].min(), high[:, 0].max()]).max() < 1.0


@pytest.mark.parametrize("kind", ["shelf", "plant"])
def test_what_fills_furniture_follows_from_its_seed_alone(kind: str) -> None:
    def made(along_m: float, filling: int) -> list[Box]:
        return boxes(Furniture(kind, 0, along_m, 1.0, (0.5, 0.5, 0.5), (0.2, 0.2, 0.2), filling))

    assert made(0.5, 7) == made(1.5, 7)
    assert made(0.5, 7) != made(0.5, 8)


def test_all_places_and_skies_are_drawn() -> None:
    rooms = [sample_room(np.random.default_rng(k)) for k in range(200)]
    assert {room.kind for room in rooms} == {"lab", "room", "outdoors"}
    assert {room.sky for room in rooms} == set(SKIES)
    assert all(bool(room.furniture) == (room.kind != "outdoors") for room in rooms)
