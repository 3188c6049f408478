import json
from pathlib import Path

import pytest
from benchmarks.gpu import main


def test_the_gpu_benchmark_runs_in_small_on_a_cpu(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path), str(results / "shards" / "anna_000.h5"), "--small"]) == 0
    found = json.loads((tmp_path / "gpu.json").read_text())
    assert found["skeleton_layer"]["best"] > 10
    training = found["training"]
    assert training["steps"] >= 1
    assert training["windows_per_second"] > 0
    assert 0 <= training["data_wait_share"] < 1
    assert training["last_loss"] < 2 * training["first_loss"]
    assert not (tmp_path / "windows.h5").exists()
    assert found["parameters"] > 50_000
    assert capsys.readouterr().out


def test_the_gpu_benchmark_needs_no_video_library(results: Path, tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys; "
        "from importlib.abc import MetaPathFinder\n"
        "class Missing(MetaPathFinder):\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in {'av', 'scipy', 'torchvision', 'tensorboard'}:\n"
        "            raise ModuleNotFoundError(name, name=name)\n"
        "import importlib.util\n"
        "real = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *rest: None if name == 'av' else real(name, *rest)\n"
        "sys.meta_path.insert(0, Missing())\n"
        "from benchmarks.gpu import main\n"
        f"raise SystemExit(main([{str(tmp_path)!r}, {str(results / 'shards' / 'anna_000.h5')!r}, '--small']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
