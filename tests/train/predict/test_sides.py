"""Right and left that a detector took for each other in one view."""

import numpy as np
import pytest
from made_up_person import SET, bare, cameras, in_world, motion, seen, view

from kinesynth_train.predict.landmarks import keypoint_sets
from kinesynth_train.predict.reconstruct import reconstruct
from kinesynth_train.predict.sides import LEGS, with_sides_right, with_sides_steady
from kinesynth_train.predict.views import sights

NAMES = keypoint_sets()[SET]
FRAMES = 40
SWAPPED = np.arange(10, 25)


def swapped(points: np.ndarray, parts: tuple[str, ...]) -> np.ndarray:
    result = points.copy()
    for part in parts:
        if f"R{part}" not in NAMES:
            continue
        pair = [NAMES.index(f"R{part}"), NAMES.index(f"L{part}")]
        result[np.ix_(SWAPPED, pair)] = points[np.ix_(SWAPPED, pair[::-1])]
    return result


@pytest.fixture(scope="module")
def shown() -> list[np.ndarray]:
    points = in_world(motion(FRAMES))
    return [seen(bare(camera), points) for camera in cameras().values()]


@pytest.mark.parametrize("part", ["Hip", "Shoulder"])
def test_a_pair_is_changed_back(shown: list[np.ndarray], part: str) -> None:
    found, note = with_sides_right(swapped(shown[0], (part,)), NAMES)
    np.testing.assert_array_equal(found, shown[0])
    assert f"{part.lower()}s taken for each other in 15 frames" in note


ARMS = ("Shoulder", "Elbow", "Wrist", "Eye", "Ear")


@pytest.mark.parametrize("parts", [LEGS, ARMS, LEGS + ARMS])
def test_whoever_leaps_across_the_body_is_changed_back(shown: list[np.ndarray], parts: tuple[str, ...]) -> None:
    found, note = with_sides_steady(swapped(shown[0], parts), NAMES)
    np.testing.assert_array_equal(found, shown[0])
    assert ("legs taken for each other in 15 frames" in note) == (set(LEGS) <= set(parts))
    assert ("arms taken for each other in 15 frames" in note) == (set(ARMS) <= set(parts))


def test_hidden_frames_do_not_matter(shown: list[np.ndarray]) -> None:
    points = swapped(shown[0], LEGS)
    points[[5, 12, 13, 24, 39], :, 2] = 0.0
    found, _ = with_sides_steady(points, NAMES)
    seen_ones = found[..., 2].max(axis=1) > 0
    np.testing.assert_array_equal(found[seen_ones], shown[0][seen_ones])


def test_legs_on_the_wrong_side_are_not_believed(shown: list[np.ndarray]) -> None:
    found, note = with_sides_right(swapped(shown[0], LEGS), NAMES)
    legs = [index for index, name in enumerate(NAMES) if name[1:] in LEGS]
    assert (found[SWAPPED][:, legs, 2] == 0).all()
    others = np.setdiff1d(np.arange(FRAMES), SWAPPED)
    np.testing.assert_array_equal(found[others], shown[0][others])
    assert "opposite sides in 15 frames" in note


@pytest.mark.parametrize("azimuth", np.arange(0.0, 2 * np.pi, 0.5).tolist())
def test_what_is_right_stays_from_wherever_it_is_seen(azimuth: float) -> None:
    camera = bare(cameras((azimuth,))["cam0"])
    points = seen(camera, in_world(motion(FRAMES)), noise=4.0)
    for mended in (with_sides_right, with_sides_steady):
        found, note = mended(points, NAMES)
        np.testing.assert_array_equal(found, points)
        assert note == ""


def test_a_motion_does_not_suffer_from_hips_swapped_in_one_view(shown: list[np.ndarray]) -> None:
    angles = []
    for first in (shown[0], swapped(shown[0], ("Hip",))):
        pairs = zip(cameras().values(), (first, shown[1]), strict=True)
        views = [view(bare(camera), points) for camera, points in pairs]
        found, notes = sights(views, None, {})
        angles.append(reconstruct(found, views[0].times, 6.0, 1.8).poses.angles)
    assert any("view cam0: hips taken for each other in 15 frames" in note for note in notes)
    np.testing.assert_allclose(angles[1], angles[0], atol=1e-9)
