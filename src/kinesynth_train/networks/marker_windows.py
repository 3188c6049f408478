"""What NeurIK and our variant of it share: markers from their mean, or as the person faces; a window for each frame."""

from collections.abc import Sequence

import torch
from torch import Tensor

from kinesynth_train.networks.contract import Network
from kinesynth_train.stretch import Estimate, Stretch
from kinesynth_train.windowing import faded, window_about_each, window_starts, windows_of

WINDOWS_AT_ONCE = 64
MIN_WIDTH_M = 0.05  # of the body seen from above, all pairs of markers added up, that tells where it faces


def about_mean(markers: Tensor) -> tuple[Tensor, Tensor]:
    """Return markers (N, T, M, 3) from the mean of those that are there, missing ones 0, and the mean (N, T, 3)."""
    seen = markers.isfinite().all(dim=-1, keepdim=True)
    there = markers.where(seen, 0.0)
    middle = there.sum(dim=2) / seen.sum(dim=2).clamp(min=1)
    return (there - middle[:, :, None]) * seen, middle


def counterparts(names: Sequence[str]) -> Tensor:
    """Return the positions (P, 2) of each right marker and its left counterpart among names."""
    sided = [name for name in names if name.startswith("R") and f"L{name[1:]}" in names]
    return torch.tensor([[names.index(name), names.index(f"L{name[1:]}")] for name in sided])


def facing(markers: Tensor, pairs: Tensor) -> Tensor:
    """Return the rotation (N, T, 3, 3) about the vertical, y, from the person's frame to the world.

    The person's z points where right markers are from their left counterparts, on average over the pairs (P, 2) of
    which both are there; where no pair is, the frames are the same.
    """
    right, left = markers[:, :, pairs[:, 0]], markers[:, :, pairs[:, 1]]
    apart = (right - left).where((right - left).isfinite(), 0.0).sum(dim=2)
    sine, cosine = apart[..., 0], apart[..., 2]
    length = torch.hypot(sine, cosine)
    known = length > MIN_WIDTH_M
    sine, cosine = (sine / length).where(known, 0.0), (cosine / length).where(known, 1.0)
    zero, one = torch.zeros_like(sine), torch.ones_like(sine)
    rows = torch.stack([cosine, zero, sine, zero, one, zero, -sine, zero, cosine], dim=-1)
    return rows.reshape(*rows.shape[:-1], 3, 3)


def estimate_overlapping(network: Network, stretch: Stretch, stage: str, window: int) -> Estimate:
    """Return what a network predicts in windows that overlap by half, where one fades into the next.

    Angles are faded as points on the unit circle; one set of scales, the mean, is for all frames.
    """
    starts = window_starts(stretch.frames, window, window // 2)
    said = [network(windows_of(stretch.batch, starts[n : n + 1], window), stage)[:2] for n in range(len(starts))]
    firsts, frames = starts.tolist(), stretch.frames
    angles = [part[0, : frames - start] for (part, _), start in zip(said, firsts, strict=True)]
    straight, cosine, sine = (
        faded([of(part) for part in angles], firsts, frames, window // 2) for of in (torch.clone, torch.cos, torch.sin)
    )
    joined = torch.atan2(sine, cosine).where(~network.stats.translational, straight)
    scales = torch.stack([scales[0].mean(dim=0) for _, scales in said]).mean(dim=0)
    return Estimate(joined, scales.expand(frames, -1, -1))


def estimate_each(network: Network, stretch: Stretch, stage: str, window: int, place: int) -> Estimate:
    """Return what a network predicts for each frame, at `place` of a window of its own; the ends are repeated."""
    windows = window_about_each(stretch.batch["markers"][0], window, place)  # (T, window, M, 3)
    said = [network({"markers": few}, stage)[:2] for few in torch.split(windows, WINDOWS_AT_ONCE)]
    return Estimate(*(torch.cat(part)[:, 0] for part in zip(*said, strict=True)))
