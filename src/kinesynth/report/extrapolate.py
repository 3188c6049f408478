"""What a large run takes, from what the jobs and files of small ones took: by shards and frames, by people, or once."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from kinesynth.shards import ListedShard


class Unit(IntEnum):
    """What a job works for, or a file belongs to."""

    SHARD = 0
    PERSON = 1
    RUN = 2


@dataclass(frozen=True)
class Run:
    """A large run: how many frames of how many people, and how many frames share a shard."""

    frames: float
    subjects: int
    frames_per_shard: int

    @property
    def shards(self) -> float:
        """Number of shards; each person has at least one."""
        return max(self.frames / self.frames_per_shard, float(self.subjects))


@dataclass(frozen=True)
class Sample:
    """What one job took or one file holds.

    Attributes:
        unit: what it is for.
        frames: of its shard, or else of the whole small run.
        amount: seconds, or bytes.
    """

    unit: Unit
    frames: int
    amount: float


def sample(name: str, amount: float, listed: Sequence[ListedShard]) -> Sample:
    """Tell what a job or a file of a small run is for by its name: its shard's, its person's, or another."""
    frames = {shard.shard: shard.frames for shard in listed}
    if name in frames:
        return Sample(Unit.SHARD, frames[name], amount)
    unit = Unit.PERSON if name in {shard.subject for shard in listed} else Unit.RUN
    return Sample(unit, sum(frames.values()), amount)


def extrapolate(samples: Sequence[Sample], run: Run, of_all_frames: bool) -> float:
    """Return what samples of one kind come to in a large run.

    Where a rule has samples of several units, only the finest counts: a folder may hold times of an older workflow.

    Args:
        samples: of the jobs of one rule, or of files of one kind; at least one.
        run: the large run.
        of_all_frames: whether what exists once in a run grows with the run's frames.
    """
    unit = min(each.unit for each in samples)
    chosen = [each for each in samples if each.unit == unit]
    frames = np.array([float(each.frames) for each in chosen])
    amounts = np.array([each.amount for each in chosen])
    if unit == Unit.SHARD:
        start, per_frame = _start_and_rate(frames, amounts)
        return start * run.shards + per_frame * run.frames
    if unit == Unit.PERSON:
        return float(amounts.mean()) * run.subjects
    return float(amounts.sum() / frames.sum()) * run.frames if of_all_frames else float(amounts.max())


def _start_and_rate(frames: np.ndarray, amounts: np.ndarray) -> tuple[float, float]:
    """Return what a job or file takes at all and what for a frame, by least squares, neither below zero.

    The squares are relative to each amount: long jobs are not the only ones that count.
    """
    from scipy.optimize import nnls

    if frames.max() < 2.0 * frames.min():
        return 0.0, float(amounts.sum() / frames.sum())
    (start, per_frame), _ = nnls(
        np.column_stack([np.ones(len(frames)), frames]) / amounts[:, None], np.ones(len(frames))
    )
    return float(start), float(per_frame)
