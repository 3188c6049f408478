"""Which keypoints a picture shows, on pictures painted by hand."""

import numpy as np

from kinesynth.body.parts import parts
from kinesynth.dataset.camera import at_pixels, in_picture
from kinesynth.dataset.visibility import Visibility, keypoint_tracks

BODIES = ("pelvis", "femur_r", "tibia_r", "femur_l")
PARENTS = np.array([-1, 0, 1, 0])
LABEL = {part.name: 1 + index for index, part in enumerate(parts())}
K = np.array([[100.0, 0.0, 19.5], [0.0, 100.0, 14.5], [0.0, 0.0, 1.0]])
SIZE = (30, 40)
HIP_R, KNEE_R, HIP_L, PELVIS, SHANK = 1, 2, 3, 4, 6  # keypoints: four joint centres, then four mass centres


def see(
    positions: dict[int, tuple[float, float, float]], picture: np.ndarray, blocked: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return pixels and visibility of keypoints that stand at the camera's axis, 2 m away, unless placed."""
    before = None if blocked is None else blocked[None]
    keypoints = np.tile([0.0, 0.0, 2.0], (1, 8, 1))
    for index, place in positions.items():
        keypoints[0, index] = place
    pixels, visibility = keypoint_tracks(keypoints, picture[None], K, np.eye(4), BODIES, PARENTS, blocked=before)
    return pixels[0], visibility[0]


def painted(label: str) -> np.ndarray:
    return np.full(SIZE, LABEL[label], dtype=np.uint8)


def test_a_joint_is_visible_through_either_of_its_bodies_and_a_mass_centre_through_its_own() -> None:
    for label, joint, mass_centre in (
        ("right_thigh", Visibility.VISIBLE, Visibility.OCCLUDED),
        ("right_shank", Visibility.VISIBLE, Visibility.VISIBLE),
        ("left_hand", Visibility.OCCLUDED, Visibility.OCCLUDED),
    ):
        _, visibility = see({}, painted(label))
        assert (visibility[KNEE_R], visibility[SHANK]) == (joint, mass_centre), label


def test_just_beside_the_person_its_edge_is_within_reach() -> None:
    pixel = (round(K[1, 2]), round(K[0, 2]))
    for away, expected in ((1, Visibility.VISIBLE), (2, Visibility.OCCLUDED)):
        picture = np.zeros(SIZE, dtype=np.uint8)
        picture[pixel[0], pixel[1] + away] = LABEL["right_shank"]
        assert see({}, picture)[1][SHANK] == expected


def test_what_is_drawn_at_the_very_pixel_is_in_front() -> None:
    pixel = (round(K[1, 2]), round(K[0, 2]))
    picture = painted("right_shank")
    picture[pixel] = LABEL["left_hand"]
    assert see({}, picture)[1][SHANK] == Visibility.OCCLUDED
    picture[pixel], blocked = 0, np.zeros(SIZE, dtype=bool)
    assert see({}, picture, blocked)[1][SHANK] == Visibility.VISIBLE
    blocked[pixel] = True
    assert see({}, picture, blocked)[1][SHANK] == Visibility.OCCLUDED


def test_nobody_in_front_is_no_sight_of_the_body() -> None:
    assert (see({}, np.zeros(SIZE, dtype=np.uint8))[1] == Visibility.OCCLUDED).all()


def test_outside_and_behind_the_camera() -> None:
    positions = {KNEE_R: (0.401, 0.0, 2.0), HIP_R: (0.399, 0.0, 2.0), SHANK: (0.0, 0.0, -2.0), PELVIS: (0.1, 0.0, 0.0)}
    pixels, visibility = see(positions, painted("right_thigh"))
    np.testing.assert_allclose(pixels[[KNEE_R, HIP_R]], [[39.55, 14.5], [39.45, 14.5]], atol=1e-4)
    assert list(visibility[[KNEE_R, HIP_R, SHANK, PELVIS]]) == [0, 2, 0, 0]
    assert np.isfinite(pixels).all()


def test_of_two_hips_before_the_camera_the_trunk_hides_the_far_one() -> None:
    positions = {HIP_R: (0.0, 0.0, 1.92), HIP_L: (0.0, 0.0, 2.08)}
    _, visibility = see(positions, painted("pelvis"))
    assert (visibility[HIP_R], visibility[HIP_L]) == (Visibility.VISIBLE, Visibility.OCCLUDED)
    _, visibility = see(positions, painted("left_thigh"))
    assert (visibility[HIP_R], visibility[HIP_L]) == (Visibility.OCCLUDED, Visibility.VISIBLE)


def test_every_point_in_the_picture_has_a_pixel_of_it_and_those_beside_it_that_of_the_edge() -> None:
    picture = np.arange(8).reshape(1, 2, 4)
    points = np.array([[[-0.5, 0.0], [0.5, 0.0], [1.5, 0.6], [3.5, -0.5], [np.nan, 7.0]]])
    assert in_picture(points, 2, 4).tolist() == [[True, True, True, False, False]]
    assert at_pixels(picture, points).tolist() == [[0, 0, 6, 3, 4]]
    assert at_pixels(picture, points, right=1, down=-1).tolist() == [[1, 1, 3, 3, 5]]
