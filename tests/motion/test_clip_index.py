"""A folder of files becomes a table."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kinesynth.clips import ClipRow, read_clips
from kinesynth.errors import BadInput
from kinesynth.motion.index import action_of, identifier, index, split_subjects


def test_a_folder(tmp_path: Path, amass: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    for number, name in enumerate(
        (
            "SET/sub 1/walk_01_poses",
            "SET/sub 1/walk-01_poses",
            "SET/sub_2/a+b",
            "SET/sub_2/a b",
            "SET/sub_2/bad",
        )
    ):
        content = amass(trans=np.full((60, 3), 0.1 * number)).read_bytes()
        path = tmp_path / "folder" / f"{name}.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content[:100] if "bad" in name else content)
    (tmp_path / "folder/SET/sub_2/shape.npz").write_bytes(b"")
    index(folder=tmp_path / "folder", output=tmp_path / "clips.tsv")
    rows = read_clips(tmp_path / "clips.tsv")
    assert {row.subject for row in rows} == {"SET_sub_1", "SET_sub_2"}
    assert len({row.clip_id for row in rows}) == len(rows) == 4
    assert {(row.fps, row.frames, row.source) for row in rows} == {(120.0, 60, "amass")}
    assert all(row.path and row.path.is_file() for row in rows)
    told = [line for line in capsys.readouterr().err.splitlines() if "left out: " in line]
    assert len(told) == 1
    assert "bad.npz" in told[0]


def fill(folder: Path, amass: Callable[..., Path], files: dict[str, dict[str, Any]]) -> list[ClipRow]:
    for number, (name, changes) in enumerate(files.items()):
        path = folder / "AMASS" / f"{name}.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(amass(**{"trans": np.full((60, 3), 0.1 * number), **changes}).read_bytes())
    index(folder=folder / "AMASS", output=folder / "clips.tsv")
    return read_clips(folder / "clips.tsv")


def test_folders_of_one_person_are_one_subject(
    tmp_path: Path, amass: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    hers, his = {"betas": np.full(16, 0.3), "gender": "female"}, {"betas": np.full(16, 0.4)}
    rows = fill(tmp_path, amass, {
        "ACCAD/Male1General_c3d/a": {}, "ACCAD/Male1Walking_c3d/b": {"betas": np.ones(16)},
        "ACCAD/Male2Running_c3d/c": {},
        "SET/morning/d": hers, "SET/evening/e": hers, "SET/his/f": his, "OTHER/his/g": his, "SET/zero/h": {},
        "SET/nought/i": {},
    })  # fmt: skip
    assert Counter(row.subject for row in rows) == {
        "ACCAD_Male1": 2, "ACCAD_Male2": 1, "SET_evening": 2, "SET_his": 1, "OTHER_his": 1, "SET_zero": 1,
        "SET_nought": 1,
    }  # fmt: skip
    told = capsys.readouterr().err
    assert "one person: ACCAD_Male1 has the folders ACCAD_Male1General_c3d, ACCAD_Male1Walking_c3d" in told
    assert "one person: SET_evening has the folders SET_evening, SET_morning" in told


def test_a_copy_is_left_out(tmp_path: Path, amass: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    same = np.full((60, 3), 0.5)
    rows = fill(tmp_path, amass, {"S/a/x": {"trans": same}, "S/b/y": {"trans": same, "betas": np.ones(16)}})
    assert [row.subject for row in rows] == ["S_a"]
    assert "y.npz: motion: found that of" in capsys.readouterr().err


def test_subjects_are_split_42_6_8() -> None:
    names = {f"s{i}" for i in range(56)}
    splits = split_subjects(names, 1)
    assert Counter(splits.values()) == {"train": 42, "val": 6, "test": 8}
    assert splits == split_subjects(set(names), 1) != split_subjects(names, 2)


def test_names() -> None:
    assert len(identifier("é" * 20 + "x" * 200)) == 64
    assert identifier("///") == "x"
    assert action_of("0005_Jumping1_poses") == "Jumping"
    assert action_of("12") == "motion"


def test_nothing_usable(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(BadInput):
            index(folder=folder, output=tmp_path / "clips.tsv")
