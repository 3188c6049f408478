"""The trainer: that the tiny presets overfit eight windows, and that a killed run resumes with the same loss curve."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from kinesynth_train.settings import Settings
from kinesynth_train.train import fit
from tools.acceptance.metrics import OUTPUT, Metric
from tools.acceptance.runs import run_workflow

OVERFIT = {
    "odah_tiny": {"steps": 800, "window": 8, "batch_size": 4},
    "odah_ours_tiny": {"steps": 800, "window": 8, "batch_size": 4},
    "d3ke_tiny": {"steps": 2500, "window": 16, "batch_size": 4},
    "d3ke_ours_tiny": {"steps": 400, "window": 8, "batch_size": 4},
    "hsmr_tiny": {"steps": 700, "window": 8, "batch_size": 4},
    "mqhmr_tiny": {"steps": 800, "window": 4, "batch_size": 4},
    "biohuman_tiny": {"steps": 1000, "window": 16},
    "neurik_tiny": {"steps": 300, "window": 16, "batch_size": 8},
    "neurik_ours_tiny": {"steps": 150, "window": 16, "batch_size": 8},
}
RESUMED = {"steps": 20, "window": 8, "batch_size": 2}


def metrics() -> Iterator[Metric]:
    """Train on the demo's shards."""
    run_workflow("demo", {})
    for network, sizes in OVERFIT.items():
        metrics = train(f"overfit_{network}", network=network, overfit=8, **sizes)
        if "mae_angle_deg" in metrics:
            yield Metric(f"trainer.{network}.overfit_mae_angle", metrics["mae_angle_deg"], "deg", 2.0, "lower")
        else:
            yield Metric(f"trainer.{network}.overfit_mpjpe", metrics["mpjpe_mm"], "mm", 20.0, "lower")
        if "muscle_pcc" in metrics:
            yield Metric(f"trainer.{network}.overfit_pcc", metrics["muscle_pcc"], "", 0.9, "higher")
            yield Metric(f"trainer.{network}.overfit_active_mae", metrics["muscle_active_mae"], "", 0.05, "lower")
    yield Metric("trainer.resumed_curve_is_the_same", float(same_curve_after_resume()), "fraction", 1.0, "higher")


def train(name: str, **settings: Any) -> dict[str, Any]:
    """Return the metrics of a run in acceptance/trainer/<name>."""
    return fit(Settings(OUTPUT / "demo/results", OUTPUT / "trainer" / name, device="cpu", **settings))


def same_curve_after_resume() -> bool:
    """Return whether a run that is killed and taken up again has the curve of one that went through."""
    whole = train("whole", network="odah_tiny", **RESUMED)
    folder = OUTPUT / "trainer/killed"
    shutil.rmtree(folder, ignore_errors=True)
    shards = ["--shards", str(OUTPUT / "demo/results"), "--output", str(folder), "--device", "cpu"]
    sizes = [text for name, value in RESUMED.items() for text in (f"--{name.replace('_', '-')}", str(value))]
    command = [sys.executable, "-m", "kinesynth_train", "fit", *shards, "--network", "odah_tiny", *sizes]
    command += ["--checkpoint-every", "5", "--resume"]
    with subprocess.Popen(command) as process:
        while process.poll() is None and not (folder / "checkpoint.pt").exists():
            time.sleep(0.05)
        process.kill()
    killed_early = not (folder / "metrics.json").exists()
    subprocess.run(command, check=True)
    return killed_early and json.loads((folder / "metrics.json").read_text())["loss"] == whole["loss"]
