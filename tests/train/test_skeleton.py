from pathlib import Path

import numpy as np
import torch

from kinesynth.dataset import ShardDataset
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton, subject_layer


def test_one_skeleton_gives_everybodys_keypoints(results: Path, skeleton: DatasetSkeleton) -> None:
    for item in ShardDataset(results, window=4, views=()):
        pose = skeleton(torch.from_numpy(item["angles"])[None], torch.from_numpy(item["scales"])[None])
        np.testing.assert_allclose(pose.keypoints[0].numpy(), item["keypoints"], atol=1e-5)


def test_a_shards_own_skeleton_is_its_subjects(results: Path) -> None:
    dataset = ShardDataset(results, window=4, views=())
    for index, item in enumerate(dataset):
        pose = subject_layer(dataset.shard_of(index))(torch.from_numpy(item["angles"]).double())
        np.testing.assert_allclose(pose.markers.numpy(), item["markers"], atol=1e-5)


def test_frames_may_have_scales_of_their_own(skeleton: DatasetSkeleton, stats: CoordinateStats) -> None:
    angles = stats.mean.repeat(1, 3, 1)
    scales = torch.linspace(0.9, 1.1, 3)[None, :, None, None].expand(1, 3, int(stats.bodies), 3)
    pose = skeleton(angles, scales)
    for frame in range(3):
        alone = skeleton(angles[:, frame : frame + 1], scales[:, frame])
        torch.testing.assert_close(pose.markers[:, frame], alone.markers[:, 0])
        torch.testing.assert_close(pose.transforms[:, frame], alone.transforms[:, 0])


def test_the_mean_of_free_angles_is_circular(skeleton: DatasetSkeleton) -> None:
    names = skeleton.definition.coordinate_names
    angles = np.zeros((2, len(names)))
    angles[:, names.index("pelvis_rotation")] = [np.pi - 0.1, -np.pi + 0.3]
    mean = CoordinateStats.of(skeleton.definition, angles, np.ones((1, len(skeleton.definition.body_names), 3))).mean[
        names.index("pelvis_rotation")
    ]
    assert abs(abs(float(mean)) - (np.pi - 0.1)) < 1e-6
