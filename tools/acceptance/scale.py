"""Scale: planning a hundred thousand clips, SLURM, malformed inputs, faults."""

import re
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.planning import plan

from tools.acceptance import slurm
from tools.acceptance.metrics import ROOT, Metric
from tools.system.faults import FAULTS, recovered


def metrics() -> Iterator[Metric]:
    """Measure, the quick ones first."""
    yield from _malformed_inputs()
    for clips, most in ((40_000, 60.0), (100_000, 180.0)):
        planned = plan(clips)
        yield Metric(f"scale.plan_{clips}_clips_cpu", planned.seconds, "s", most, "lower")
        if clips == 40_000:
            yield Metric(f"scale.plan_{clips}_clips_memory", planned.memory_gb, "GB", 1.5, "lower")
    yield Metric("scale.faults_recovered", sum(recovered(fault) for fault in FAULTS), "faults", len(FAULTS), "higher")
    yield from slurm.metrics()


def _malformed_inputs() -> Iterator[Metric]:
    """Count the malformed inputs that end in one clear line."""
    call = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/malformed",
        "-k",
        "names_file_and_field",
    ]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    passed, failed = (int((re.findall(rf"(\d+) {word}", done.stdout) or ["0"])[0]) for word in ("passed", "failed"))
    yield Metric("scale.malformed_inputs_refused", passed, "inputs", 60, "higher")
    yield Metric("scale.malformed_inputs_mishandled", failed, "inputs", 0, "lower")
