import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from shard_factory import make_results


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results folder of a small dataset: three subjects, two clips each."""
    torch.set_num_threads(1)
    return make_results(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def moving_shard(results: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shard whose fitted bodies move."""
    path = tmp_path_factory.mktemp("moving") / "anna_000.h5"
    shutil.copy(results / "shards" / "anna_000.h5", path)
    rng = np.random.default_rng(3)
    with h5py.File(path, "r+") as file:
        for array in file["clips/anna_walk/smplx"].values():
            if array.name.rpartition("/")[2] != "residual":
                array[...] = rng.normal(scale=0.2, size=array.shape)
    return path
