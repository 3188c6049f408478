"""A front that was trained before: what networks of several stages begin with, instead of training it once more."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from kinesynth.errors import BadInput
from kinesynth_train.checkpoint import Model, load_checkpoint
from kinesynth_train.networks import Network


def take_front(model: Model, path: Path) -> None:
    """Give a network the parameters of the network of single pictures that it begins with.

    Args:
        model: whose network has a front.
        path: checkpoint of a network like that front, trained on the same shards.

    Raises:
        BadInput: the file is no checkpoint, or one of another network, of other sizes or of other shards.
    """
    front: Any = model.network.front
    trained, _ = load_checkpoint(path)
    found = trained.network
    if type(found) is not type(front) or _sizes(found) != _sizes(front):
        expected = f"{type(front).__name__} of the sizes that {model.name} begins with"
        raise BadInput(path, "network", trained.name, expected, "give --front the checkpoint of such a network")
    same = trained.stats.tensors(), model.stats.tensors()
    if any(not torch.equal(same[0][name], value) for name, value in same[1].items()):
        fix = "train the front on the same shards: its outputs count from their mean"
        raise BadInput(path, "training set", "other shards", "the same", fix)
    front.load_state_dict(found.state_dict())


def _sizes(network: Network) -> Any:
    """Return a network's shape without the files that it started from."""
    shape: Any = network.shape
    return replace(shape, **dict.fromkeys((name for name in ("weights", "body") if hasattr(shape, name)), ""))
