"""A folder of files becomes a table."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from kinesynth.clips import read_clips
from kinesynth.errors import BadInput
from kinesynth.motion.index import action_of, identifier, index, split_subjects


def test_a_folder(tmp_path: Path, amass: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    content = amass().read_bytes()
    for name in (
        "SET/sub 1/walk_01_poses",
        "SET/sub 1/walk-01_poses",
        "SET/sub_2/a+b",
        "SET/sub_2/a b",
        "SET/sub_2/bad",
    ):
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
