from pathlib import Path

import h5py
import numpy as np
import pytest
from tools.same_labels import differences, main

from kinesynth.layout import FILES
from kinesynth.stage_file import Clip, StageFile, write_stage


def write(run: Path, angle: float, **more: np.ndarray) -> Path:
    path = run / FILES["inverse_kinematics"].format(shard="a_000")
    write_stage(path, StageFile({"walk": Clip("walk", {"angles": np.full((3, 2), angle), **more}, {"fps": 30.0})}))
    return path


def test_the_same_run_is_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for run in ("before", "after"):
        write(tmp_path / run, 0.1)
    assert main(tmp_path / "before", tmp_path / "after") == 0
    assert capsys.readouterr().out == "1 of 1 files are the same\n"


def test_each_difference_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = write(tmp_path / "before", 0.1), write(tmp_path / "after", 0.35, extra=np.zeros(3))
    with h5py.File(other, "r+") as file:
        file["clips/walk"].attrs["fps"] = 60.0
    assert list(differences(one, other)) == [
        "clips/walk/angles: 6 of 6 values, by at most 0.25",
        "clips/walk/extra: only after",
        "clips/walk@fps: 1 of 1 values, by at most 30",
    ]
    assert main(tmp_path / "before", tmp_path / "after") == 1
    other.unlink()
    assert list(differences(one, other)) == ["is missing after"]


def test_no_files_at_all_are_not_the_same(tmp_path: Path) -> None:
    assert main(tmp_path, tmp_path) == 1
