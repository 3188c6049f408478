"""The scripts of examples/ run as they stand, on the sample that ships."""

import os
import re
import subprocess
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[1]
SCRIPTS = {path.name for path in (ROOT / "examples").glob("*.py")}


def run(script: str, folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / script), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "MPLBACKEND": "agg"},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


def test_each_is_run_here_and_told_of() -> None:
    assert set(re.findall(r'run\("(\w+\.py)"', Path(__file__).read_text())) == SCRIPTS
    page = (ROOT / "examples/README.md").read_text()
    assert all(script in page for script in SCRIPTS)


def test_reading(tmp_path: Path) -> None:
    told = run("read.py", tmp_path)
    assert "p01_walking: 60 frames at 30 fps" in told
    assert "angles (2, 16, 53)" in told


def test_plotting(tmp_path: Path) -> None:
    assert run("plot.py", tmp_path, "kick.png").split() == ["kick.png"]
    with Image.open(tmp_path / "kick.png") as picture:
        assert picture.size == (1320, 840)
        assert len(picture.convert("RGB").getcolors(1 << 21) or []) > 5000


def test_training_and_predicting_with_what_was_trained(tmp_path: Path) -> None:
    assert "2 steps" in run("train_neurik.py", tmp_path, "neurik", "2")
    assert (tmp_path / "neurik/metrics.json").is_file()
    told = run("predict_markers.py", tmp_path, "neurik/checkpoint.pt", "out")
    assert len(re.findall(r"off by +[\d.]+ degrees", told)) == 5
    assert (tmp_path / "out/kinematics/walk.mot").is_file()


def test_predicting_without_a_network(tmp_path: Path) -> None:
    told = run("predict_markers.py", tmp_path)
    for joint in ("hip_flexion_r", "knee_angle_r"):
        found = re.search(rf"{joint} +off by +([\d.]+) degrees", told)
        assert found
        assert float(found[1]) < 4.0
