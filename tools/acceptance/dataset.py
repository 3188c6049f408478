"""The dataset: the demo's shards against their schema, the loader against its peers, exports, the report's size."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from kinesynth.dataset import sample
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
    yield from large_figures()


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


def large_figures() -> Iterator[Figure]:
    """Open and read a thousand shards, some of them damaged, and report ten thousand clips; made of the sample."""
    shards = sample()
    size = sum(shard.stat().st_size for shard in shards.glob("*.h5"))
    yield Figure("dataset.sample_size", size / 1e6, "MB", 5.0, "lower")
    with tempfile.TemporaryDirectory(dir=OUTPUT) as folder:
        many = benchmark("many_shards.py", shards, "--folder", folder)
        large = benchmark("report.py", shards, "--folder", f"{folder}/report", "--clean")
    yield Figure("dataset.thousand_shards_open", many["open_seconds"], "s", 2.0, "lower")
    yield Figure("dataset.worker_memory", many["worker_mb"], "MB", 200.0, "lower")
    yield Figure("dataset.damaged_told", many["damaged_told"], "share", 1.0, "higher")
    yield Figure("dataset.others_read", many["others_read"], "share", 1.0, "higher")
    yield Figure("dataset.large_report_size", large["report_mb"], "MB", 15.0, "lower")


def benchmark(script: str, *arguments: str | Path) -> dict[str, float]:
    """Run a benchmark and return what it measured."""
    output = OUTPUT / f"{Path(script).stem}.json"
    subprocess.run([sys.executable, ROOT / "benchmarks" / script, *arguments, "--json", output], check=True)
    measured: dict[str, float] = json.loads(output.read_text())
    return measured
