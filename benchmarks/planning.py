"""How long Snakemake plans a run of many clips, and how much memory that takes.

    python benchmarks/planning.py [--clips 100 1000 10000 40000 100000] [--output docs/images/planning.png]

Makes a table of AMASS clips for each size (40 clips to a shard, two shards to a subject; every file exists, empty),
runs `snakemake --dry-run` on it, and draws processor time and peak memory. Processor time, because it does not depend
on what else the machine does; planning is one thread.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kinesynth.atomic import atomic_path, write_text
from kinesynth.clips import ClipRow, write_clips

ROOT = Path(__file__).parents[1]
SIZES = (100, 1_000, 10_000, 40_000, 100_000)
CLIPS_PER_SHARD, SHARDS_PER_SUBJECT = 40, 2
FRAMES, FPS = 500, 120.0  # a clip: 4.2 s, 250 frames at 60 Hz, as BioHuman10M's mean


@dataclass(frozen=True)
class Plan:
    """What planning took."""

    clips: int
    shards: int
    jobs: int
    seconds: float
    memory_gb: float


def write_table(folder: Path, clips: int) -> int:
    """Write a table of `clips` clips in `folder`, with the files that it names; return its number of shards."""
    (folder / "motions").mkdir(parents=True)
    rows = []
    for number in range(clips):
        path = folder / "motions" / f"{number:06d}_poses.npz"
        path.touch()
        subject = f"dataset_subject_{number // (CLIPS_PER_SHARD * SHARDS_PER_SUBJECT):05d}"
        row = ClipRow(f"clip_{number:06d}", subject, "walk", "train", "amass", path, fps=FPS, frames=FRAMES)
        rows.append(row)
    write_clips(folder / "clips.tsv", rows)
    return -(-clips // CLIPS_PER_SHARD)


def plan(clips: int) -> Plan:
    """Plan a run of `clips` clips.

    Raises:
        CalledProcessError: Snakemake could not plan it.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shards = write_table(folder, clips)
        motion = {"fps": 60, "max_clip_seconds": 10}
        config = {"clips": f"{name}/clips.tsv", "clips_per_shard": CLIPS_PER_SHARD, "motion": motion}
        write_text(folder / "config.yaml", json.dumps(config))
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", name]
        command += ["--configfile", f"{name}/config.yaml", "--cores", "1", "--dry-run"]
        output, seconds, memory_gb = measured([*command, "--quiet", "rules", "host", "reason"])
        jobs = next(int(line.split()[1]) for line in output.splitlines() if line.startswith("total "))
        return Plan(clips, shards, jobs, seconds, memory_gb)


def measured(command: Sequence[str]) -> tuple[str, float, float]:
    """Run `command`; return its output, its processor time in seconds and its peak memory in GB."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=ROOT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, text)
    return text, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e6


def draw(plans: Sequence[Plan], output: Path) -> None:
    """Draw processor time and memory against the number of clips, with what was asked for as crosses."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot

    clips = [plan.clips for plan in plans]
    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for axis, values, label, bars in (
        (axes[0], [plan.seconds for plan in plans], "processor time, s", {40_000: 60.0, 100_000: 180.0}),
        (axes[1], [plan.memory_gb for plan in plans], "peak memory, GB", {40_000: 1.5}),
    ):
        axis.loglog(clips, values, "o-", color="#2b6cb0", label="measured")
        axis.plot(list(bars), list(bars.values()), "x", color="#c53030", markersize=9, mew=2, label="limit")
        for x, y in zip(clips, values, strict=True):
            axis.annotate(f"{y:.3g}", (x, y), textcoords="offset points", xytext=(0, -14), ha="center", fontsize=8)
        axis.set(
            xlabel="clips (40 to a shard)", ylabel=label, xticks=clips, xticklabels=[f"{n / 1000:g}k" for n in clips]
        )
        axis.set_ylim(min(values) / 2, max(*values, *bars.values()) * 2)
        axis.minorticks_off()
        axis.grid(alpha=0.3)
        axis.legend(loc="upper left", frameon=False)
    with atomic_path(output) as temporary:
        figure.savefig(temporary, dpi=120)


def main(arguments: Sequence[str]) -> None:
    """Measure, print a table, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, nargs="+", default=SIZES)
    parser.add_argument("--output", type=Path, default=ROOT / "docs/images/planning.png")
    options = parser.parse_args(arguments)
    sys.stdout.write("| clips | shards | jobs | processor time, s | peak memory, GB |\n|---:|---:|---:|---:|---:|\n")
    plans = []
    for clips in options.clips:
        plans.append(plan(clips))
        last = plans[-1]
        cells = (f"{clips:,}", f"{last.shards:,}", f"{last.jobs:,}", f"{last.seconds:.1f}", f"{last.memory_gb:.2f}")
        sys.stdout.write(f"| {' | '.join(cells)} |\n")
        sys.stdout.flush()
    draw(plans, options.output)


if __name__ == "__main__":
    main(sys.argv[1:])
