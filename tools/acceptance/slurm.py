"""The tiny workflow on a one-node SLURM: one job cancelled, one killed for its memory, and the same label bytes.

python -m tools.acceptance.slurm [--document docs/slurm.md]

Prints the metrics, and writes them into the document, between its marks. Needs root: SLURM is installed and started.
"""

import argparse
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from tools.acceptance.metrics import OUTPUT, ROOT, Metric, print_table
from tools.document import fill
from tools.system.tiny import command, differing, label_files, run, write_run

CANCELLED, STARVED = "ground_reaction", "inverse_kinematics"
FIRST_MEMORY_MB = 120  # less than Python and OpenSim take
KILLED = "exceeded memory limit"  # what SLURM writes into a job's log
LIMIT_SECONDS = 3600.0
SHARDS = ("results/shards/a_000.h5", "results/shards/b_000.h5")


@dataclass(frozen=True)
class Outcome:
    """What SLURM did: how many jobs ended in which state, and how many of them it killed for their memory."""

    states: Counter[str]
    killed: int
    differing: list[str]

    @property
    def jobs(self) -> int:
        """Number of jobs, tasks of arrays included."""
        return self.states.total()


def metrics() -> Iterator[Metric]:
    """Run on SLURM and locally, and compare."""
    yield from _metrics(measure())


def measure() -> Outcome:
    """Run the tiny workflow on a SLURM of one node, then locally, and compare labels and shards."""
    node = ROOT / "tools/system/slurm_node.sh"
    subprocess.run([node, "start"], check=True)
    try:
        folder, states = _run_on_slurm(OUTPUT / "slurm" / "cluster")
    finally:
        subprocess.run([node, "stop"], check=True)
    logs = (folder / ".snakemake/slurm_logs").rglob("*.log")
    killed = sum(KILLED in log.read_text(errors="replace") for log in logs)
    local = OUTPUT / "slurm" / "local"
    write_run(local)
    run(local, *label_files(), *SHARDS).check_returncode()
    return Outcome(Counter(states), killed, differing(folder, local, [*label_files(), *SHARDS]))


def _metrics(outcome: Outcome) -> Iterator[Metric]:
    yield Metric("scale.slurm_jobs", outcome.jobs, "jobs", 20, "higher")
    yield Metric("scale.slurm_cancelled_jobs", outcome.states["CANCELLED"], "jobs", 1, "higher")
    yield Metric("scale.slurm_out_of_memory_jobs", outcome.killed, "jobs", 1, "higher")
    yield Metric("scale.slurm_differing_label_files", len(outcome.differing), "files", 0, "lower")


def main(arguments: Sequence[str]) -> int:
    """Measure, print, write; return 0 when all metrics pass."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--document", type=Path, help="the page whose table is to be written")
    options = parser.parse_args(arguments)
    outcome = measure()
    if options.document:
        fill(options.document, "slurm", _table(outcome))
    measured = list(_metrics(outcome))
    print_table(measured)
    return 0 if all(metric.passes for metric in measured) else 1


def _table(outcome: Outcome) -> list[str]:
    """Return the lines of the page's table."""
    compared = len(label_files()) + len(SHARDS)
    same = compared - len(outcome.differing)
    return [
        "| what | result |",
        "|---|---|",
        f"| jobs, retries and tasks of arrays included | {outcome.jobs} |",
        f"| cancelled by `scancel` while it ran (`{CANCELLED}`) | {outcome.states['CANCELLED']}, tried again |",
        f"| killed for its memory (`{STARVED}`, {FIRST_MEMORY_MB} MB at first) | {outcome.killed}, tried again |",
        f"| jobs that completed | {outcome.states['COMPLETED']} |",
        f"| stage files and shards with the bytes of the local run | {same} of {compared} |",
    ]


def _run_on_slurm(folder: Path) -> tuple[Path, list[str]]:
    """Run everything in `folder`, cancel one job on the way; return the folder and the final state of each job."""
    shutil.rmtree(folder, ignore_errors=True)
    write_run(folder)
    before = _squeue("%A")
    first = max(int(number) for number in before) if before else 0
    arguments = ["--workflow-profile", str(ROOT / "profiles/slurm"), "--slurm-no-account"]
    arguments += ["--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "5"]
    arguments += ["--set-resources", *_resources()]
    with (folder / "snakemake.log").open("w") as log:
        process = subprocess.Popen(command(folder, *arguments), stdout=log, stderr=subprocess.STDOUT)
        _cancel_one(process)
        code = process.wait(LIMIT_SECONDS)
    if code:
        raise RuntimeError(f"the run on SLURM failed; see {folder}/snakemake.log")
    jobs = [line.split() for line in _squeue("%A %T")]
    return folder, [state for number, state in jobs if int(number) > first]


def _resources() -> Iterator[str]:
    """Yield the profile's own resources, as the command line replaces them all, and too little memory for one rule."""
    profile = yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text(encoding="utf-8"))
    for rule, resources in profile["set-resources"].items():
        yield from (f"{rule}:{name}={value}" for name, value in resources.items())
    yield f"{STARVED}:mem_mb={FIRST_MEMORY_MB} if attempt == 1 else 3000"


def _cancel_one(process: subprocess.Popen[bytes]) -> None:
    """Wait until a job of the rule `CANCELLED` runs, and cancel it."""
    while process.poll() is None:
        for line in _squeue("%i %T %k"):
            number, state, comment = line.split(maxsplit=2)
            if state == "RUNNING" and CANCELLED in comment:
                subprocess.run(["scancel", number], check=True)
                return
        time.sleep(0.5)


def _squeue(columns: str) -> list[str]:
    """Return a line per job that SLURM remembers, the oldest first."""
    call = ["squeue", "--noheader", "--states=all", "--array", "--sort=i", f"--format={columns}"]
    return subprocess.run(call, check=True, capture_output=True, text=True).stdout.splitlines()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
