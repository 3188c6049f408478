import numpy as np
import pytest

from kinesynth.render.materials import MATERIALS
from kinesynth.render.occluders import KINDS, boxes, into, meshes, out_of, table
from kinesynth.render.prop import solid
from kinesynth.render.scene import Occluder

FLOOR_M = -0.022


def thing(kind: str, filling: int = 0) -> Occluder:
    return Occluder(kind, (1.5, -0.7), 0.6, 1.1, (0.5, 0.4, 0.3), (0.2, 0.2, 0.2), filling)


@pytest.mark.parametrize("kind", KINDS)
def test_a_thing_stands_on_the_floor_about_its_place(kind: str) -> None:
    for filling in range(8):
        made = meshes(thing(kind, filling), 0, FLOOR_M)
        points = np.concatenate([prop.vertices for prop in made])
        assert points[:, 1].min() == pytest.approx(FLOOR_M, abs=1e-9)
        middle = (points.min(axis=0) + points.max(axis=0)) / 2
        assert np.abs(middle[[0, 2]] - [1.5, -0.7]).max() < 0.25
        assert all(prop.free and prop.material in MATERIALS for prop in made)
        assert len({prop.name for prop in made}) == len(made)


@pytest.mark.parametrize("kind", KINDS)
def test_every_box_rests_on_another_or_on_the_floor(kind: str) -> None:
    """Boxes that touch, from the floor upwards, reach all of the thing: nothing floats."""
    for filling in range(8):
        made = boxes(thing(kind, filling))
        low, high = (np.array([getattr(box, end) for box in made]) for end in ("low", "high"))
        touch = ((low[:, None] <= high + 0.01) & (low <= high[:, None] + 0.01)).all(axis=-1)
        reached = low[:, 1] <= 0.001
        for _ in made:
            reached |= touch[reached].any(axis=0)
        assert reached.all(), [made[k] for k in np.flatnonzero(~reached)]


def test_details_follow_from_the_seed_alone() -> None:
    assert boxes(thing("table", 3)) == boxes(thing("table", 3))
    assert boxes(thing("table", 3)) != boxes(thing("table", 4))


def test_a_thing_s_axes_lead_there_and_back() -> None:
    points = np.random.default_rng(0).normal(size=(20, 3))
    chair = thing("chair")
    np.testing.assert_allclose(out_of(chair, into(chair, points, FLOOR_M), FLOOR_M), points, atol=1e-12)
    np.testing.assert_allclose(into(chair, np.array([1.5, FLOOR_M, -0.7]), FLOOR_M), 0, atol=1e-12)


def test_the_table_names_every_kind_and_a_place_for_it() -> None:
    assert set(table()) == set(KINDS)
    for place in ("lab", "room", "outdoors"):
        assert sum(float(row[place]) for row in table().values()) > 0


@pytest.mark.parametrize("kind", ["column", "bin"])
def test_solids_are_closed(kind: str) -> None:
    for box in boxes(thing(kind, 1)):
        points, faces = solid(box)
        edges = np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1).reshape(-1, 2)
        _, counts = np.unique(np.sort(edges, axis=1), axis=0, return_counts=True)
        assert (counts == 2).all()
        np.testing.assert_allclose(points.min(axis=0), box.low, atol=0.02)
        np.testing.assert_allclose(points.max(axis=0), box.high, atol=0.02)
