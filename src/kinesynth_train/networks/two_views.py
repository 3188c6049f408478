"""What ODAH and our variant of it share: two views of every frame, and points of space that both agree on."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from kinesynth_train.crops import project
from kinesynth_train.data import Batch
from kinesynth_train.networks.hull import hull_middle, sample_hull

VIEWS = 2
TEST_SEED = 0  # points are the same whenever a network is measured


def frames_of(batch: Batch) -> tuple[Tensor, Tensor]:
    """Return crops (N T, V, 4, S, S) from 0 to 1 and projections (N T, V, 3, 4) of a batch's first two views."""
    crops, projections = (batch[name][:, :VIEWS].transpose(1, 2).flatten(0, 1) for name in ("crops", "projections"))
    return crops.float() / 255.0, projections


def agreed_points(crops: Tensor, projections: Tensor, count: int, *, training: bool) -> tuple[Tensor, Tensor]:
    """Return points (F, count, 3) m that lie on both masks and the middle of the person (F, 3) m.

    In training they are sampled by torch's own generator.
    """
    generator = None if training else torch.Generator(crops.device).manual_seed(TEST_SEED)
    with torch.autocast(crops.device.type, enabled=False):
        middle = hull_middle(crops[:, :, 3], projections)
        return sample_hull(crops[:, :, 3], projections, middle, count, generator), middle


def seen_at(points: Tensor, middle: Tensor, maps: Tensor, projections: Tensor) -> Tensor:
    """Return what is known of points (F, N, 3): what the views' maps (F, V, C, H, W) hold there, and the place.

    The place is relative to the middle (F, 3); all in one row, (F, N, V C + 3).
    """
    at_points = []
    for view in range(VIEWS):
        positions = project(points, projections[:, view])[:, None]  # (F, 1, N, 2)
        at_points.append(grid_sample(maps[:, view].float(), positions, align_corners=False)[:, :, 0].mT)
    return torch.cat([*at_points, points - middle[:, None]], dim=-1)


def multiples_of(ratios: Sequence[int]) -> tuple[str, Callable[[int], bool]]:
    """Return which windows can be divided by all ratios in turn, in words and as a test."""
    product = math.prod(ratios)
    return f"a multiple of {product}", lambda window: window % product == 0
