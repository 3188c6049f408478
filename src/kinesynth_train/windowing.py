"""Windows of a stretch that follow one another, or that end or centre on each frame, and their frames put together."""

import torch
from torch import Tensor

from kinesynth_train.data import TIME_AXIS, Batch


def window_starts(frames: int, window: int, overlap: int = 0) -> Tensor:
    """Return the first frames (W,) of windows that hold every frame, so many of them two windows.

    The last one ends with the stretch.
    """
    last = max(frames - window, 0)
    return torch.tensor([*range(0, last, window - overlap), last])


def windows_of(batch: Batch, starts: Tensor, window: int) -> Batch:
    """Return windows of a stretch (a batch of one) as a batch; a stretch that is shorter repeats its last frame."""
    indices = (starts[:, None] + torch.arange(window)).clamp(max=batch["angles"].shape[1] - 1)  # (W, T)
    return {name: _cut(value[0], indices.to(value.device), TIME_AXIS.get(name)) for name, value in batch.items()}


def _cut(array: Tensor, indices: Tensor, axis: int | None) -> Tensor:
    if axis is None:
        return array.expand(len(indices), *array.shape)
    return torch.stack([array.index_select(axis, window) for window in indices])


def joined(windows: Tensor, starts: Tensor, frames: int) -> Tensor:
    """Return the frames (T, ...) of windows (W, window, ...): each from the first window that holds it."""
    whole = windows.new_empty(frames, *windows.shape[2:])
    for window, start in reversed(list(zip(windows, starts.tolist(), strict=True))):
        part = window[: frames - start]
        whole[start : start + len(part)] = part
    return whole


def faded(windows: list[Tensor], starts: list[int], frames: int, overlap: int) -> Tensor:
    """Return the frames (T, ...) of windows (window, ...) that overlap: where they do, one fades into the next."""
    total = windows[0].new_zeros(frames, *windows[0].shape[1:])
    weight = windows[0].new_zeros(frames, *(1,) * (windows[0].ndim - 1))
    for window, start in zip(windows, starts, strict=True):
        count = len(window)
        indices = torch.arange(count, device=window.device, dtype=window.dtype)
        fraction = torch.minimum(indices + 1, count - indices).clamp(max=overlap + 1).reshape(-1, *weight.shape[1:])
        total[start : start + count] += fraction * window
        weight[start : start + count] += fraction
    return total / weight


def window_about_each(frames: Tensor, window: int, place: int) -> Tensor:
    """Return windows (T, window, ...) of frames (T, ...), each frame at `place` of its own; the ends are repeated."""
    count = len(frames)
    indices = torch.arange(count)[:, None] + torch.arange(window) - place
    return frames[indices.clamp(0, count - 1).to(frames.device)]


def random_frame(usual: int, valid: Tensor) -> int:
    """Return which frame training is about that sees a window for one frame: the usual one, in every other batch any.

    Never one past the end of the batch's longest clip: `valid` (N, T) says that it costs nothing, so that nothing would
    be learned of it.
    """
    frames = int(valid.sum(dim=1).max())
    if usual < frames and float(torch.rand(())) >= 0.5:
        return usual
    return int(torch.randint(frames, ()))
