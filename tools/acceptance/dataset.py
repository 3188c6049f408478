"""The dataset: the demo's shards against their schema, the loader against its peers, exports, the report's size."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from kinesynth.dataset.verify import shard_faults
from kinesynth.layout import FILES
from tools.acceptance.exports import export_figures
from tools.acceptance.figures import OUTPUT, ROOT, Figure
from tools.acceptance.runs import run_workflow

WINDOW = 16  # frames: the demo's clips are short


def figures() -> Iterator[Figure]:
    """Measure on the demo."""
    run_workflow("demo", {})
    results = OUTPUT / "demo" / "results"
    faults = [fault for shard in sorted((results / "shards").glob("*.h5")) for fault in shard_faults(shard)]
    yield Figure("dataset.faults", len(faults), "faults", 0, "lower")
    yield from loader_figures(results)
    yield from export_figures(results, OUTPUT / "demo" / FILES["build_body"])
    yield Figure("dataset.report_size", (results / "report.html").stat().st_size / 1e6, "MB", 15.0, "lower")


def loader_figures(results: Path) -> Iterator[Figure]:
    """Run the loader's benchmark on a run's results."""
    output = OUTPUT / "loader.json"
    command: list[str | Path] = [sys.executable, ROOT / "benchmarks/loader.py", results, "--window", str(WINDOW)]
    command += ["--json", output]
    subprocess.run(command, check=True)
    measured = json.loads(output.read_text())
    rates, sizes = measured["windows_per_second"], measured["bytes"]
    for peer in ("webdataset", "mp4 and npz"):
        name = peer.replace(" ", "_")
        yield Figure(f"dataset.windows_over_{name}", round(rates["shards"] / rates[peer], 3), "x", 1.0, "higher")
        yield Figure(f"dataset.bytes_over_{name}", round(sizes["shards"] / sizes[peer], 3), "x", 1.1, "lower")
