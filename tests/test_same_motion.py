"""Nobody is trained on and tested on by way of a copied file."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kinesynth.clips import ClipRow, read_clips, write_clips
from kinesynth.errors import BadInput
from kinesynth.same_motion import require_distinct


def rows(first: Path, second: Path) -> list[ClipRow]:
    one = ClipRow("a", "s1", "walk", "train", "amass", first)
    return [one, replace(one, clip_id="b", subject="s2", split="test", path=second)]


def test_one_path_in_two_splits(tmp_path: Path, amass: Callable[..., Path]) -> None:
    path = amass()
    write_clips(tmp_path / "clips.tsv", rows(path, path))
    with pytest.raises(BadInput, match=r"line 3, path: found the file of clip a \(s1, train\) again"):
        read_clips(tmp_path / "clips.tsv")
    write_clips(tmp_path / "clips.tsv", [replace(row, split="train") for row in rows(path, path)])
    assert len(read_clips(tmp_path / "clips.tsv")) == 2


def test_a_copy_in_two_splits(tmp_path: Path, amass: Callable[..., Path]) -> None:
    path = amass()
    shutil.copy(path, tmp_path / "copy.npz")
    with pytest.raises(BadInput, match="clip b, path: found the motion of clip a") as error:
        require_distinct("clips.tsv", rows(path, tmp_path / "copy.npz"))
    assert "\n" not in str(error.value)


def test_a_copy_of_a_text_file(tmp_path: Path) -> None:
    for name in ("a.trc", "b.trc"):
        (tmp_path / name).write_text("the same")
    with pytest.raises(BadInput, match="clip b"):
        require_distinct("clips.tsv", rows(tmp_path / "a.trc", tmp_path / "b.trc"))


def test_files_of_equal_size_may_differ(tmp_path: Path, amass: Callable[..., Path]) -> None:
    other = amass("other.npz", trans=np.full((60, 3), 0.4))
    require_distinct("clips.tsv", rows(amass(), other))
    require_distinct("clips.tsv", rows(amass(), tmp_path / "missing.npz"))
