"""BioPose's refinement by what was seen in the picture: the queries of each picture are moved, all else is frozen.

Silent in the paper, hence ours: keypoints count by the square of their confidence; a step begins at twice the last
one's length and is halved while it raises the cost; a picture whose cost it still raises stays as it is.
"""

import zlib
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from kinesynth_train.baselines import NOISE_FRACTION, SEED
from kinesynth_train.data import Batch

FIRST_STEP = 1.0
MAX_HALVINGS = 5


def moved(cost: Callable[[Tensor], Tensor], queries: Tensor, steps: int) -> Tensor:
    """Return queries (F, Q, C) after some steps down the slope of their costs (F,), each picture at its own pace."""
    length = queries.new_full((len(queries), 1, 1), FIRST_STEP)
    for _ in range(steps):
        with torch.enable_grad():
            here = queries.detach().requires_grad_()
            before = cost(here)
            (slope,) = torch.autograd.grad(before.sum(), here)
        with torch.no_grad():
            queries, length = _step(cost, here.detach(), before.detach(), slope, length)
    return queries


def _step(
    cost: Callable[[Tensor], Tensor], queries: Tensor, before: Tensor, slope: Tensor, length: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the moved queries and the next step's first lengths."""
    for _ in range(MAX_HALVINGS + 1):
        tried = queries - length * slope
        better = (cost(tried) <= before)[:, None, None]
        if better.all():
            break
        length = length.where(better, 0.5 * length)
    return tried.where(better, queries), length.where(~better, 2.0 * length)


def view_of(batch: Batch, view: int, detected: bool) -> Batch:
    """Return a view's pictures and cameras (T, ...) of a batch of one window, and what is seen in them.

    Joint centres (T, B, 2), and the confidence (T, B) of these: a detector's, if they are `detected`; labels get noise
    of half a percent of the crop's side, which follows from them, so that it is the same at each use.
    """
    pictures = {name: batch[name][0, view] for name in ("crops", "rotations", "projections")}
    joints = batch["keypoints_2d"].shape[3] // 2  # then come the mass centres, which nobody sees
    points, seen = (batch[name][0, view][:, :joints] for name in ("keypoints_2d", "visibility"))
    if not detected:
        seed = zlib.crc32(points.cpu().numpy().tobytes())
        noise = np.random.default_rng([SEED, seed]).standard_normal(points.shape)
        points = points + 2.0 * NOISE_FRACTION * torch.from_numpy(noise).to(points)
    return {**pictures, "keypoints_2d": points, "confidence": 0.5 * seen.to(points)}
