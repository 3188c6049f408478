"""`kinesynth plan`: what a large run will cost, from the times of small ones on the same kind of machine."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np

from kinesynth.errors import BadInput
from kinesynth.report.runtimes import Job, read_jobs
from kinesynth.report.status import RUNTIMES, SHARD_LIST
from kinesynth.shards import ListedShard, ShardSize, read_shard_list

GPU_RULES = ("render_views",)
READS_ALL = ("index_shards",)  # one job, over all frames
STORED = ("stages", "results/shards", "results/opensim")
_MEND = "finish a small run there, the demo say"


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
class StageCost:
    """What a stage will cost.

    Attributes:
        rule: the stage's rule.
        hours: of one core, or of one GPU for rules that draw.
        on_gpu: whether these are hours of a GPU.
        memory_mb: the most that a job of the small runs held.
    """

    rule: str
    hours: float
    on_gpu: bool
    memory_mb: float


@dataclass(frozen=True)
class Cost:
    """What a run will cost: by stage, the largest first, and in gigabytes by folder."""

    stages: tuple[StageCost, ...]
    gigabytes: dict[str, float]

    def hours(self, on_gpu: bool) -> float:
        """Return the hours of cores, or of GPUs."""
        return sum(stage.hours for stage in self.stages if stage.on_gpu == on_gpu)


def plan(
    *,
    frames: float,
    cores: int = 1,
    gpus: int = 0,
    subjects: int = 500,
    frames_per_shard: int = ShardSize.frames,
    directories: list[Path] | None = None,
) -> None:
    """Estimate what a run of many frames costs, from the times and sizes of finished runs.

    A shard's job takes some time to start and some for each frame; runs with shards of different lengths tell the two
    apart, and with one length alone all counts as time for frames, which is an upper bound. What is done once for each
    person grows with the people. With GPUs, rendering's time counts as GPU time as it was measured: where the small
    runs drew in software, that is an upper bound too.

    Args:
        frames: of the large run.
        cores: that it may use.
        gpus: that draw; 0: rendering runs on the cores.
        subjects: people in the large run.
        frames_per_shard: of the large run.
        directories: where small runs have worked, on the same kind of machine and with the same settings; the working
            directory if none is given.

    Raises:
        BadInput: a small run is missing or has left no times, or a number is not positive.
    """
    numbers = {"--frames": (frames, 1), "--cores": (cores, 1), "--gpus": (gpus, 0), "--subjects": (subjects, 1)}
    for name, (value, least) in {**numbers, "--frames-per-shard": (frames_per_shard, 1)}.items():
        if not least <= value < float("inf"):
            raise BadInput("command line", name, f"{value:g}", f"{least} or more", "correct the argument")
    run = Run(frames, subjects, frames_per_shard)
    sys.stdout.write(describe(estimate(run, gpus > 0, directories or [Path()]), run, cores, gpus) + "\n")


def estimate(run: Run, on_gpu: bool, directories: Sequence[Path]) -> Cost:
    """Return the cost of `run` after the runs in `directories`."""
    jobs: list[Job] = []
    listed: list[ListedShard] = []
    gigabytes = dict.fromkeys(STORED, 0.0)
    for directory in directories:
        found = read_jobs(directory / RUNTIMES)
        if not found:
            raise BadInput(directory / RUNTIMES, "files", "no times", "those of a finished run", _MEND)
        jobs += found
        listed += read_shard_list(directory / SHARD_LIST)
        for name in STORED:
            gigabytes[name] += _bytes(directory / name) / 1e9
    rules = dict.fromkeys(job.rule for job in jobs)
    costs = [_stage(rule, [job for job in jobs if job.rule == rule], listed, run, on_gpu) for rule in rules]
    larger = run.frames / sum(shard.frames for shard in listed)
    stored = {name: size * larger for name, size in gigabytes.items()}
    return Cost(tuple(sorted(costs, key=lambda cost: -cost.hours)), stored)


def describe(cost: Cost, run: Run, cores: int, gpus: int) -> str:
    """Return the table that a person wants to read."""
    lines = [f"{run.frames:,.0f} frames of {run.subjects:,} people in {run.shards:,.0f} shards"]
    lines.append(f"{'stage':22} {'core-hours':>12} {'GPU-hours':>12} {'memory of a job':>16}")
    for stage in cost.stages:
        core, gpu = ("", f"{stage.hours:,.1f}") if stage.on_gpu else (f"{stage.hours:,.1f}", "")
        lines.append(f"{stage.rule:22} {core:>12} {gpu:>12} {f'{stage.memory_mb / 1000:.1f} GB':>16}")
    lines.append(f"{'all':22} {cost.hours(False):>12,.1f} {cost.hours(True):>12,.1f}")
    stored = ", ".join(f"{name} {size:,.0f} GB" for name, size in cost.gigabytes.items())
    lines.append(f"storage: {sum(cost.gigabytes.values()):,.0f} GB ({stored})")
    hours = max(cost.hours(False) / cores, cost.hours(True) / gpus if gpus else 0.0)
    resources = f"{cores} cores" + (f" and {gpus} GPUs" if gpus else "")
    lines.append(f"at best {timedelta(minutes=round(60 * hours))} on {resources}")
    lines.append(f"the largest item is {cost.stages[0].rule}")
    return "\n".join(lines)


def _stage(rule: str, jobs: Sequence[Job], listed: Sequence[ListedShard], run: Run, on_gpu: bool) -> StageCost:
    """Scale a rule's processor time: by shards and frames, by people, or not at all for what is done once."""
    frames_of = {shard.shard: shard.frames for shard in listed}
    seconds = np.array([job.cpu_seconds for job in jobs])
    if all(job.name in frames_of for job in jobs):
        start, per_frame = _start_and_rate(np.array([float(frames_of[job.name]) for job in jobs]), seconds)
        total = start * run.shards + per_frame * run.frames
    elif all(job.name in {shard.subject for shard in listed} for job in jobs):
        total = float(seconds.mean()) * run.subjects
    elif rule in READS_ALL:
        total = float(seconds.sum()) * run.frames / sum(frames_of.values())
    else:
        total = float(seconds.max())
    return StageCost(rule, total / 3600, on_gpu and rule in GPU_RULES, max(job.memory_mb for job in jobs))


def _start_and_rate(frames: np.ndarray, seconds: np.ndarray) -> tuple[float, float]:
    """Return seconds to start a job and seconds a frame, by least squares, neither below zero.

    The squares are relative to each job's time: long jobs are not the only ones that count.
    """
    from scipy.optimize import nnls

    if frames.max() < 2.0 * frames.min():
        return 0.0, float(seconds.sum() / frames.sum())
    (start, per_frame), _ = nnls(
        np.column_stack([np.ones(len(frames)), frames]) / seconds[:, None], np.ones(len(frames))
    )
    return float(start), float(per_frame)


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
