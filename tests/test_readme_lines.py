"""The lines of the README that ask for nothing but the package run as they stand, in their order."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYTHON = re.search(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
TERMINAL = re.search(r"(?:^ {4}.*\bkinesynth.*\n)+", README, re.MULTILINE)


def run(arguments: list[str], folder: Path) -> str:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        arguments,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT / "src"), "MPLBACKEND": "agg"},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


def test_the_ten_lines_that_read_it(tmp_path: Path) -> None:
    assert PYTHON is not None
    shapes = "print(frames.shape[0], angles.shape, centres.shape, forces.shape, valid.shape)"
    assert run([sys.executable, "-c", PYTHON[1] + shapes], tmp_path) == "16 (16, 53) (16, 56, 3) (16, 2, 3) (16,)\n"


def test_the_lines_for_a_terminal(tmp_path: Path) -> None:
    assert TERMINAL is not None
    lines = [line.strip() for line in TERMINAL[0].splitlines()]
    assert [line.split()[-1] for line in lines] == ["sample", "kick.html", "sample/p02", "predicted", "200"]
    for line in lines:
        run(["bash", "-c", line], tmp_path)
    for made in ("kick.html", "sample/p02/p02_walking.trc", "predicted/predict.json", "runs/neurik/metrics.json"):
        assert (tmp_path / made).is_file()
