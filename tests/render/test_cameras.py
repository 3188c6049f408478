import numpy as np
import pytest

from kinesynth.render.cameras import Lens, Setup, set_up

POINTS = np.random.default_rng(0).uniform([-0.8, 0.0, -0.4], [0.9, 1.8, 0.5], size=(500, 3))
SIZE = (256, 192)


def test_the_frontal_camera_faces_the_person_and_the_sagittal_one_is_at_the_right() -> None:
    centre = np.array([0.0, 0.9, 0.0])
    for azimuth, left_of_picture in ((0.0, [0.0, 0.9, 0.3]), (-90.0, [-0.3, 0.9, 0.0])):
        camera = set_up("camera", Setup(azimuth), POINTS, SIZE)
        assert camera.project(np.array(left_of_picture))[0] < camera.project(centre)[0]
    position = np.linalg.inv(set_up("camera", Setup(-90.0), POINTS, SIZE).extrinsics)[:3, 3]
    assert position[2] > 1
    assert position[1] == pytest.approx(1.1)


def test_higher_points_have_smaller_rows() -> None:
    camera = set_up("camera", Setup(), POINTS, SIZE)
    rows = camera.project(np.array([[0, 0.2, 0], [0, 1.5, 0]]))[:, 1]
    assert rows[1] < rows[0]


def test_a_person_facing_the_frontal_camera_has_the_right_hand_at_the_picture_left() -> None:
    camera = set_up("camera", Setup(), POINTS, SIZE)
    right, left = camera.project(np.array([[0, 1, 0.4], [0, 1, -0.4]]))  # z is to the person's right
    assert right[0] < left[0]


def test_intrinsics_follow_lens_and_pixel_centres() -> None:
    camera = set_up("camera", Setup(), POINTS, SIZE)
    np.testing.assert_allclose(camera.K, [[256 * 33 / 36, 0, 127.5], [0, 256 * 33 / 36, 95.5], [0, 0, 1]])


def test_a_lens_bends_the_picture_and_keeps_the_person_in_it() -> None:
    bent = set_up("camera", Setup(lens=Lens(33.0, (0.2, 0.0, 0.0, 0.0, 0.0))), POINTS, SIZE)
    plain = set_up("camera", Setup(), POINTS, SIZE)
    pixels = (bent.project(POINTS) + 0.5) / SIZE
    assert pixels.min() >= 0.08 - 1e-6
    assert pixels.max() <= 0.92 + 1e-6
    assert np.linalg.norm(bent.position - plain.position) > 0.05  # what is bent outwards needs more distance


@pytest.mark.parametrize("tilt_deg", [-12.0, 0.0, 5.0])
def test_pitch_is_kept_within_its_limits(tilt_deg: float) -> None:
    setup = Setup(height_m=2.0, tilt_deg=tilt_deg, pitch_deg=(-25.0, -8.0))
    camera = set_up("camera", setup, POINTS, SIZE)
    assert -25.0 - 1e-9 <= pitch_deg(camera.extrinsics) <= -8.0 + 1e-9


def pitch_deg(world_to_camera: np.ndarray) -> float:
    return float(np.rad2deg(np.arcsin(world_to_camera[2, 1])))
