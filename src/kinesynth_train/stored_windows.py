"""Windows of clips whose pictures a network has encoded once."""

from collections.abc import Sequence

import numpy as np
import torch
from torch.utils.data import Dataset

from kinesynth_train.data import TIME_AXIS, Batch


class StoredWindows(Dataset[Batch]):
    """The windows that `Windows` would draw, without pictures but with what a network has stored of each clip.

    Args:
        clips: whole clips' labels, each a dictionary as `Windows` gives it, with estimates and rotations.
        window: T.
        seed: of the random windows.
        sources: where the motion of each clip comes from, if anybody asks.
    """

    def __init__(self, clips: Sequence[Batch], window: int, seed: int, sources: Sequence[str] = ()) -> None:
        self._clips, self._window, self._seed, self.sources = list(clips), window, seed, list(sources)

    def __len__(self) -> int:
        """Return the number of clips, each of which has a window in an epoch."""
        return len(self._clips)

    def __getitem__(self, index: int) -> Batch:
        """Return window i of epoch e at index e * len + i."""
        epoch, number = divmod(index, len(self._clips))
        clip = self._clips[number]
        frames = len(clip["frame_valid"])
        rng = np.random.default_rng([self._seed, epoch, number])
        start = int(rng.integers(max(frames - self._window, 0) + 1))
        indices = torch.arange(start, start + self._window)
        item = {
            name: value.index_select(TIME_AXIS[name], indices.clamp(max=frames - 1)) if name in TIME_AXIS else value
            for name, value in clip.items()
        }
        inside = indices < frames
        for name in ("frame_valid", "counted", *(name for name in item if name.endswith("_valid"))):
            item[name] = item[name] & inside.reshape(-1, *(1,) * (item[name].ndim - 1))
        return item
