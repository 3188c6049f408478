from pathlib import Path

import numpy as np
import pytest

from kinesynth.body.model import load_body
from kinesynth.config import Render
from kinesynth.render.cameras import Camera, Exposure, Framing
from kinesynth.render.placing import Body
from kinesynth.render.presets import PRESETS
from kinesynth.render.render_views import RenderRun
from kinesynth.render.rigs import picture_size, rig_of, sample_setup
from kinesynth.render.truncation import MAX_OUTSIDE, MIN_OUTSIDE, fraction_outside, set_up_cut

RNG = np.random.default_rng(1)
JOINTS = np.stack([[[x, y, 0.1 * (-1) ** k] for k, y in enumerate(np.linspace(0.05, 1.7, 22))] for x in (-0.2, 0, 0.2)])
BODY = Body(JOINTS, (JOINTS.reshape(-1, 1, 3) + RNG.uniform(-0.1, 0.1, (66, 5, 3))).reshape(-1, 3))


def cut(name: str, n: int = 12) -> list[Camera]:
    rng = np.random.default_rng(2)
    size = picture_size([name], 256, 192)
    return [set_up_cut(rng, name, sample_setup(rng, name), BODY, size, Exposure()) for _ in range(n)]


@pytest.mark.parametrize("name", ["frontal", "sagittal", "phone_left", "lab_3", "random"])
def test_a_part_of_the_body_leaves_the_picture_and_a_part_stays(name: str) -> None:
    for camera in cut(name):
        outside = fraction_outside(camera, JOINTS)
        assert outside.mean() >= MIN_OUTSIDE
        assert outside.max() <= MAX_OUTSIDE
        assert camera.depth(BODY.outline).min() > 0.4
        assert camera.framing != Framing()


def test_all_sides_are_cut_off() -> None:
    beyond = np.zeros(4, dtype=int)
    for camera in cut("random", 40):
        pixels = camera.project(BODY.outline) + 0.5
        beyond[:2] += (pixels < 0).any(axis=0)
        beyond[2:] += (pixels > [camera.width, camera.height]).any(axis=0)
    assert (beyond >= 3).all()


def test_a_phone_that_cuts_still_looks_down_from_its_height() -> None:
    for camera in cut("phone_left"):
        pitch = np.rad2deg(np.arcsin(camera.extrinsics[2, 1]))
        assert -25 - 1e-6 <= pitch <= 1e-6
        assert 1.0 <= camera.position[1] <= 2.1


def test_a_way_that_no_framing_follows_is_shown_whole() -> None:
    joints = JOINTS + np.stack([np.zeros(3), np.zeros(3), [-8.0, 0.0, 8.0]], axis=-1)[:, None]
    rng = np.random.default_rng(0)
    body = Body(joints, joints.reshape(-1, 3))
    camera = set_up_cut(rng, "frontal", sample_setup(rng, "frontal"), body, (256, 192), Exposure())
    assert camera.framing == Framing()
    assert fraction_outside(camera, joints).max() == 0


def test_cutting_disturbs_nothing_else_that_is_sampled(body_path: Path) -> None:
    """Lens, side, height and exposure of every camera, and what the generator gives next, stay as they were."""
    made = []
    for fraction in (0.0, 1.0):
        render = Render(rig="phones", truncation=fraction)
        run = RenderRun(load_body(body_path), render, 1, PRESETS["preview"])
        rng = np.random.default_rng(5)
        made.append((run.cameras(rig_of(render), rng, BODY, np.random.default_rng(6)), rng.random()))
    (whole, after), (cut_off, after_cut) = made
    assert after == after_cut
    for one, other in zip(whole, cut_off, strict=True):
        assert one.framing == Framing() != other.framing
        assert (one.name, one.lens, one.exposure) == (other.name, other.lens, other.exposure)
        assert one.position[1] == pytest.approx(other.position[1])
        sides = [camera.position - BODY.outline.mean(axis=0) for camera in (one, other)]
        angles = [np.arctan2(side[2], side[0]) for side in sides]
        assert angles[0] == pytest.approx(angles[1], abs=0.05)
