"""Where another person stands: in a picture, clear of all else, the same for the same seed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_placing import BODY, HEIGHTS, STEPS, scene

from kinesynth.body.model import BodyModel, load_body
from kinesynth.render import bystander as module
from kinesynth.render.bystander import MIN_SEEN, bystander_pose, sample_bystander
from kinesynth.render.person_files import joint_paths
from kinesynth.render.placing import MAX_HIDDEN, hidden, in_picture, most
from kinesynth.render.scene import Bystander, Scene
from kinesynth.render.setting import walls
from kinesynth.subjects.shape import Shape

FPS = 30.0


@pytest.fixture(scope="module")
def model(body_path: Path) -> BodyModel:
    return load_body(body_path)


@pytest.fixture(scope="module")
def scenes(model: BodyModel) -> list[Scene]:
    """Scenes of a person who walks, most of them with another person, of the shape of the tests' body."""
    made = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "sample_shape", lambda *_: Shape(np.zeros(10), "female", "drawn"))
        for seed, kind in enumerate(3 * ("lab", "room", "outdoors")):
            bare = scene(kind, seed)  # type: ignore[arg-type]
            who = sample_bystander(np.random.default_rng(seed), model, bare, BODY)
            made.append(replace(bare, bystander=who))
    return made


def bystanders(model: BodyModel, scenes: list[Scene]) -> list[tuple[Scene, np.ndarray]]:
    """Return scenes with joints (T,22,3) of their bystanders."""
    found = [(each, each.bystander) for each in scenes if each.bystander]
    return [(each, joint_paths(model, bystander_pose(model, who, FPS, len(STEPS)))) for each, who in found]


def test_nearly_every_scene_finds_a_place(scenes: list[Scene]) -> None:
    assert sum(each.bystander is not None for each in scenes) >= 7
    assert len({each.bystander.motion for each in scenes if each.bystander}) > 2


def test_nobody_stands_in_the_person_or_in_a_wall_and_somebody_is_seen(model: BodyModel, scenes: list[Scene]) -> None:
    for each, joints in bystanders(model, scenes):
        apart = np.linalg.norm(joints[:, :, None] - BODY.joints[:, None], axis=-1)
        assert apart.min() > 0.3
        assert max(in_picture(camera, joints).mean(axis=1).max() for camera in each.cameras) >= MIN_SEEN
        if each.room.kind != "outdoors":
            assert all((sign * joints[..., axis] < sign * offset).all() for axis, sign, offset in walls(each))


def test_the_person_is_never_hidden_nearly_whole(model: BodyModel, scenes: list[Scene]) -> None:
    fractions = []
    for each, joints in bystanders(model, scenes):
        for camera in each.cameras:
            bones = zip(module._bones(joints), BODY.joints, strict=True)
            covered = np.concatenate([hidden(boxes, own[None], camera.position) for boxes, own in bones])
            fractions.append(most(covered, in_picture(camera, BODY.joints)))
    assert max(fractions) <= MAX_HIDDEN
    assert max(fractions) > 0.1


def test_the_record_alone_tells_the_motion(model: BodyModel, scenes: list[Scene]) -> None:
    first = next(each for each in scenes if each.bystander)
    again = Scene.from_json(first.to_json())
    assert again == first
    assert first.bystander is not None
    assert again.bystander is not None
    one, two = (joint_paths(model, bystander_pose(model, who, FPS, 10)) for who in (first.bystander, again.bystander))
    np.testing.assert_array_equal(one, two)


def test_a_bystander_turns_about_its_place_with_the_feet_on_the_floor(model: BodyModel, scenes: list[Scene]) -> None:
    who = next(each.bystander for each in scenes if each.bystander)
    assert isinstance(who, Bystander)
    poses = [replace(who, motion="arm_raise", heading_rad=angle, place=(2.0, -1.0)) for angle in (0.0, 2.0)]
    ways = [joint_paths(model, bystander_pose(model, each, FPS, 8)) for each in poses]
    for way in ways:
        np.testing.assert_allclose(way[:, 0, [0, 2]].mean(axis=0), [2.0, -1.0], atol=1e-9)
        assert 0.0 < way[..., 1].min() < 0.12
    np.testing.assert_allclose(ways[0][..., 1], ways[1][..., 1], atol=1e-9)
    assert len(HEIGHTS) == ways[0].shape[1]
