"""What each stage took, from the workflow's benchmark files."""

import csv
import math
from dataclasses import dataclass
from pathlib import Path

# Snakemake adds up a job's processor time when it looks at it: often in the first seconds, then now and then. Of a job
# of 44 seconds it has seen 15.
OFTEN_SECONDS, SELDOM_SECONDS = 15.0, 30.0


@dataclass(frozen=True)
class StageTime:
    """One rule's jobs together.

    Attributes:
        stage: the rule.
        jobs: how many ran.
        seconds: of all jobs, one after the other.
        longest_seconds: of one job.
        memory_mb: the most that one job held, resident.
    """

    stage: str
    jobs: int
    seconds: float
    longest_seconds: float
    memory_mb: float


@dataclass(frozen=True)
class Job:
    """One finished job.

    Attributes:
        rule: what it ran.
        name: of its shard or subject.
        seconds: that it took.
        cpu_seconds: of processor time, what was not looked at taken to be as busy as what was; its seconds where the
            file does not tell.
        memory_mb: the most that it held, resident.
        ended: when, in seconds since the epoch.
    """

    rule: str
    name: str
    seconds: float
    cpu_seconds: float
    memory_mb: float
    ended: float


def read_jobs(folder: Path) -> list[Job]:
    """Return every job that has left its times below `folder` (`<rule>/<job>.tsv`); none if it is absent."""
    return [
        Job(
            rule=path.relative_to(folder).parts[0],
            name=path.stem,
            seconds=_number(row.get("s")),
            cpu_seconds=_processor(_number(row.get("s")), _number(row.get("cpu_time"))),
            memory_mb=_number(row.get("max_rss")),
            ended=path.stat().st_mtime,
        )
        for path in sorted(folder.glob("*/**/*.tsv"))
        for row in _rows(path)
    ]


def read_runtimes(folder: Path) -> list[StageTime]:
    """Return the times of every rule below `folder`, the longest first; none if it is absent."""
    jobs_by_rule: dict[str, list[Job]] = {}
    for job in read_jobs(folder):
        jobs_by_rule.setdefault(job.rule, []).append(job)
    stages = []
    for rule, jobs in jobs_by_rule.items():
        seconds = [job.seconds for job in jobs]
        stages.append(StageTime(rule, len(jobs), sum(seconds), max(seconds), max(job.memory_mb for job in jobs)))
    return sorted(stages, key=lambda stage: -stage.seconds)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def _processor(seconds: float, seen: float) -> float:
    """Return the processor time of a job of so many seconds, of which Snakemake has `seen` so much."""
    if not seen:
        return seconds
    since = seconds - OFTEN_SECONDS
    return (
        seen if since < 0.0 else seen * seconds / (OFTEN_SECONDS + SELDOM_SECONDS * math.floor(since / SELDOM_SECONDS))
    )


def _number(text: str | None) -> float:
    """Return a cell's number; short jobs leave some at "-" or "NA"."""
    try:
        return float(text or 0.0)
    except ValueError:
        return 0.0
