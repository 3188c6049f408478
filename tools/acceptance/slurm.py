"""The tiny workflow on a one-node SLURM: one job cancelled, one killed for its memory, and the same label bytes."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tools.acceptance.figures import OUTPUT, ROOT, Figure
from tools.tiny import command, differing, label_files, run, write_run

CANCELLED, STARVED = "ground_reaction", "inverse_kinematics"
FIRST_MEMORY_MB = 120  # less than Python and OpenSim take
LIMIT_SECONDS = 3600.0


def figures() -> Iterator[Figure]:
    """Run locally, then on SLURM, and compare. Needs root: SLURM is installed and started on loopback."""
    node = ROOT / "tools/slurm_node.sh"
    subprocess.run([node, "start"], check=True)
    try:
        folder, states = _run_on_slurm(OUTPUT / "slurm" / "cluster")
    finally:
        subprocess.run([node, "stop"], check=True)
    local = OUTPUT / "slurm" / "local"
    write_run(local)
    undisturbed = run(local, *label_files())
    undisturbed.check_returncode()
    yield Figure("scale.slurm_jobs", len(states), "jobs", 20, "higher")
    yield Figure("scale.slurm_cancelled_jobs", sum(state == "CANCELLED" for state in states), "jobs", 1, "higher")
    starved = sum(state in {"OUT_OF_MEMORY", "FAILED"} for state in states)
    yield Figure("scale.slurm_out_of_memory_jobs", starved, "jobs", 1, "higher")
    yield Figure("scale.slurm_differing_label_files", len(differing(folder, local, label_files())), "files", 0, "lower")


def _run_on_slurm(folder: Path) -> tuple[Path, list[str]]:
    """Run everything in `folder`, cancel one job on the way; return the folder and the final state of each job."""
    shutil.rmtree(folder, ignore_errors=True)
    write_run(folder)
    first = int(_squeue("%A")[-1]) if _squeue("%A") else 0
    arguments = ["--workflow-profile", str(ROOT / "profiles/slurm"), "--slurm-no-account"]
    arguments += ["--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "5"]
    arguments += ["--set-resources", f"{STARVED}:mem_mb={FIRST_MEMORY_MB} if attempt == 1 else 3000"]
    with (folder / "snakemake.log").open("w") as log:
        process = subprocess.Popen(command(folder, *arguments), stdout=log, stderr=subprocess.STDOUT)
        _cancel_one(process)
        code = process.wait(LIMIT_SECONDS)
    if code:
        raise RuntimeError(f"the run on SLURM failed; see {folder}/snakemake.log")
    jobs = [line.split() for line in _squeue("%A %T")]
    return folder, [state for number, state in jobs if int(number) > first]


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
