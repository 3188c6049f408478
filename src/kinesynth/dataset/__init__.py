"""The dataset: shards written, indexed, checked, exported, and read.

Reading needs numpy, h5py and av only.

Example:
    >>> from kinesynth.dataset import ShardDataset, sample
    >>> dataset = ShardDataset(sample(), split="train", window=16)  # a run's results folder does as well
    >>> dataset[0]["views"]["frontal"]["frames"].shape
    (16, 192, 256, 3)
"""

from kinesynth.dataset.crop import Crop
from kinesynth.dataset.reader import ShardDataset
from kinesynth.dataset.sampler import ResumableSampler
from kinesynth.dataset.shipped_sample import sample
from kinesynth.dataset.stream import ShardStream

__all__ = ["Crop", "ResumableSampler", "ShardDataset", "ShardStream", "sample"]
