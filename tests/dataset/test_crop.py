from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kinesynth.dataset import Crop, ShardDataset
from kinesynth.dataset.camera import fraction_on_mask, project
from kinesynth.dataset.crop import crop_camera, crop_labels
from kinesynth.dataset.video import decode_crops
from kinesynth.dataset.visibility import Visibility
from kinesynth.errors import BadInput
from shard_factory import encode


def test_keypoints_project_onto_the_crops_of_the_person(results: Path) -> None:
    crop = Crop(size=64, scale_jitter=0.2, shift_jitter=0.1)
    for item in ShardDataset(results, window=6, crop=crop):
        for view in item["views"].values():
            assert view["frames"].shape == (6, 64, 64, 3)
            hits, seen = np.sum(
                [
                    fraction_on_mask(*(part[None] for part in project(points, K, view["world_to_camera"])), mask[None])
                    for points, K, mask in zip(item["keypoints"], view["K"], view["mask"], strict=True)
                ],
                axis=0,
            )
            assert hits > 0.95 * seen > 0
            assert view["frames"][view["mask"]].mean() > 140


def test_a_wide_box_gets_a_larger_square_where_the_middle_columns_count() -> None:
    boxes, rng = np.array([[0.0, 0.0, 60.0, 80.0], [0.0, 0.0, 90.0, 80.0]]), np.random.default_rng(0)
    assert Crop(margin=1.0).squares(boxes, rng)[:, 2].tolist() == [80, 90]
    assert Crop(margin=1.0, aspect=0.75).squares(boxes, rng)[:, 2].tolist() == [80, 120]


def test_tracks_are_cropped_with_the_frames(results: Path) -> None:
    crop = Crop(size=64, scale_jitter=0.2, shift_jitter=0.3)
    outside = 0
    for item in ShardDataset(results, window=6, crop=crop, tracks=("parts", "depth")):
        for view in item["views"].values():
            np.testing.assert_array_equal(view["parts"] > 0, view["mask"])
            np.testing.assert_array_equal(view["depth"], 1000 * view["parts"].astype(int))  # as the fixture has it
            for points, K, found, seen in zip(
                item["keypoints"], view["K"], view["keypoints_2d"], view["visibility"], strict=True
            ):
                expected, _ = project(points, K, view["world_to_camera"])
                np.testing.assert_allclose(found, expected, atol=0.01)
                inside = ((expected > -0.5) & (expected < 63.5)).all(axis=1)
                assert (seen[~inside] == Visibility.OUTSIDE).all()
                assert (seen[inside] > Visibility.OUTSIDE).all()
                outside += (~inside).sum()
    assert outside > 0


@pytest.mark.parametrize("square", [[8, 4, 32], [-10, 20, 60], [20, -6, 80]])
def test_a_crop_is_what_the_whole_picture_shows_there(square: list[int]) -> None:
    mask = np.zeros((1, 72, 96), dtype=bool)
    mask[0, 20:50, 30:44] = True
    squares, size = np.array([square]), 2 * square[2]
    crop = decode_crops(encode(mask, bright=235), 0, squares, size)[0].astype(int)
    expected = crop_labels(mask[0], squares[0], size)
    assert crop[expected].mean() > 165
    left, top, _ = square
    beyond = np.zeros((size, size), dtype=bool)
    beyond[: max(-2 * top, 0)], beyond[:, : max(-2 * left, 0)] = True, True
    beyond[max(2 * (72 - top), 0) :], beyond[:, max(2 * (96 - left), 0) :] = True, True
    inner = ~beyond & ~expected
    assert crop[beyond].size == 0 or crop[beyond].mean() < 4
    assert abs(crop[inner].mean() - 45) < 12
    # The edge of the person lies where the crop's camera puts it, to half a pixel of the whole picture.
    camera = crop_camera(np.eye(3), squares, size)[0]
    row = crop[round(camera[1, 1] * 35 + camera[1, 2])].mean(axis=1)
    rising = np.flatnonzero(np.diff((row > 115).astype(int)) == 1)
    assert abs((rising[0] + 0.5 - camera[0, 2]) / camera[0, 0] - 29.5) < 0.75


def test_squares_hold_the_box_and_jitter_once_a_window() -> None:
    boxes = np.array([[10, 10, 30, 70], [12, 10, 32, 68], [50, 50, 50, 50]], dtype=float)
    plain = Crop(margin=1.2).squares(boxes, np.random.default_rng(0))
    assert (plain % 2 == 0).all()
    np.testing.assert_allclose(plain[:, 2], [72, 69.6, 9.6], atol=1.0)
    np.testing.assert_allclose(plain[:, :2] + plain[:, 2:] / 2, (boxes[:, :2] + boxes[:, 2:]) / 2, atol=2.0)
    shaken = Crop(margin=1.2, scale_jitter=0.3, shift_jitter=0.2).squares(boxes, np.random.default_rng(2))
    ratios = shaken[:2, 2] / plain[:2, 2]
    assert abs(ratios[0] - ratios[1]) < 0.05
    assert abs(ratios[0] - 1.0) > 0.01


def test_crops_follow_the_seed_and_the_epoch(results: Path) -> None:
    def squares(seed: int, epoch: int) -> np.ndarray:
        dataset = ShardDataset(
            results, window=30, views=["frontal"], labels=(), crop=Crop(32, shift_jitter=0.5), seed=seed
        )
        dataset.set_epoch(epoch)
        return np.stack([item["views"]["frontal"]["square"] for item in dataset])

    np.testing.assert_array_equal(squares(1, 0), squares(1, 0))
    assert (squares(1, 0) != squares(1, 1)).any()
    assert (squares(1, 0) != squares(2, 0)).any()


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": 0},
        {"size": -3},
        {"size": 64.0},
        {"margin": 0.0},
        {"margin": float("nan")},
        {"aspect": float("inf")},
        {"scale_jitter": 1.0},
        {"shift_jitter": -0.1},
    ],
)
def test_a_crop_of_which_there_is_no_picture_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match=f"found {next(iter(wrong))} "):
        Crop(**wrong)
