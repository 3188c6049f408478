import numpy as np
import pytest

from kinesynth.config_file import config_schema
from kinesynth.errors import BadInput
from kinesynth.render.cameras import Camera, set_up
from kinesynth.render.rigs import (
    CAMERAS,
    LISTED,
    RIGS,
    cameras_of,
    picture_size,
    present,
    sample_exposure,
    sample_setup,
)
from kinesynth.render.shots import shot_of

UNMOVED = ((1.0, 0, 0, 0), (0, 1.0, 0, 0), (0, 0, 1.0, 0), (0, 0, 0, 1.0))
POINTS = np.random.default_rng(0).uniform([-0.8, 0.0, -0.4], [0.9, 1.8, 0.5], size=(300, 3))


def sampled(name: str, n: int = 40, seed: int = 4) -> list[Camera]:
    rng = np.random.default_rng(seed)
    size = picture_size([name], 256, 192)
    return [set_up(name, sample_setup(rng, name), POINTS, size) for _ in range(n)]


def angles_deg(camera: Camera) -> tuple[float, float, float]:
    """Return azimuth (of the position about the middle), pitch and roll."""
    x, _, z = camera.position - (POINTS.min(axis=0) + POINTS.max(axis=0)) / 2
    right, _, forward = camera.extrinsics[:3, :3]
    level = np.cross(forward, [0.0, 1.0, 0.0])
    level /= np.linalg.norm(level)
    roll = np.arctan2(np.dot(np.cross(level, right), forward), np.dot(level, right))
    azimuth, pitch, roll = np.rad2deg([np.arctan2(-z, x), np.arcsin(forward[1]), roll])
    return float(azimuth), float(pitch), float(roll)


@pytest.mark.parametrize("name", CAMERAS)
def test_everything_is_in_every_camera_s_picture(name: str) -> None:
    for camera in sampled(name, 8):
        pixels = (camera.project(POINTS) + 0.5) / [camera.width, camera.height]
        assert pixels.min() > 0.02
        assert pixels.max() < 0.98


def test_phones_are_upright_in_front_and_look_down() -> None:
    left, right = sampled("phone_left"), sampled("phone_right", seed=5)
    for camera in left + right:
        azimuth, pitch, roll = angles_deg(camera)
        assert camera.height * 9 == camera.width * 16
        assert 1.0 <= camera.position[1] <= 2.1
        assert abs(azimuth) <= 35 + 1e-6
        assert -25 - 1e-6 <= pitch <= 1e-6
        assert abs(roll) <= 25 + 1e-6
        width_deg = 2 * np.rad2deg(np.arctan(camera.width / 2 / camera.K[0, 0]))
        assert width_deg + 0.05 >= 36
        assert width_deg - 0.05 <= 50
    apart = [angles_deg(one)[0] - angles_deg(other)[0] for one, other in zip(left, right, strict=True)]
    assert min(apart) >= 30
    assert max(apart) <= 70
    assert np.ptp(apart) > 15
    pitches, rolls = (np.array([angles_deg(camera)[k] for camera in left + right]) for k in (1, 2))
    assert np.ptp(pitches) > 10
    assert np.median(np.abs(rolls)) < 5 < np.abs(rolls).max()


def test_a_laboratory_has_four_to_eight_cameras_around() -> None:
    rng = np.random.default_rng(0)
    counts = [len(present(rng, "laboratory", RIGS["laboratory"])) for _ in range(200)]
    assert set(counts) == {4, 5, 6, 7, 8}
    azimuths = np.sort([angles_deg(sampled(name, 1)[0])[0] for name in RIGS["laboratory"]])
    assert np.diff(azimuths).max() < 90


def test_random_views_are_everywhere_and_keep_the_person_in_the_picture() -> None:
    assert cameras_of(LISTED, ["frontal", "random", "random_2"]) == ["frontal", "random", "random_2"]
    x, _, z = np.transpose([camera.position for camera in sampled("random_2")])
    assert min((x > 1).sum(), (x < -1).sum(), (z > 1).sum(), (z < -1).sum()) > 3


def test_cameras_that_are_listed_are_always_there_and_take_nothing_from_the_generator() -> None:
    rng = np.random.default_rng(0)
    assert present(rng, LISTED, ["lab_2", "lab_4"]) == ["lab_2", "lab_4"]
    assert rng.random() == np.random.default_rng(0).random()


@pytest.mark.parametrize("wrong", [["top"], [], ["frontal", "frontal"], ["2"], ["frontal", "phone_left"]])
def test_wrong_views_are_named(wrong: list[str]) -> None:
    with pytest.raises(BadInput, match=r"render\.views"):
        cameras_of(LISTED, wrong)


def test_an_unknown_rig_is_named() -> None:
    with pytest.raises(BadInput, match=r"render\.rig.*drone"):
        cameras_of("drone", [])


def test_configuration_and_flag_offer_the_rigs_of_the_table() -> None:
    render = config_schema()["properties"]["render"]["properties"]
    assert render["rig"]["enum"] == [LISTED, *RIGS]
    assert list(RIGS) == ["odah", "phones", "laboratory"]
    assert RIGS["odah"] == ["frontal", "sagittal"]


@pytest.mark.parametrize("name", ["phone_left", "lab_1"])
def test_every_sampled_lens_can_be_undone(name: str) -> None:
    rng = np.random.default_rng(1)
    size = picture_size([name], 256, 192)
    for _ in range(300):
        camera = Camera(name, *size, sample_setup(rng, name).lens, UNMOVED)
        shot = shot_of(camera)
        assert shot.developed
        assert camera.width <= shot.camera.width < 1.5 * camera.width


def test_only_motion_blur_opens_the_shutter() -> None:
    rng = np.random.default_rng(0)
    still, moving = (sample_exposure(rng, "phone_left", motion_blur=blur) for blur in (False, True))
    assert still.seconds == 0
    assert 0.002 <= moving.seconds <= 0.02
    assert still.seed != moving.seed
    assert sample_exposure(rng, "frontal", motion_blur=False).rate == 0
