"""Break the tiny workflow in every way a cluster knows, run it again, and compare with an undisturbed run.

    python -m tools.system.faults [FAULT ...] [--document docs/reliability.md]

Works in acceptance/faults: `base` is the undisturbed run; each fault starts from a copy of it from which the stages at
stake are removed. Writes the table of faults and results into the document, between its two marks. Some faults need
Linux and root (a small tmpfs).
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # comes with snakemake

from kinesynth.atomic import write_text
from kinesynth.layout import FILES
from tools.document import fill
from tools.system.tiny import CLIPS, ROOT, command, differing, label_files, run, write_run

FOLDER = ROOT / "acceptance" / "faults"
BASE = FOLDER / "base"
ONE_CLIP = CLIPS[:1]
TIMEOUT_SECONDS = 60
SHARD = FILES["pack_shard"].format(shard="a_000")
GOAL, ALL = FILES["index_shards"], FILES["report"]
TELL_THE_TIME = (ALL,)
LONGEST_LINE = 140
PROGRAMS = ("kinesynth", "kinesynth-train")
AT_WORK_SECONDS = 0.5
VERBS = {"train": "fit"}  # of rules that are called otherwise
WORKERS = {  # verb -> what it makes
    VERBS.get(rule, rule.replace("_", "-")): file.format(shard="a_000", subject="a")
    for rule, file in FILES.items()
    if rule != "list_shards"  # it is over before it can be killed
}
_BEHIND_FORCES = ("inverse_dynamics", "static_optimization", "quality_filter", "pack_shard")
AFTER_FORCES = (*(str(Path(FILES[rule]).parent) for rule in _BEHIND_FORCES), GOAL)
IK = WORKERS["inverse-kinematics"]
SHIM = """
import os, pathlib, signal, sys, time
marker = pathlib.Path(os.environ["FAULT_MARKER"])
if not marker.exists():
    marker.touch()
    {fault}
sys.path.remove(os.path.dirname(__file__))
del sys.modules["opensim"]
import opensim
"""


@dataclass(frozen=True)
class Fault:
    """A fault: what is done, and what must be said; `inject` returns the text that the user saw."""

    name: str
    description: str
    inject: Callable[[Path], str]
    says: str
    removed: tuple[str, ...] = AFTER_FORCES
    goal: str = GOAL


@dataclass(frozen=True)
class Result:
    """How a fault ended."""

    fault: Fault
    said: str
    rerun: int
    differing: list[str]
    leftovers: list[str]
    clips: list[str]

    @property
    def recovered(self) -> bool:
        """Whether the message said it, the rerun finished, and nothing is lost, doubled or different."""
        intact = not self.differing and not self.leftovers and self.clips == [row[0] for row in ONE_CLIP]
        return bool(self.said) and self.rerun == 0 and intact


def base() -> Path:
    """Return the folder of the undisturbed run; made once."""
    if not (BASE / ALL).exists():
        write_run(BASE, ONE_CLIP, ik={"timeout_seconds": TIMEOUT_SECONDS})
        run(BASE).check_returncode()
    return BASE


def examine(fault: Fault) -> Result:
    """Inject the fault into a copy of the base, run again, and compare."""
    folder = FOLDER / fault.name
    if not folder.is_mount():
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(base(), folder, symlinks=True)
    for name in fault.removed:
        _remove(folder / name)
    try:
        seen = fault.inject(folder)
    except RuntimeError as missed:  # the stage was quicker than we
        seen = str(missed)
    found = re.search(fault.says, seen, re.IGNORECASE)
    write_text(folder / "seen.log", seen)
    again = run(folder, fault.goal)
    write_text(folder / "again.log", again.stdout)
    different = differing(folder, BASE, [*label_files(ONE_CLIP), SHARD, *_made(fault)])
    leftovers = [str(path.relative_to(folder)) for path in folder.rglob(".partial-*")]
    return Result(fault, _line_of(seen, found), again.returncode, different, leftovers, _delivered(folder))


def _made(fault: Fault) -> list[str]:
    """Return the files that a fault's goal stands for, less those that tell the time."""
    made = BASE / fault.goal
    files = [made] if made.is_file() else [file for file in made.rglob("*") if file.is_file()]
    return [str(file.relative_to(BASE)) for file in files if fault.goal not in TELL_THE_TIME]


def recovered(fault: Fault) -> bool:
    """Return whether the workflow survives a fault."""
    return examine(fault).recovered


def kill_snakemake(folder: Path) -> str:
    """End Snakemake by SIGKILL while a stage works; what it started works on. Its lock stays and must be removed."""
    with _started(folder) as process:
        _worker(process)
        process.kill()
        process.wait()
    locked = run(folder, GOAL)
    unlocked = run(folder, "--unlock")
    return locked.stdout + unlocked.stdout


def kill_worker(verb: str) -> Callable[[Path], str]:
    """Return a function that ends a stage's process by SIGKILL."""

    def inject(folder: Path) -> str:
        with _started(folder, WORKERS[verb]) as process:
            _worker(process, verb).kill()
            return process.communicate()[0]

    return inject


def fill_disk(folder: Path) -> str:
    """Let the stages' folder be a tmpfs with too little room, then with enough."""
    stages = folder / "stages"
    kept = folder / "kept"
    stages.rename(kept)
    stages.mkdir()
    size = sum(path.stat().st_size for path in kept.rglob("*") if path.is_file()) + (64 << 10)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", stages], check=True)
    try:
        subprocess.run(["cp", "-a", f"{kept}/.", stages], check=True)
        (stages / "ballast").write_bytes(bytes(_room(stages) - (8 << 10)))
        seen = run(folder, GOAL).stdout
        (stages / "ballast").unlink()
        subprocess.run(["cp", "-a", f"{stages}/.", kept], check=True)
    finally:
        subprocess.run(["umount", stages], check=True)
    stages.rmdir()
    kept.rename(stages)
    return seen


def truncate(folder: Path) -> str:
    """Cut a stage's file in half; the message names it and says to delete it."""
    file = folder / WORKERS["inverse-dynamics"]
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])
    seen = run(folder, GOAL).stdout
    file.unlink()
    return seen


def corrupt(folder: Path) -> str:
    """Change bytes inside a finished shard; `kinesynth verify` finds it."""
    file = folder / "results/shards/a_000.h5"
    data = bytearray(file.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 64] = bytes(byte ^ 0xFF for byte in data[middle : middle + 64])
    file.write_bytes(data)
    verify = ["kinesynth", "verify", "--shards", str(file)]
    seen = subprocess.run(verify, capture_output=True, text=True, check=False).stderr
    file.unlink()
    return seen


def opensim_fault(fault: str) -> Callable[[Path], str]:
    """Return a function that lets the first process that loads OpenSim hang or crash."""

    def inject(folder: Path) -> str:
        write_text(folder / "shim" / "opensim.py", SHIM.format(fault=fault))
        path = os.pathsep.join([str(folder / "shim"), os.environ.get("PYTHONPATH", "")])
        run(folder, IK, environment={"PYTHONPATH": path, "FAULT_MARKER": str(folder / "shim" / "done")})
        return "".join(log.read_text(errors="replace") for log in sorted((folder / "logs").rglob("*.log")))

    return inject


def skew_clock(folder: Path) -> str:
    """Let a stage's file come from a machine whose clock is an hour ahead; when that hour is over, all is well."""
    file = folder / WORKERS["virtual-markers"]
    ahead = time.time() + 3600
    os.utime(file, (ahead, ahead))
    seen = run(folder, IK).stdout
    os.utime(file, (ahead - 7200, ahead - 7200))
    return seen


def run_twice(folder: Path) -> str:
    """Start a second Snakemake while the first works."""
    with _started(folder) as process:
        _worker(process)
        second = run(folder, GOAL)
        process.communicate()
    return second.stdout


def _room(folder: Path) -> int:
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


@contextmanager
def _started(folder: Path, target: str = GOAL) -> Iterator["subprocess.Popen[str]"]:
    """Yield a Snakemake at work."""
    arguments = ["--workflow-profile", str(ROOT / "profiles/default"), "--cores", "1", target]
    call = command(folder, *arguments)
    with subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        yield process


def _worker(process: "subprocess.Popen[str]", verb: str | None = None) -> psutil.Process:
    """Wait until a stage's process (of this verb, or any) has worked for a moment, and return it."""
    while process.poll() is None:
        for child in psutil.Process(process.pid).children(recursive=True):
            try:
                line = child.cmdline()
                is_stage = len(line) > 2 and Path(line[1]).name in PROGRAMS and verb in (None, line[2])
                if is_stage and _seconds(child) > AT_WORK_SECONDS:
                    return child
            except psutil.Error:
                continue
        time.sleep(0.05)
    raise RuntimeError(f"{verb or 'a stage'} ended before it was seen")


def _seconds(process: psutil.Process) -> float:
    """Return the processor time of a process and of its children."""
    times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
    return float(sum(time.user + time.system for time in times))


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _delivered(folder: Path) -> list[str]:
    """Return the clips that the index lists."""
    from kinesynth.dataset.index import read_index

    return [row["clip_id"] for row in read_index(folder / GOAL)] if (folder / GOAL).exists() else []


def _line_of(text: str, found: "re.Match[str] | None") -> str:
    if found is None:
        return ""
    line = " ".join(text[found.start() :].partition("\n")[0].split())
    line = line.replace(str(FOLDER), "").replace("|", "/")
    return line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 1]}…"


FAULTS: tuple[Fault, ...] = (
    Fault("kill_snakemake", "SIGKILL of snakemake", kill_snakemake, "It can be removed with the --unlock"),
    *(
        Fault(
            f"kill_{verb}",
            f"SIGKILL of `{'kinesynth-train' if verb == 'fit' else 'kinesynth'} {verb}`",
            kill_worker(verb),
            rf"Killed +kinesynth\S* {verb}|died with <Signals.SIGKILL",
            (made,),
            made,
        )
        for verb, made in WORKERS.items()
    ),
    Fault("full_disk", "full disk (small tmpfs)", fill_disk, "kinesynth: .*No space left on device"),
    Fault("truncated_stage", "truncated intermediate file", truncate, "kinesynth: .*truncated", AFTER_FORCES[1:]),
    Fault("corrupted_shard", "corrupted shard", corrupt, ".*a_000.h5: (found|checksum)", (), "all"),
    Fault(
        "hung_opensim",
        "hung OpenSim process",
        opensim_fault("time.sleep(1e6)"),
        f".*no result after {TIMEOUT_SECONDS} s",
        (IK,),
        IK,
    ),
    Fault(
        "crashed_opensim",
        "segfaulting OpenSim child",
        opensim_fault("os.kill(os.getpid(), signal.SIGSEGV)"),
        ".*ended by SIGSEGV",
        (IK,),
        IK,
    ),
    Fault("clock_skew", "clock skew between files", skew_clock, ".*(clock skew|older modification)", (IK,), IK),
    Fault("two_snakemakes", "two snakemakes at once", run_twice, ".*cannot be locked"),
)


def main(arguments: Sequence[str]) -> int:
    """Examine faults, print and write the table; return 0 when all were survived."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faults", nargs="*", help="names; all of them if none is given")
    parser.add_argument("--document", type=Path, help="the page whose table is to be written")
    options = parser.parse_args(arguments)
    chosen = [fault for fault in FAULTS if not options.faults or fault.name in options.faults]
    lines = ["| fault | what the user reads | rerun | labels | clips |", "|---|---|---|---|---|"]
    survived = True
    for fault in chosen:
        result = examine(fault)
        lines.append(_row(result))
        survived &= result.recovered
        sys.stdout.write(f"{lines[-1]}\n")
        sys.stdout.flush()
    if options.document:
        fill(options.document, "faults", lines)
    return 0 if survived else 1


def _row(result: Result) -> str:
    rerun = "finishes" if result.rerun == 0 else f"fails ({result.rerun})"
    labels = "same bytes" if not result.differing else f"{len(result.differing)} files differ"
    clips = f"{len(result.clips)} of {len(ONE_CLIP)}" + (
        f", {len(result.leftovers)} leftovers" if result.leftovers else ""
    )
    said = f"`{result.said}`" if result.said else "**nothing**"
    return f"| {result.fault.description} | {said} | {rerun} | {labels} | {clips} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
