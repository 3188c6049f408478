"""What NeurIK and our variant of it share: markers from their mean, and a window for each frame."""

import torch
from torch import Tensor

from kinesynth_train.networks.contract import Network
from kinesynth_train.stretch import Estimate, Stretch
from kinesynth_train.windowing import window_about_each

WINDOWS_AT_ONCE = 64


def about_mean(markers: Tensor) -> tuple[Tensor, Tensor]:
    """Return markers (N, T, M, 3) from the mean of those that are there, missing ones 0, and the mean (N, T, 3)."""
    seen = markers.isfinite().all(dim=-1, keepdim=True)
    there = markers.where(seen, 0.0)
    middle = there.sum(dim=2) / seen.sum(dim=2).clamp(min=1)
    return (there - middle[:, :, None]) * seen, middle


def estimate_each(network: Network, stretch: Stretch, stage: str, window: int, place: int) -> Estimate:
    """Return what a network predicts for each frame, at `place` of a window of its own; the ends are repeated."""
    windows = window_about_each(stretch.batch["markers"][0], window, place)  # (T, window, M, 3)
    said = [network({"markers": few}, stage)[:2] for few in torch.split(windows, WINDOWS_AT_ONCE)]
    return Estimate(*(torch.cat(part)[:, 0] for part in zip(*said, strict=True)))
