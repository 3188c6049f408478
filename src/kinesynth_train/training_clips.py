"""Which clips of the training split a run learns from, and how often an epoch sees those of each source."""

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from kinesynth.dataset import ShardDataset
from kinesynth.dataset.clip_entry import ClipEntry
from kinesynth.errors import BadInput

MAX_TIMES = 100.0  # times that an epoch may see a window


def kept(shards: Path, people: int) -> Callable[[ClipEntry], bool] | None:
    """Return which clips are of the first so many people of the training split, None for all.

    People stand in an order that their names alone decide, so that those of a smaller number are among those of a
    larger one.

    Raises:
        BadInput: there are not so many.
    """
    if not people:
        return None
    names = {clip.subject for clip in ShardDataset(shards, "train", 1, ()).clips}
    if people > len(names):
        found = f"{people}, of a training split of {len(names)}"
        raise BadInput(shards, "--people", found, f"{len(names)} at most", "give fewer, or 0 for all")
    order = sorted(names, key=lambda name: hashlib.blake2b(name.encode()).digest())
    return partial(_is_of, frozenset(order[:people]))


def source_times(shards: Path, told: Sequence[str], clips: Sequence[ClipEntry]) -> dict[str, float]:
    """Return how often an epoch sees a window of each source, 1 where that is not told; nothing where nothing is.

    Args:
        shards: for the message.
        told: NAME=TIMES each.
        clips: of the training split.

    Raises:
        BadInput: no clip is of such a source, a number of times is none from 0 to 100, or nothing is left.
    """
    if not told:
        return {}
    times = dict.fromkeys((clip.source for clip in clips), 1.0)
    for text in told:
        name, _, value = text.partition("=")
        if name not in times:
            expected = f"NAME=TIMES, the name {' or '.join(sorted(times))}"
            raise BadInput(shards, "--sources", repr(text), expected, "name a source of the training split")
        times[name] = _times(shards, text, value)
    if not any(times.values()):
        raise BadInput(shards, "--sources", " ".join(told), "a source seen more than 0 times", "raise one of them")
    return times


def epoch_frames(clips: Sequence[ClipEntry], times: Mapping[str, float]) -> float:
    """Return how many frames an epoch sees."""
    return sum(clip.frames * times[clip.source] if times else clip.frames for clip in clips)


def groups_of(sources: Sequence[str], times: Mapping[str, float]) -> list[tuple[float, np.ndarray]]:
    """Return how often each source's windows are seen, and which these are; `sources` has each window's."""
    names = np.array(sources)
    return [(times[name], np.flatnonzero(names == name)) for name in sorted(set(sources))]


def _is_of(people: frozenset[str], clip: ClipEntry) -> bool:
    return clip.subject in people


def _times(shards: Path, text: str, value: str) -> float:
    try:
        times = float(value)
    except ValueError:
        times = math.nan
    if not 0.0 <= times <= MAX_TIMES:
        raise BadInput(
            shards, "--sources", repr(text), f"NAME=TIMES, a number from 0 to {MAX_TIMES:g}", "correct the number"
        )
    return times
