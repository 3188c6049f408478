"""A network in use: windows of a stretch that follow one another, and their frames put together again."""

import torch
from torch import Tensor

from kinesynth_train.baselines import Estimate, Stretch
from kinesynth_train.checkpoint import Model
from kinesynth_train.data import TIME_AXIS, Batch

AT_ONCE = 4  # windows that a network sees at once


def predict(stretch: Stretch, model: Model) -> Estimate:
    """Return a network's estimate of every frame, as it comes."""
    stage, window = model.preset.phases[-1].stage, model.preset.window
    starts = window_starts(stretch.frames, window)
    some = (starts[first : first + AT_ONCE] for first in range(0, len(starts), AT_ONCE))
    parts = [model.network(windows_of(stretch.batch, few, window), stage)[:2] for few in some]
    angles, scales = (torch.cat(part) for part in zip(*parts, strict=True))
    every = scales[:, None].expand(-1, window, -1, -1)
    return Estimate(joined(angles, starts, stretch.frames), joined(every, starts, stretch.frames))


def window_starts(frames: int, window: int) -> Tensor:
    """Return the first frames (W,) of windows that hold every frame; the last one ends with the stretch."""
    last = max(frames - window, 0)
    return torch.tensor([*range(0, last, window), last])


def windows_of(batch: Batch, starts: Tensor, window: int) -> Batch:
    """Return windows of a stretch (a batch of one) as a batch; a stretch that is shorter repeats its last frame."""
    places = (starts[:, None] + torch.arange(window)).clamp(max=batch["angles"].shape[1] - 1)  # (W, T)
    return {name: _cut(value[0], places.to(value.device), TIME_AXIS.get(name)) for name, value in batch.items()}


def _cut(array: Tensor, places: Tensor, axis: int | None) -> Tensor:
    if axis is None:
        return array.expand(len(places), *array.shape)
    return torch.stack([array.index_select(axis, window) for window in places])


def joined(windows: Tensor, starts: Tensor, frames: int) -> Tensor:
    """Return the frames (T, ...) of windows (W, window, ...): each from the first window that holds it."""
    whole = windows.new_empty(frames, *windows.shape[2:])
    for window, start in reversed(list(zip(windows, starts.tolist(), strict=True))):
        part = window[: frames - start]
        whole[start : start + len(part)] = part
    return whole
