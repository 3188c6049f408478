"""The dataset: shards written, indexed, checked, exported, and read.

Reading needs numpy, h5py and av only.

Example:
    >>> from kinesynth.dataset import ShardDataset
    >>> dataset = ShardDataset("results", split="train", window=64)  # doctest: +SKIP
    >>> dataset[0]["angles"].shape  # doctest: +SKIP
    (64, 42)
"""

from kinesynth.dataset.crop import Crop
from kinesynth.dataset.reader import ShardDataset
from kinesynth.dataset.sampler import ResumableSampler
from kinesynth.dataset.stream import ShardStream

__all__ = ["Crop", "ResumableSampler", "ShardDataset", "ShardStream"]
