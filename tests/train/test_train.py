import json
from pathlib import Path
from typing import Any

import pytest
import torch

from kinesynth_train.cli import run
from kinesynth_train.evaluate import load_checkpoint
from kinesynth_train.train import Settings, fit

QUICK = {"steps": 3, "batch_size": 2, "window": 4, "crop": 32, "device": "cpu"}


def quick(results: Path, output: Path, **changes: Any) -> Settings:
    return Settings(shards=results, output=output, **{**QUICK, **changes})


def test_fit_writes_checkpoint_and_metrics(results: Path, tmp_path: Path) -> None:
    metrics = fit(quick(results, tmp_path))
    assert metrics == json.loads((tmp_path / "metrics.json").read_text())
    assert [point["step"] for point in metrics["loss"]] == [1, 2, 3]
    assert metrics["split"] == "test"
    assert 0 < metrics["mae_angle_deg"] < 20
    assert 0 < metrics["position_error_mm"] < 1000
    assert len(metrics["mae_by_coordinate_deg"]) == 42 - 3 - 2
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["network"] == "two_view"
    assert not list(tmp_path.glob(".partial*"))


def test_the_seed_decides(results: Path, tmp_path: Path) -> None:
    curves = [fit(quick(results, tmp_path / str(n), seed=seed))["loss"] for n, seed in enumerate((1, 1, 2))]
    assert curves[0] == curves[1]
    assert curves[0] != curves[2]


def test_it_learns(results: Path, tmp_path: Path) -> None:
    metrics = fit(quick(results, tmp_path, steps=40, window=6, learning_rate=2e-3))
    totals = [point["total"] for point in metrics["loss"]]
    assert sum(totals[-5:]) < 0.7 * sum(totals[:5])
    assert metrics["position_error_mm"] < metrics["baseline_position_error_mm"]


def test_evaluate_repeats_the_metrics_of_fit(results: Path, tmp_path: Path) -> None:
    metrics = fit(quick(results, tmp_path))
    arguments = ["--checkpoint", tmp_path / "checkpoint.pt", "--shards", results, "--output", tmp_path / "again.json"]
    assert run(["evaluate", *map(str, arguments), "--device", "cpu"]) == 0
    again = json.loads((tmp_path / "again.json").read_text())
    assert again["mae_angle_deg"] == pytest.approx(metrics["mae_angle_deg"], rel=1e-5)
    model, settings = load_checkpoint(tmp_path / "checkpoint.pt")
    assert settings["views"] == 2
    assert not model.state_dict()["free"].all()


def test_bad_input_ends_in_one_line_and_code_2(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["fit", "--shards", str(tmp_path / "none"), "--output", str(tmp_path)]) == 2
    only_test = results / "shards" / "carl_000.h5"
    assert run(["fit", "--shards", str(only_test), "--output", str(tmp_path)]) == 2
    (tmp_path / "bad.pt").write_bytes(b"nothing")
    out = str(tmp_path / "o.json")
    assert run(["evaluate", "--checkpoint", str(tmp_path / "bad.pt"), "--shards", str(results), "--output", out]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert "no such folder" in lines[0]
    assert "none of this split" in lines[1]
    assert "no archive of torch's" in lines[2]
