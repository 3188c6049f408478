from pathlib import Path

import pytest
import torch

from kinesynth.dataset import ShardDataset
from kinesynth_train.data import Batch, Windows
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton, all_angles, all_scales, dataset_skeleton
from shard_factory import make_results


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results folder of a small dataset: three subjects, two clips each."""
    torch.set_num_threads(1)
    return make_results(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def skeleton(results: Path) -> DatasetSkeleton:
    return dataset_skeleton(ShardDataset(results, "train", 1, ()))


@pytest.fixture(scope="session")
def stats(results: Path, skeleton: DatasetSkeleton) -> CoordinateStats:
    labels = ShardDataset(results, "train", 1, ())
    return CoordinateStats.of(skeleton.definition, all_angles(labels), all_scales(labels))


@pytest.fixture(scope="module")
def batch(results: Path) -> Batch:
    """Two windows of two views, cut as for networks of single pictures."""
    windows = Windows(results, "train", 3, 64, aspect=0.75)
    return {name: torch.stack([windows[0][name], windows[1][name]]) for name in windows[0]}
