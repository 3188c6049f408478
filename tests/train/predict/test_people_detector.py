"""What is ours about the detector: where it looks and whom it follows."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_predict_verb import write_video

from kinesynth.errors import BadInput, MissingDependency
from kinesynth_train.predict.detector.blazepose import (
    BlazePose,
    Circle,
    Look,
    _anchors,
    _crop_matrix,
    _mean,
    _mirrored,
    _refined,
)
from kinesynth_train.predict.detector.people import detect_people, save_keypoints
from kinesynth_train.predict.keypoint_files import read_keypoints
from kinesynth_train.predict.landmarks import keypoint_sets
from kinesynth_train.predict.silhouettes import Silhouettes, packed
from kinesynth_train.predict.videos import open_video


def test_a_circle_stands_upright() -> None:
    circle = Circle.of(np.array([100.0, 200.0]), np.array([100.0, 50.0]))
    assert (circle.x, circle.y, circle.radius, circle.turn) == (100.0, 200.0, 150.0, 0.0)
    lying = Circle.of(np.array([100.0, 200.0]), np.array([250.0, 200.0]))
    assert lying.turn == pytest.approx(np.pi / 2)


@pytest.mark.parametrize("turn", [0.0, 0.7, -2.0])
def test_the_square_is_turned_with_the_body(turn: float) -> None:
    circle = Circle(300.0, 400.0, 80.0, turn)
    matrix = _crop_matrix(circle)
    middle = matrix @ [128.0, 128.0, 1.0]
    np.testing.assert_allclose(middle, [300.0, 400.0])
    up = matrix @ [128.0, 128.0 - 128.0 / 1.25, 1.0] - middle  # the rim of the circle, above the hips
    np.testing.assert_allclose(up, 80.0 * np.array([np.sin(turn), -np.cos(turn)]), atol=1e-9)


def test_anchors_are_as_many_as_the_network_has() -> None:
    assert _anchors().shape == (2254, 2)
    assert ((_anchors() > 0) & (_anchors() < 1)).all()


def test_points_move_to_the_heat_about_them_and_no_farther() -> None:
    heat = np.full((64, 64, 2), -20.0)
    heat[30, 41, 0] = 20.0
    heat[10, 10, 1] = 20.0
    positions = np.array([[40.2, 31.4], [40.2, 31.4]]) / 64
    refined = _refined(positions, heat)
    np.testing.assert_allclose(refined[0] * 64, [41.0, 30.0], atol=1e-3)
    np.testing.assert_allclose(refined[1], positions[1])  # its heat is elsewhere


def test_a_mirror_image_tells_the_other_side() -> None:
    """The right wrist of the picture is the left one in its mirror image, as far from the other edge."""
    names, rng = keypoint_sets()["blazepose33"], np.random.default_rng(0)
    positions, visibility, lifted = rng.uniform(size=(35, 2)), rng.uniform(size=33), rng.normal(size=(33, 3))
    mirrored = _mirrored(positions, visibility, lifted)
    right, left, nose = (names.index(name) for name in ("RWrist", "LWrist", "Nose"))
    np.testing.assert_allclose(mirrored[0][right], [1 - positions[left, 0], positions[left, 1]])
    np.testing.assert_allclose(mirrored[2][nose], lifted[nose] * [-1, 1, 1])
    back = _mirrored(*mirrored)
    for once, twice in zip((positions[:33], visibility, lifted), back, strict=True):
        np.testing.assert_allclose(once, twice)


def test_of_two_looks_the_one_that_sees_counts() -> None:
    one, other = np.zeros((33, 2)), np.ones((33, 2))
    seen, hidden, lifted = np.ones(33), np.zeros(33), np.zeros((33, 3))
    positions, visibility, _ = _mean((one, seen, lifted), (other, hidden, lifted))
    assert positions.max() < 2e-3
    np.testing.assert_allclose(visibility, 0.5)


def test_a_mirror_image_that_takes_right_for_left_is_turned() -> None:
    rng = np.random.default_rng(1)
    positions, seen, lifted = rng.uniform(size=(33, 2)), np.ones(33), rng.normal(size=(33, 3))
    other = list(_mirrored(positions, np.arange(33.0), lifted)[1].astype(int))
    found = _mean((positions, seen, lifted), (positions[other], seen, lifted[other]))
    np.testing.assert_allclose(found[0], positions)
    np.testing.assert_allclose(found[2], lifted)


class TwoPeople:
    """Sees two people; the second leaves after a while."""

    def __init__(self, stays: int) -> None:
        self.looks, self.stays = 0, stays

    def find(self, _picture: np.ndarray) -> list[Circle]:
        people = [Circle(60.0, 80.0, 30.0, 0.0)]
        return people if self.looks > self.stays else [*people, Circle(20.0, 80.0, 25.0, 0.0)]

    def look(self, _picture: np.ndarray, circle: Circle) -> Look:
        self.looks += 1
        points = np.tile([circle.x, circle.y, 0.9], (33, 1))
        gone = circle.x < 40 and self.looks > self.stays
        silhouette = packed(np.ones((256, 256)), np.array([[0.25, 0.0, circle.x - 32], [0.0, 0.25, circle.y - 32]]))
        return Look(points, np.full((33, 3), circle.x), silhouette, circle, 0.1 if gone else 0.9)


def test_people_keep_their_places(tmp_path: Path) -> None:
    video = open_video(write_video(tmp_path / "a.mp4", 90, 160, frames=60))
    network: Any = TwoPeople(stays=40)
    found = detect_people(video, network, (0.0, 10.0), lambda _: None)
    np.testing.assert_allclose(found.points[:, 0, :, 0], 60.0)
    second = found.points[:, 1, 0, 2] > 0
    assert second[:15].all()
    assert not second[25:].any()
    assert not (found.points[:, 2, :, 2] > 0).any()
    assert found.lifted is not None
    assert found.silhouettes is not None
    np.testing.assert_allclose(found.lifted[:, 0], 60.0)
    assert np.isnan(found.lifted[30:, 1]).all()
    mask = Silhouettes(found.silhouettes.bits[:, 0], found.silhouettes.squares[:, 0])
    around = np.array([[[60.0, 80.0], [29.0, 80.0], [91.0, 80.0], [60.0, 49.0], [20.0, 80.0]]])
    assert mask.holds(np.array([0]), around).tolist() == [[True, True, True, True, False]]
    np.testing.assert_allclose(mask.mask(0, 90, 160).sum(), 62 * 64, rtol=0.03)  # its square ends at the picture's edge


def test_what_the_detector_tells_is_read_back(tmp_path: Path) -> None:
    video = open_video(write_video(tmp_path / "a.mp4", 90, 160, frames=20))
    network: Any = TwoPeople(stays=40)
    found = detect_people(video, network, (0.0, 10.0), lambda _: None)
    save_keypoints(tmp_path / "points.npz", found)
    again = read_keypoints(tmp_path / "points.npz")
    np.testing.assert_array_equal(again.lifted, found.lifted)
    assert again.silhouettes is not None
    assert found.silhouettes is not None
    np.testing.assert_array_equal(again.silhouettes.bits, found.silhouettes.bits)
    np.testing.assert_array_equal(again.silhouettes.squares, found.silhouettes.squares)
    save_keypoints(tmp_path / "other.npz", replace(found, lifted=np.zeros((3, 1, 33, 3))))
    with pytest.raises(BadInput, match="lifted: found shape"):
        read_keypoints(tmp_path / "other.npz")


def test_nobody_is_told(tmp_path: Path) -> None:
    class Nobody(TwoPeople):
        def find(self, _picture: np.ndarray) -> list[Circle]:
            return []

    video = open_video(write_video(tmp_path / "a.mp4", 90, 160))
    network: Any = Nobody(0)
    with pytest.raises(BadInput, match="nobody in any frame"):
        detect_people(video, network, (0.0, 10.0), lambda _: None)


def test_without_the_runtime_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(MissingDependency, match=r"kinesynth\[predict\]"):
        BlazePose()
