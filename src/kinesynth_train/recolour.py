"""Colours of training pictures as other cameras would have them: the shards keep the frames as rendered."""

from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor


def recolour(colours: Tensor, rng: np.random.Generator) -> Tensor:
    """Return the pictures of a window, uint8 (V, T, 3, S, S), each view with colours and a focus of its own.

    All frames of a view are changed alike, as one camera would change them.
    """
    with torch.random.fork_rng(devices=[]):
        changes = _changes()
        torch.manual_seed(int(rng.integers(2**63)))
        return torch.stack([changes(view) for view in colours])


@cache
def _changes() -> Any:
    from torchvision.transforms import v2  # type: ignore[import-untyped]

    return v2.Compose([
        v2.ColorJitter(brightness=0.3, contrast=0.3, saturation=0.3, hue=0.03),
        v2.RandomGrayscale(0.1),
        v2.RandomApply([v2.GaussianBlur(3, (0.1, 1.0))], 0.2),
    ])  # fmt: skip
