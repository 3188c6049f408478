"""Each muscle's mean in the training split: what networks of activations are held against."""

import h5py
import numpy as np
import torch
from torch import Tensor

from kinesynth.dataset import ShardDataset
from kinesynth.dataset.record import own_array
from kinesynth.errors import BadInput
from kinesynth_train.stretch import Estimate, Stretch

MEAN_ACTIVATION = "mean activation"  # the baseline's name


def mean_estimate(angles: Tensor, activations: Tensor, stretch: Stretch) -> Estimate:
    """Return the same pose (J,) and activations (A,) for every frame, and scales of 1."""
    frames = stretch.frames
    scales = torch.ones_like(stretch.scales)
    return Estimate(angles.expand(frames, -1), scales, activations=activations.expand(frames, -1))


def mean_activations(labels: ShardDataset) -> np.ndarray:
    """Return the mean (A,) of the activations that are valid, over the clips of a dataset.

    Raises:
        BadInput: none is valid.
    """
    valid = []
    for place in labels.clips:
        with h5py.File(place.shard, "r") as file:
            clip = file["clips"][place.clip_id]
            valid.append(own_array(clip, "activations")[own_array(clip, "quality/activation_valid")])
    frames = np.concatenate(valid)
    if not len(frames):
        fix = "give shards whose dynamics are valid, or train hsmr"
        raise BadInput(labels.shards[0].parent, "quality/activation_valid", "no valid frame to train on", "some", fix)
    mean: np.ndarray = frames.mean(axis=0, dtype=np.float64).astype(np.float32)
    return mean
