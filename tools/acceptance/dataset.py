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
from tools.acceptance.exports import export_metrics
from tools.acceptance.metrics import OUTPUT, ROOT, Metric
from tools.acceptance.runs import run_workflow

WINDOW = 16  # frames: the demo's clips are short


def metrics() -> Iterator[Metric]:
    """Measure on the demo."""
    run_workflow("demo", {})
    results = OUTPUT / "demo" / "results"
    faults = [fault for shard in sorted((results / "shards").glob("*.h5")) for fault in shard_faults(shard)]
    yield Metric("dataset.faults", len(faults), "faults", 0, "lower")
    yield from loader_metrics(results)
    yield from export_metrics(results, OUTPUT / "demo" / FILES["build_body"])
    yield Metric("dataset.report_size", (results / "report.html").stat().st_size / 1e6, "MB", 15.0, "lower")
    yield from large_metrics()


def loader_metrics(results: Path) -> Iterator[Metric]:
    """Run the loader's benchmark on a run's results."""
    output = OUTPUT / "loader.json"
    command: list[str | Path] = [sys.executable, ROOT / "benchmarks/loader.py", results, "--window", str(WINDOW)]
    command += ["--json", output]
    subprocess.run(command, check=True)
    measured = json.loads(output.read_text())
    rates, sizes = measured["windows_per_second"], measured["bytes"]
    for peer in ("webdataset", "mp4 and npz"):
        name = peer.replace(" ", "_")
        yield Metric(f"dataset.windows_over_{name}", round(rates["shards"] / rates[peer], 3), "x", 1.0, "higher")
        yield Metric(f"dataset.bytes_over_{name}", round(sizes["shards"] / sizes[peer], 3), "x", 1.1, "lower")


def large_metrics() -> Iterator[Metric]:
    """Open and read a thousand shards, some of them damaged, and report ten thousand clips; made of the sample."""
    shards = sample()
    size = sum(shard.stat().st_size for shard in shards.glob("*.h5"))
    yield Metric("dataset.sample_size", size / 1e6, "MB", 5.0, "lower")
    with tempfile.TemporaryDirectory(dir=OUTPUT) as folder:
        many = benchmark("many_shards.py", shards, "--folder", folder)
        large = benchmark("report.py", shards, "--folder", f"{folder}/report", "--clean")
    yield Metric("dataset.thousand_shards_open", many["open_seconds"], "s", 2.0, "lower")
    yield Metric("dataset.worker_memory", many["worker_mb"], "MB", 200.0, "lower")
    yield Metric("dataset.damaged_told", many["damaged_told"], "fraction", 1.0, "higher")
    yield Metric("dataset.others_read", many["others_read"], "fraction", 1.0, "higher")
    yield Metric("dataset.large_report_size", large["report_mb"], "MB", 15.0, "lower")


def benchmark(script: str, *arguments: str | Path) -> dict[str, float]:
    """Run a benchmark and return what it measured."""
    output = OUTPUT / f"{Path(script).stem}.json"
    subprocess.run([sys.executable, ROOT / "benchmarks" / script, *arguments, "--json", output], check=True)
    measured: dict[str, float] = json.loads(output.read_text())
    return measured
