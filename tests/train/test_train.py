import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from kinesynth.networks import network_modules
from kinesynth_train import train
from kinesynth_train.checkpoint import load_checkpoint
from kinesynth_train.cli import parsed, run
from kinesynth_train.settings import Settings
from kinesynth_train.train import fit

MESHES = ("mqhmr_tiny", "mint_tiny")  # which tell no angles
QUICK = {"network": "neurik_ours_tiny", "steps": 4, "batch_size": 2, "window": 4, "device": "cpu"}


def quick(results: Path, output: Path, **changes: Any) -> Settings:
    return Settings(shards=results, output=output, **{**QUICK, **changes})


@pytest.mark.parametrize(
    "network", [name for name in network_modules() if name.endswith("_tiny") and name not in MESHES]
)
def test_fit_writes_checkpoint_and_metrics(results: Path, tmp_path: Path, network: str) -> None:
    metrics = fit(quick(results, tmp_path, network=network, window=16))
    assert metrics == json.loads((tmp_path / "metrics.json").read_text())
    assert [point["step"] for point in metrics["loss"]] == [1, 2, 3, 4]
    assert metrics["split"] == "test"
    assert 0 < metrics["mae_angle_deg"] < 30
    assert 0 < metrics["mpjpe_mm"] < 1000
    assert metrics["pa_mpjpe_mm"] < metrics["mpjpe_mm"]
    assert 0 <= metrics["data_wait_share"] < 1
    assert len(metrics["mae_by_coordinate_deg"]) == 53 - 3 - 9
    assert not list(tmp_path.glob(".partial*"))


def test_the_seed_decides(results: Path, tmp_path: Path) -> None:
    curves = [fit(quick(results, tmp_path / str(n), seed=seed))["loss"] for n, seed in enumerate((1, 1, 2))]
    assert curves[0] == curves[1]
    assert curves[0] != curves[2]


@pytest.mark.parametrize(
    ("network", "stop"),
    [
        ("neurik_tiny", 3),
        ("neurik_ours_tiny", 3),
        ("odah_tiny", 2),
        ("odah_tiny", 4),
        ("d3ke_tiny", 5),
        ("hsmr_tiny", 3),
        ("mqhmr_tiny", 3),
        ("biopose_tiny", 1),
        ("biopose_tiny", 5),
        ("mint_tiny", 5),
        ("biohuman_tiny", 1),
        ("biohuman_tiny", 5),
    ],
)
def test_a_run_that_was_killed_goes_on_as_if_it_had_not(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, network: str, stop: int
) -> None:
    sizes = {"network": network, "steps": 6, "window": 16}
    whole = fit(quick(results, tmp_path / "whole", **sizes))
    killed = quick(results, tmp_path / "killed", checkpoint_every=stop, resume=True, **sizes)
    save = train.save_checkpoint

    def save_and_die(*args: Any) -> None:
        save(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "save_checkpoint", save_and_die)
    with pytest.raises(KeyboardInterrupt):
        fit(killed)
    monkeypatch.undo()
    assert load_checkpoint(tmp_path / "killed" / "checkpoint.pt")[1]["step"] == stop
    gone_on = fit(killed)
    assert gone_on["loss"] == whole["loss"]
    assert gone_on["validation"] == whole["validation"]
    first, second = (load_checkpoint(tmp_path / name / "checkpoint.pt")[0].network for name in ("whole", "killed"))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_another_runs_checkpoint_is_refused(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fit(quick(results, tmp_path))
    arguments = [
        "fit",
        "--shards",
        str(results),
        "--output",
        str(tmp_path),
        "--resume",
        "--network",
        "neurik_ours_tiny",
    ]
    assert run([*arguments, "--seed", "7"]) == 2
    assert "another output folder" in capsys.readouterr().err


def test_accumulated_batches_are_one_large_batch(results: Path, tmp_path: Path) -> None:
    large = fit(quick(results, tmp_path / "large", batch_size=4, overfit=4, steps=2))
    small = fit(quick(results, tmp_path / "small", batch_size=2, overfit=4, steps=2, accumulate=2))
    for one, other in zip(large["loss"], small["loss"], strict=True):
        assert one == pytest.approx(other, rel=1e-4, abs=1e-5)


def test_half_precision_learns_the_same(results: Path, tmp_path: Path) -> None:
    exact, half = (fit(quick(results, tmp_path / kind, precision=kind, steps=8)) for kind in ("fp32", "bf16"))
    assert exact["loss"] != half["loss"]
    assert half["loss"][-1]["total"] == pytest.approx(exact["loss"][-1]["total"], rel=0.1)


def test_two_processes_learn_what_one_does_with_twice_the_batches(results: Path, tmp_path: Path) -> None:
    alone = fit(quick(results, tmp_path / "alone", accumulate=2))
    options = ["--network", "neurik_ours_tiny", "--steps", "4", "--batch-size", "2", "--window", "4", "--device", "cpu"]
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += ["-m", "kinesynth_train", "fit", "--shards", str(results), "--output", str(tmp_path / "two"), *options]
    subprocess.run(command, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, timeout=600)
    shared = json.loads((tmp_path / "two" / "metrics.json").read_text())
    assert shared["mae_angle_deg"] == pytest.approx(alone["mae_angle_deg"], rel=1e-4)
    first, second = (load_checkpoint(tmp_path / name / "checkpoint.pt")[0].network for name in ("alone", "two"))
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        torch.testing.assert_close(one, other, atol=2e-4, rtol=1e-3)


def test_the_best_parameters_on_the_validation_split_are_kept(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = iter([9.0, 4.0, 5.0, 6.0])
    real = train.measure_network

    def pretend(*arguments: Any) -> dict[str, Any]:
        found = real(*arguments)
        return {**found, "network": {**found["network"], "mae_angle_deg": next(measured)}}

    monkeypatch.setattr(train, "measure_network", pretend)
    metrics = fit(quick(results, tmp_path, batch_size=9))  # 34 frames: an epoch is a step
    assert metrics["best_step"] == 2
    assert [point["mae_angle_deg"] for point in metrics["validation"]] == [9.0, 4.0, 5.0, 6.0]
    used, state = load_checkpoint(tmp_path / "checkpoint.pt")
    last, _ = load_checkpoint(tmp_path / "checkpoint.pt", best=False)
    assert state["step"] == 4
    assert all(torch.equal(state["best"][name], value) for name, value in used.network.state_dict().items())
    assert not torch.equal(used.network.head.angles.angles.weight, last.network.head.angles.angles.weight)


def test_a_checkpoint_says_what_using_it_takes(results: Path, tmp_path: Path) -> None:
    fit(quick(results, tmp_path, steps=1))
    source = load_checkpoint(tmp_path / "checkpoint.pt")[0].source
    assert source["fps"] == 30.0
    assert source["views"] == ["frontal", "sagittal"]
    assert source["crop_margin"] == pytest.approx(1.15)
    assert source["crop_aspect"] == 1.0


def test_tensorboard_gets_the_curves(results: Path, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    metrics = fit(quick(results, tmp_path, tensorboard=True))
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    totals = [event.value for event in events.Scalars("total")]
    assert totals == pytest.approx([point["total"] for point in metrics["loss"]])
    assert {"learning_rate", "windows_per_second", "data_wait_share"} <= set(events.Tags()["scalars"])


def test_evaluate_prints_the_table(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = {name: fit(quick(results, tmp_path / name, network=name)) for name in ("odah_tiny", "neurik_ours_tiny")}
    checkpoints = [str(tmp_path / name / "checkpoint.pt") for name in made]
    capsys.readouterr()
    arguments = ["--shards", str(results), "--output", str(tmp_path / "table.json"), "--device", "cpu"]
    assert run(["evaluate", "--checkpoint", *checkpoints, *arguments]) == 0
    methods = json.loads((tmp_path / "table.json").read_text())["methods"]
    assert list(methods) == [
        "mean pose", "IK, true markers", "IK, triangulated", "IK, triangulated, 6 Hz",
        "odah_tiny", "neurik_ours_tiny", "neurik_ours_tiny, triangulated", "neurik_ours_tiny, triangulated, 6 Hz",
    ]  # fmt: skip
    for name, metrics in made.items():
        assert methods[name]["mae_angle_deg"] == pytest.approx(metrics["mae_angle_deg"], rel=1e-5)
        assert methods["mean pose"]["mae_angle_deg"] == pytest.approx(metrics["baseline_mae_angle_deg"], rel=1e-5)
    assert {method["frames"] for method in methods.values()} == {
        20 + 14
    }  # carl's clips, whatever windows a network has
    assert methods["IK, true markers"]["mae_angle_deg"] < 0.01  # the problem that the labels are the solution of
    assert methods["IK, triangulated, 6 Hz"]["mae_angle_deg"] < methods["IK, triangulated"]["mae_angle_deg"]
    swing = {name: method["mae_by_coordinate_deg"]["arm_flex_l"] for name, method in methods.items()}
    assert swing["IK, triangulated"] < 3 < swing["mean pose"]
    assert methods["mean pose"]["moving_coordinates"] == 2 + 2 + 2  # hips, knees and arms swing
    assert methods["mean pose"]["mae_moving_deg"] > methods["mean pose"]["mae_angle_deg"]
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split("  ")[0] == "test split"
    assert {"MAE_angle, deg", "MAE_body", "PA-MPJPE, mm", "MPBLPE, mm", "MPJVE, mm/s"} <= {
        line.split("  ")[0] for line in lines
    }
    assert any(line.startswith("  knee_angle_r, deg") for line in lines)
    assert lines[-1] == "34 frames, each counted once; 6 of 41 coordinates move by more than 3 degrees"


def test_rows_of_some_networks_alone(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("hsmr_tiny", "biohuman_tiny")
    made = {name: fit(quick(results, tmp_path / name, network=name, window=8)) for name in names}
    checkpoints = [str(tmp_path / name / "checkpoint.pt") for name in names]
    capsys.readouterr()
    arguments = ["--shards", str(results), "--output", str(tmp_path / "table.json"), "--device", "cpu"]
    assert run(["evaluate", "--checkpoint", *checkpoints, *arguments]) == 0
    methods = json.loads((tmp_path / "table.json").read_text())["methods"]
    assert list(methods)[3:] == ["IK, triangulated, 6 Hz", "mean activation", *names]
    for name, metrics in made.items():  # crops of another shape than a square's, labels of its own
        assert methods[name]["mae_angle_deg"] == pytest.approx(metrics["mae_angle_deg"], rel=1e-5)
    assert methods["hsmr_tiny"]["pck_0.1"] == pytest.approx(made["hsmr_tiny"]["pck_0.1"])
    mean = made["biohuman_tiny"]["baselines"]["mean activation"]
    assert methods["mean activation"]["muscle_pcc"] == pytest.approx(mean["muscle_pcc"])
    cells = {line.split("  ")[0]: line.split()[-5:] for line in capsys.readouterr().out.splitlines() if "," in line}
    assert cells["activations, PCC"][0] == cells["activations, PCC"][-2] == "-"
    assert "-" not in cells["activations, PCC"][-3] + cells["MAE_angle, deg"][-1]


def test_bad_input_ends_in_one_line_and_code_2(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["fit", "--shards", str(tmp_path / "none"), "--output", str(tmp_path)]) == 2
    only_test = results / "shards" / "carl_000.h5"
    assert run(["fit", "--shards", str(only_test), "--output", str(tmp_path)]) == 2
    (tmp_path / "bad.pt").write_bytes(b"nothing")
    out = str(tmp_path / "o.json")
    assert run(["evaluate", "--checkpoint", str(tmp_path / "bad.pt"), "--shards", str(results), "--output", out]) == 2
    for network, window in (("d3ke_tiny", "8"), ("odah_tiny", "5"), ("odah_ours_tiny", "5"), ("neurik_tiny", "17")):
        fitting = ["fit", "--shards", str(results), "--output", str(tmp_path), "--network", network]
        assert run([*fitting, "--window", window]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 7
    assert "window: found 8 frames, expected 16, the product of its strides" in lines[3]
    assert "expected a multiple of 2" in lines[4]
    assert "expected at most 16" in lines[6]
    assert "no such folder" in lines[0]
    assert "none of this split" in lines[1]
    assert "no archive of torch's" in lines[2]


@pytest.mark.parametrize(
    ("by_name", "by_position"),
    [
        (["fit", "--shards", "s", "--output", "o"], ["fit", "s", "--output", "o"]),
        (
            ["evaluate", "--checkpoint", "a.pt", "b.pt", "--shards", "s", "--output", "o"],
            ["evaluate", "a.pt", "b.pt", "--shards", "s", "--output", "o"],
        ),
    ],
)
def test_inputs_are_taken_by_position_too(
    by_name: list[str], by_position: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert parsed(by_position) == parsed(by_name)
    with pytest.raises(SystemExit, match="2"):
        parsed([by_name[0], "--output", "o", *(["--shards", "s"] if by_name[0] == "evaluate" else [])])
    assert "are required: --" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        parsed([*by_name, "more"])
    assert "is given more than once: more" in capsys.readouterr().err
