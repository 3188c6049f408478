from pathlib import Path

import numpy as np
import torch

from kinesynth.dataset import ShardDataset
from kinesynth_train.skeleton import (
    Anatomy,
    DatasetSkeleton,
    root_to_rotation,
    rotation_to_root,
    six_to_rotation,
    subject_layer,
)


def test_one_skeleton_gives_everybodys_keypoints(results: Path, skeleton: DatasetSkeleton) -> None:
    for item in ShardDataset(results, window=4, views=()):
        pose = skeleton(torch.from_numpy(item["angles"])[None], torch.from_numpy(item["scales"])[None])
        np.testing.assert_allclose(pose.keypoints[0].numpy(), item["keypoints"], atol=1e-5)


def test_a_shards_own_skeleton_is_its_subjects(results: Path) -> None:
    dataset = ShardDataset(results, window=4, views=())
    for index, item in enumerate(dataset):
        pose = subject_layer(dataset.shard_of(index))(torch.from_numpy(item["angles"]).double())
        np.testing.assert_allclose(pose.markers.numpy(), item["markers"], atol=1e-5)


def test_the_roots_rotation_is_the_skeletons(skeleton: DatasetSkeleton, anatomy: Anatomy) -> None:
    turns = torch.tensor([[0.4, -0.7, 2.5], [-1.2, 0.3, -0.6], [0.0, 0.0, 0.0]])
    angles = anatomy.mean.repeat(3, 1)
    angles[:, anatomy.root] = turns
    wanted = skeleton(angles[:, None], skeleton.reference.expand(3, -1, -1)).transforms[:, 0, 0, :3, :3]
    torch.testing.assert_close(root_to_rotation(turns, anatomy.root_axes), wanted, atol=1e-5, rtol=0)
    torch.testing.assert_close(rotation_to_root(wanted, anatomy.root_axes), turns, atol=1e-4, rtol=0)


def test_left_handed_axes_turn_the_other_way() -> None:
    axes = torch.tensor([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    turns = torch.tensor([0.3, -0.2, 0.5])
    torch.testing.assert_close(rotation_to_root(root_to_rotation(turns, axes), axes), turns)


def test_six_numbers_make_a_rotation() -> None:
    rotations = six_to_rotation(torch.randn(5, 6, generator=torch.Generator().manual_seed(0)))
    torch.testing.assert_close(rotations @ rotations.mT, torch.eye(3).expand(5, 3, 3), atol=1e-5, rtol=0)
    torch.testing.assert_close(torch.linalg.det(rotations), torch.ones(5))


def test_the_mean_of_free_angles_is_circular(skeleton: DatasetSkeleton) -> None:
    names = skeleton.definition.coordinate_names
    angles = np.zeros((2, len(names)))
    angles[:, names.index("pelvis_rotation")] = [np.pi - 0.1, -np.pi + 0.3]
    mean = Anatomy.of(skeleton.definition, angles).mean[names.index("pelvis_rotation")]
    assert abs(abs(float(mean)) - (np.pi - 0.1)) < 1e-6
