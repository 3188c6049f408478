import math
from pathlib import Path

import numpy as np
import pytest
import torch

from kinesynth.dataset import ShardDataset
from kinesynth_train.data import CropDataset, camera_code, crop_frames, reference_skeleton, square_box
from kinesynth_train.losses import angle_loss, limit_loss, masked_mean
from kinesynth_train.metrics import Mean, angle_errors_deg, joint_errors_mm
from kinesynth_train.networks import TwoViewNetwork


def test_angle_errors_go_the_short_way_round() -> None:
    errors = angle_errors_deg(torch.tensor([math.pi - 0.1, 0.5]), torch.tensor([-math.pi + 0.1, 0.2]))
    torch.testing.assert_close(errors, torch.rad2deg(torch.tensor([0.2, 0.3])))


def test_joint_errors_ignore_where_the_pelvis_is() -> None:
    truth = torch.zeros(1, 4, 3)
    guess = truth + torch.tensor([5.0, 0.0, 0.0])
    guess[0, 1, 1] += 0.03
    torch.testing.assert_close(joint_errors_mm(guess, truth), torch.tensor([[0.0, 30.0]]))


def test_mean_counts_valid_values_only() -> None:
    mean = Mean()
    mean.add(torch.tensor([[1.0, 5.0], [3.0, 7.0]]), torch.tensor([[True, True], [True, False]]))
    assert mean.total() == pytest.approx(3.0)
    assert mean.each() == [2.0, 5.0]


def test_losses_by_hand() -> None:
    free = torch.tensor([True, False])
    angles, truth = torch.tensor([[[math.pi, 0.3]]]), torch.tensor([[[-math.pi, 0.1]]])
    valid = torch.ones(1, 1, 2, dtype=torch.bool)
    assert float(angle_loss(angles, truth, valid, free)) == pytest.approx(0.1, abs=1e-6)
    limits = torch.tensor([[-1.0, 1.0], [0.0, 0.2]])
    assert float(limit_loss(angles, free, limits)) == pytest.approx(0.1)
    assert float(masked_mean(torch.ones(2), torch.zeros(2))) == 0.0


def test_the_skeleton_gives_the_keypoints(results: Path) -> None:
    dataset = ShardDataset(results / "shards" / "anna_000.h5", window=4, views=())
    skeleton = reference_skeleton(dataset)
    for item in dataset:
        keypoints = skeleton(torch.from_numpy(item["angles"])[None], torch.from_numpy(item["scales"])[None])[0]
        np.testing.assert_allclose(keypoints.numpy(), item["keypoints"], atol=1e-5)


def test_crops_show_the_person(results: Path) -> None:
    item = CropDataset(results, "train", window=4, crop=32)[0]
    assert item["crops"].shape == (2, 4, 4, 32, 32)
    mask = item["crops"][:, :, 3]
    touched = (mask > 0.5).any(dim=2).sum(dim=2), (mask > 0.5).any(dim=3).sum(dim=2)
    assert (torch.maximum(*touched) >= 25).all()
    inside = item["crops"][:, :, :3].mean(dim=2)[mask > 0.9]
    assert inside.mean() > 0.6


def test_a_crop_as_large_as_the_picture_is_the_picture() -> None:
    frames = np.random.default_rng(0).integers(0, 255, (2, 16, 16, 3), dtype=np.uint8)
    view = {"frames": frames, "mask": np.ones((2, 16, 16), dtype=bool)}
    crops = crop_frames(view, np.tile([7.5, 7.5, 16.0], (2, 1)), 16)
    np.testing.assert_allclose(crops[:, :3].permute(0, 2, 3, 1), frames / 255, atol=1e-5)


def test_camera_code_by_hand() -> None:
    view = {"K": np.array([[100.0, 0, 50], [0, 100, 40], [0, 0, 1]]), "world_to_camera": np.eye(4)}
    squares = square_box(np.array([[40.0, 30.0, 80.0, 60.0]]))
    np.testing.assert_allclose(squares, [[60.0, 45.0, 46.0]])
    np.testing.assert_allclose(camera_code(view, squares)[0, :3], [0.1, 0.05, 0.46], atol=1e-6)


def test_an_untrained_network_gives_the_mean_pose() -> None:
    mean, free = torch.tensor([3.0, 0.2, -1.0]), torch.tensor([True, False, True])
    network = TwoViewNetwork(2, mean, torch.ones(3), free, 5)
    angles, scales = network(torch.rand(2, 2, 7, 4, 32, 32), torch.rand(2, 2, 7, 15))
    torch.testing.assert_close(angles, mean.expand(2, 7, 3))
    torch.testing.assert_close(scales, torch.ones(2, 5, 3))
