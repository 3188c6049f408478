import numpy as np
import pytest

from kinesynth.errors import BadInput
from kinesynth.render.cameras import AZIMUTHS_DEG, Perturbation, place, sample_perturbation, view_names

POINTS = np.random.default_rng(0).uniform([-0.8, 0.0, -0.4], [0.9, 1.8, 0.5], size=(500, 3))


@pytest.mark.parametrize("name", AZIMUTHS_DEG)
def test_everything_is_in_the_picture_with_a_margin(name: str) -> None:
    perturbation = sample_perturbation(np.random.default_rng(3))
    camera = place(name, POINTS, 256, 192, perturbation)
    pixels = (camera.project(POINTS) + 0.5) / [256, 192]
    assert pixels.min() >= perturbation.margin - 1e-6
    assert pixels.max() <= 1 - perturbation.margin + 1e-6


def test_the_frontal_camera_faces_the_person_and_the_sagittal_one_stands_at_the_right() -> None:
    centre = np.array([0.0, 0.9, 0.0])
    for name, left_of_picture in (("frontal", [0.0, 0.9, 0.3]), ("sagittal", [-0.3, 0.9, 0.0])):
        camera = place(name, POINTS, 256, 192, Perturbation())
        assert camera.project(np.array(left_of_picture))[0] < camera.project(centre)[0]
    position = np.linalg.inv(place("sagittal", POINTS, 256, 192, Perturbation()).extrinsics)[:3, 3]
    assert position[2] > 1
    assert position[1] == pytest.approx(1.1)


def test_higher_points_have_smaller_rows() -> None:
    camera = place("frontal", POINTS, 256, 192, Perturbation())
    rows = camera.project(np.array([[0, 0.2, 0], [0, 1.5, 0]]))[:, 1]
    assert rows[1] < rows[0]


def test_a_person_facing_the_frontal_camera_has_the_right_hand_at_the_picture_left() -> None:
    camera = place("frontal", POINTS, 256, 192, Perturbation())
    right, left = camera.project(np.array([[0, 1, 0.4], [0, 1, -0.4]]))  # z is to the person's right
    assert right[0] < left[0]


def test_intrinsics_follow_lens_and_pixel_centres() -> None:
    camera = place("frontal", POINTS, 256, 192, Perturbation())
    np.testing.assert_allclose(camera.K, [[256 * 33 / 36, 0, 127.5], [0, 256 * 33 / 36, 95.5], [0, 0, 1]])


@pytest.mark.parametrize("wrong", [0, 99, ["top"], [], ["frontal", "frontal"]])
def test_wrong_views_are_named(wrong: int | list[str]) -> None:
    with pytest.raises(BadInput, match=r"render\.views"):
        view_names(wrong)


def test_views_by_number() -> None:
    assert view_names(2) == ["frontal", "sagittal"]


def test_random_views_stand_everywhere_and_keep_the_person_in_the_picture() -> None:
    assert view_names(["frontal", "random", "random_2"]) == ["frontal", "random", "random_2"]
    rng = np.random.default_rng(0)
    positions = []
    for _ in range(40):
        camera = place("random", POINTS, 256, 256, sample_perturbation(rng, "random"))
        pixels = camera.project(POINTS)
        assert pixels.min() > 0
        assert pixels.max() < 255
        positions.append(camera.position)
    x, _, z = np.transpose(positions)
    assert min((x > 1).sum(), (x < -1).sum(), (z > 1).sum(), (z < -1).sum()) > 3
