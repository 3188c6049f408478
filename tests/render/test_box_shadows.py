import numpy as np
import pytest
from test_placing import scene

from kinesynth.render.box_shadows import floor_shadow, light_on_floor
from kinesynth.render.scene import Occluder
from kinesynth.render.shading import KeyLight

OVERHEAD = KeyLight(np.array([0.0, 1.0, 0.0]), 0.4, 0.05)


def test_a_roof_takes_the_sky_that_it_covers() -> None:
    """A disc seen at half-angle a takes sin(a)^2 of a cosine-weighted sky; a wide roof nearly all of it."""
    roof = np.array([[[-0.5, 1.0, -0.5], [0.5, 1.1, 0.5]]])
    light = KeyLight(OVERHEAD.direction, 0.0, 0.05)
    under = float(light_on_floor(np.zeros((1, 3)), roof, light)[0])
    disc = 0.25 * 4 / np.pi  # radius squared of the disc of as large an area
    assert under == pytest.approx(1 - disc / (1 + disc), abs=0.05)
    aside = float(light_on_floor(np.array([[6.0, 0.0, 0.0]]), roof, light)[0])
    assert aside == pytest.approx(1.0, abs=0.02)


def test_the_main_light_throws_a_shadow_away_from_itself() -> None:
    direction = np.array([1.0, 1.0, 0.0]) / np.sqrt(2)
    post = np.array([[[-0.1, 0.0, -0.1], [0.1, 1.0, 0.1]]])
    light = KeyLight(direction, 0.6, 0.02)
    behind, before = light_on_floor(np.array([[-0.6, 0.0, 0.0], [0.6, 0.0, 0.0]]), post, light)
    assert behind < 0.5 < before


def test_a_thing_s_shadow_is_dark_under_it_and_ends_unseen() -> None:
    place = scene("room", 0)
    chair = Occluder("chair", (1.0, 0.5), 0.4, 1.0, (0.5, 0.4, 0.3), (0.2, 0.2, 0.2), 1)
    shadow = floor_shadow(place, chair, 0)
    assert shadow.shade is not None
    assert not shadow.free
    assert shadow.vertices[:, 1] == pytest.approx(place.room.floor.height_m + 0.004)
    middle = np.linalg.norm(shadow.vertices[:, [0, 2]] - [1.0, 0.5], axis=1) < 0.1
    assert shadow.shade[middle].max() < 0.75
    span = shadow.vertices[:, [0, 2]] - [1.0, 0.5]
    local = span @ np.array([[np.cos(0.4), np.sin(0.4)], [-np.sin(0.4), np.cos(0.4)]])
    edge = np.isclose(local, local.min(axis=0)).any(axis=1) | np.isclose(local, local.max(axis=0)).any(axis=1)
    assert shadow.shade[edge].min() == pytest.approx(1.0)
    assert shadow.faces.max() == len(shadow.vertices) - 1
