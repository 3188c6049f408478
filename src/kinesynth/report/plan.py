"""`kinesynth plan`: what a large run will cost, from the times of small ones on the same kind of machine."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from kinesynth.errors import BadInput
from kinesynth.file_names import takes_file_names
from kinesynth.layout import FILES, RUNTIMES, STORED
from kinesynth.report.extrapolate import Run, Sample, extrapolate, sample
from kinesynth.report.runtimes import read_jobs
from kinesynth.shards import SHARD_SIZE, ListedShard, read_shard_list

GPU_RULES = ("render_views",)
READS_ALL = ("index_shards",)  # one job, over all frames
OF_CLIPS = ("results/opensim",)  # files of clips, which no name of a shard tells
_FIX = "finish a small run there, the demo say"


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


@takes_file_names
def plan(
    *,
    frames: float,
    cores: int = 1,
    gpus: int = 0,
    subjects: int = 500,
    frames_per_shard: int = SHARD_SIZE.frames_per_shard,
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
    for name, (value, minimum) in {**numbers, "--frames-per-shard": (frames_per_shard, 1)}.items():
        if not minimum <= value < float("inf"):
            raise BadInput("command line", name, f"{value:g}", f"{minimum} or more", "correct the argument")
    run = Run(frames, subjects, frames_per_shard)
    sys.stdout.write(describe(estimate(run, gpus > 0, directories or [Path()]), run, cores, gpus) + "\n")


def estimate(run: Run, on_gpu: bool, directories: Sequence[Path]) -> Cost:
    """Return the cost of `run` after the runs in `directories`."""
    seconds: dict[str, list[Sample]] = {}
    memory_mb: dict[str, float] = {}
    bytes_of: dict[str, list[Sample]] = {}
    for directory in directories:
        jobs = read_jobs(directory / RUNTIMES)
        if not jobs:
            raise BadInput(directory / RUNTIMES, "files", "no times", "those of a finished run", _FIX)
        listed = read_shard_list(directory / FILES["list_shards"])
        for job in jobs:
            seconds.setdefault(job.rule, []).append(sample(job.name, job.cpu_seconds, listed))
            memory_mb[job.rule] = max(memory_mb.get(job.rule, 0.0), job.memory_mb)
        for (kind, name), size in _sizes(directory, listed).items():
            bytes_of.setdefault(kind, []).append(sample(name, size, listed))
    hours = {rule: extrapolate(samples, run, rule in READS_ALL) / 3600 for rule, samples in seconds.items()}
    stages = (StageCost(rule, hours[rule], on_gpu and rule in GPU_RULES, memory_mb[rule]) for rule in hours)
    gigabytes = dict.fromkeys(STORED, 0.0)
    for kind, samples in bytes_of.items():
        folder = next(folder for folder in STORED if kind.startswith(folder))
        gigabytes[folder] += extrapolate(samples, run, folder in OF_CLIPS) / 1e9
    return Cost(tuple(sorted(stages, key=lambda cost: -cost.hours)), gigabytes)


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


def _sizes(directory: Path, listed: Sequence[ListedShard]) -> dict[tuple[str, str], int]:
    """Return the bytes of a run's files, by kind (stage and suffix) and the shard or person they name, if any."""
    named = {name for shard in listed for name in (shard.shard, shard.subject)}
    sizes: dict[tuple[str, str], int] = {}
    for path in (path for folder in STORED for path in (directory / folder).rglob("*") if path.is_file()):
        kind = "/".join(path.relative_to(directory).parts[:2]) + path.suffix
        key = kind, path.stem if path.stem in named else ""
        sizes[key] = sizes.get(key, 0) + path.stat().st_size
    return sizes
