"""`kinesynth status`: how far a run has come, read from its files alone, so that any terminal can ask at any time."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import h5py

from kinesynth.file_names import takes_file_names
from kinesynth.layout import FILES, RUNTIMES, SHARD_FILES
from kinesynth.report.runtimes import Job, read_jobs
from kinesynth.shards import ListedShard, read_shard_list

_LAST_JOBS = 100


@dataclass(frozen=True)
class StageProgress:
    """How far one stage has come.

    Attributes:
        rule: the stage's rule.
        done: shards that it has finished.
        frames_per_second: of one job, over all finished ones; None where none is.
        seconds_left: of jobs, one after the other; None where no job tells how long they take.
    """

    rule: str
    done: int
    frames_per_second: float | None
    seconds_left: float | None


@dataclass(frozen=True)
class Status:
    """How far a run has come.

    Attributes:
        shards: how many there will be.
        clips: how many were asked for.
        stages: in the order of a run.
        rejected: clips by stage and reason.
        at_a_time: how many jobs have lately run side by side.
    """

    shards: int
    clips: int
    stages: tuple[StageProgress, ...]
    rejected: Counter[tuple[str, str]]
    at_a_time: float

    @property
    def seconds_left(self) -> float | None:
        """Time left at the present pace; None until every stage has finished a shard."""
        left = [stage.seconds_left for stage in self.stages]
        return None if None in left else sum(filter(None, left)) / self.at_a_time


@takes_file_names
def status(*, directory: Path = Path()) -> None:
    """Tell how far a run has come: shards done by stage, frames per second, rejected clips by reason, time left.

    Args:
        directory: where the run works, as `snakemake --directory` was told.

    Raises:
        BadInput: no run has begun there.
    """
    sys.stdout.write(describe(read_status(directory)) + "\n")


def read_status(directory: Path) -> Status:
    """Read the state of the run in `directory`."""
    listed = read_shard_list(directory / FILES["list_shards"])
    jobs = read_jobs(directory / RUNTIMES)
    done = {
        rule: [s for s in listed if (directory / file.format(shard=s.shard)).exists()]
        for rule, file in SHARD_FILES.items()
    }
    stages = tuple(_progress(rule, listed, done[rule], jobs) for rule in SHARD_FILES)
    rejected = Counter(reason for shard in listed for reason in _rejected(directory, shard.shard).values())
    return Status(len(listed), sum(shard.clips for shard in listed), stages, rejected, _at_a_time(jobs))


def describe(state: Status) -> str:
    """Return what a person wants to read."""
    lines = [f"{'stage':20} {'shards done':>14} {'frames/s of a job':>20}"]
    for stage in state.stages:
        speed = "" if stage.frames_per_second is None else f"{stage.frames_per_second:.3g}"
        lines.append(f"{stage.rule:20} {f'{stage.done} of {state.shards}':>14} {speed:>20}")
    packed = state.stages[-1].done
    lines.append(f"{state.clips} clips in {state.shards} shards; {packed} shards packed; {describe_rejected(state)}")
    if packed < state.shards:
        left = state.seconds_left
        pace = f"{state.at_a_time:.1f} jobs at a time"
        lines.append(f"about {timedelta(seconds=round(left))} left at {pace}" if left is not None else
                     "time left: told once every stage has finished a shard")  # fmt: skip
    return "\n".join(lines)


def brief(state: Status, rule: str = "") -> str:
    """Return one line: the stage, its shards done, shards packed, clips rejected, frames per second, time left."""
    unfinished = [stage for stage in state.stages if stage.done < state.shards] or state.stages
    stage = next((stage for stage in state.stages if stage.rule == rule), unfinished[0])
    parts = [f"{stage.rule} {stage.done}/{state.shards} shards"]
    if stage.frames_per_second is not None:
        parts.append(f"{stage.frames_per_second:.3g} frames/s of a job")
    parts += [f"{state.stages[-1].done} shards packed", f"{state.rejected.total()} clips rejected"]
    if state.seconds_left is not None:
        parts.append(f"{timedelta(seconds=round(state.seconds_left))} left")
    return "progress: " + ", ".join(parts)


def describe_rejected(state: Status) -> str:
    """Return the number of rejected clips, and a line for each reason."""
    if not state.rejected:
        return "no clip rejected"
    reasons = [f"\n  {count:6} {stage}: {reason}" for (stage, reason), count in state.rejected.most_common()]
    return f"{state.rejected.total()} clips rejected:{''.join(reasons)}"


def _progress(
    rule: str, listed: Sequence[ListedShard], done: Sequence[ListedShard], jobs: Sequence[Job]
) -> StageProgress:
    frames = {shard.shard: shard.frames for shard in listed}
    timed = [job for job in jobs if job.rule == rule and job.name in frames]
    seconds = sum(job.seconds for job in timed)
    speed = sum(frames[job.name] for job in timed) / seconds if seconds else None
    left = sum(frames.values()) - sum(shard.frames for shard in done)
    return StageProgress(rule, len(done), speed, left / speed if speed else (0.0 if not left else None))


def _rejected(directory: Path, shard: str) -> dict[str, tuple[str, str]]:
    """Return stage and reason of each rejected clip of a shard, from the last files that tell."""
    found: dict[str, tuple[str, str]] = {}
    for path in _telling(directory, shard):
        with h5py.File(path, "r") as file:
            for clip_id, group in file["rejected"].items():
                found[clip_id] = (str(group.attrs["stage"]), str(group.attrs["reason"]))
    return found


def _telling(directory: Path, shard: str) -> Iterator[Path]:
    """Yield the shard, or the last stage file of each branch: each repeats what was rejected before it."""
    packed = directory / SHARD_FILES["pack_shard"].format(shard=shard)
    if packed.exists():
        yield packed
        return
    for branch in (
        ("load_motion", "fit_body", "render_views"),
        ("inverse_kinematics", "static_optimization", "quality_filter"),
    ):
        existing = [path for rule in branch if (path := directory / SHARD_FILES[rule].format(shard=shard)).exists()]
        yield from existing[-1:]


def _at_a_time(jobs: Sequence[Job]) -> float:
    """Return how many of the last jobs ran side by side: their seconds over the time from first start to last end."""
    last = sorted(jobs, key=lambda job: job.ended)[-_LAST_JOBS:]
    if not last:
        return 1.0
    elapsed = last[-1].ended - min(job.ended - job.seconds for job in last)
    return max(1.0, sum(job.seconds for job in last) / max(elapsed, 1e-3))
