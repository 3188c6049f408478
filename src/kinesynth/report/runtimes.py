"""What each stage took, from the workflow's benchmark files."""

import csv
from dataclasses import dataclass
from pathlib import Path


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


def read_runtimes(folder: Path) -> list[StageTime]:
    """Return the times of every rule below `folder` (`<rule>/<job>.tsv`), the longest first; none if it is absent."""
    stages = []
    for rule in sorted(path for path in folder.glob("*") if path.is_dir()):
        jobs = [row for path in sorted(rule.rglob("*.tsv")) for row in _rows(path)]
        if jobs:
            seconds = [_number(row.get("s")) for row in jobs]
            memory = max(_number(row.get("max_rss")) for row in jobs)
            stages.append(StageTime(rule.name, len(jobs), sum(seconds), max(seconds), memory))
    return sorted(stages, key=lambda stage: -stage.seconds)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def _number(text: str | None) -> float:
    """Return a cell's number; short jobs leave some at "-" or "NA"."""
    try:
        return float(text or 0.0)
    except ValueError:
        return 0.0
