"""Windows of a stretch that follow one another, or that end or centre on each frame, and their frames put together."""

import torch
from torch import Tensor

from kinesynth_train.data import TIME_AXIS, Batch


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


def window_about_each(frames: Tensor, window: int, place: int) -> Tensor:
    """Return windows (T, window, ...) of frames (T, ...), each frame at `place` of its own; the ends are repeated."""
    count = len(frames)
    places = torch.arange(count)[:, None] + torch.arange(window) - place
    return frames[places.clamp(0, count - 1).to(frames.device)]
