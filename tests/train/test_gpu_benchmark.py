import json
from pathlib import Path

import pytest
from benchmarks.gpu import main


def test_the_gpu_benchmark_runs_in_small_on_a_cpu(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stages = ["odah_tiny/frame", "hsmr_tiny/picture"]
    options = ["--small", "--stages", *stages, "--seconds", "1", "--workers", "0"]
    assert main([str(tmp_path), str(results), *options]) == 0
    found = json.loads((tmp_path / "gpu.json").read_text())
    assert found["skeleton_layer"]["best"] > 10
    assert [f"{stage['network']}/{stage['stage']}" for stage in found["stages"]] == stages
    for stage in found["stages"]:
        assert stage["steps"] >= 1
        assert stage["windows_per_second"] > 0
        assert 0 <= stage["data_wait_share"] < 1
        assert stage["last_loss"] < 2 * stage["first_loss"]
        assert stage["parameters"] > 50_000
    assert capsys.readouterr().out
