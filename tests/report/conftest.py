from pathlib import Path

import pytest
import torch

from shard_factory import make_results


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results folder of a small dataset: three subjects, two clips each."""
    torch.set_num_threads(1)
    return make_results(tmp_path_factory.getbasetemp())
