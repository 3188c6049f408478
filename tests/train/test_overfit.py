"""A tiny preset overfits eight windows: what a network that is wired right does. All of them: acceptance run."""

from pathlib import Path

import pytest

from kinesynth_train.settings import Settings
from kinesynth_train.train import fit

RUNS = {"neurik_ours_tiny": {"steps": 80, "window": 6, "batch_size": 8}}


@pytest.mark.parametrize("network", RUNS)
def test_eight_windows_to_two_degrees(results: Path, tmp_path: Path, network: str) -> None:
    metrics = fit(Settings(results, tmp_path, network, overfit=8, device="cpu", **RUNS[network]))
    assert metrics["windows"] == 8
    assert metrics["mae_angle_deg"] < 2.0
    assert metrics["mae_angle_deg"] < 0.5 * metrics["baseline_mae_angle_deg"]
