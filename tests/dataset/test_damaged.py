"""Shards that are missing, broken, or on a disk that fails: told, and skipped only where that is asked for."""

import shutil
import time
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from kinesynth.dataset import ShardDataset
from kinesynth.dataset.file_cache import OpenFiles, open_shard
from kinesynth.dataset.listing import DamagedShard
from kinesynth.dataset.windows import WindowReader
from kinesynth.errors import BadInput


@pytest.fixture
def copy(results: Path, tmp_path: Path) -> Path:
    """A dataset of three shards that a test may break."""
    return Path(shutil.copytree(results, tmp_path / "results", ignore=shutil.ignore_patterns("opensim")))


def spoil_array(shard: Path, name: str) -> None:
    """Overwrite what an array is stored as, as a failing disk would."""
    with h5py.File(shard) as file:
        chunk = file[name].id.get_chunk_info(0)
    with shard.open("r+b") as stream:
        stream.seek(chunk.byte_offset)
        stream.write(b"\xff" * chunk.size)


def test_a_missing_shard_is_told(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copy / "shards/ben_000.h5").unlink()
    with pytest.raises(DamagedShard, match=r"ben_000\.h5: file: found nothing, expected it, which checksums.txt lists"):
        ShardDataset(copy, window=4)
    with pytest.raises(DamagedShard, match="ben_000"):
        ShardDataset(copy / "shards", window=4)
    rest = ShardDataset(copy, window=4, damaged="skip")
    assert {clip.subject for clip in rest.clips} == {"anna", "carl"}
    assert "ben_000.h5: skipped: file: found nothing" in capsys.readouterr().err


@pytest.mark.parametrize("size", [0, 100, 5000])
def test_a_broken_file_is_told(copy: Path, capsys: pytest.CaptureFixture[str], size: int) -> None:
    shard = copy / "shards/ben_000.h5"
    shard.write_bytes(shard.read_bytes()[:size])
    with pytest.raises(DamagedShard, match=r"ben_000\.h5: file: .*damaged='skip'"):
        ShardDataset(copy, window=4)
    rest = ShardDataset(copy, window=4, damaged="skip")
    assert {clip.subject for clip in rest.clips} == {"anna", "carl"}
    assert capsys.readouterr().err.count("skipped") == 1


def test_a_clip_whose_arrays_are_broken_gives_way_to_the_next(
    copy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kinesynth.dataset.windows.PAUSES", (0.0,))
    spoil_array(copy / "shards/anna_000.h5", "clips/anna_walk/activations")
    with ShardDataset(copy, window=4, views=()) as strict, pytest.raises(DamagedShard, match="clips/anna_walk"):
        strict[0]
    with ShardDataset(copy, window=4, views=(), damaged="skip") as dataset:
        assert [item["clip_id"] for item in dataset] == [
            "anna_squat", "anna_squat", "ben_walk", "ben_squat", "carl_walk", "carl_squat",
        ]  # fmt: skip
        assert dataset[0]["clip_id"] == "anna_squat"
    assert capsys.readouterr().err.count("clips/anna_walk") == 1
    with ShardDataset(copy, window=4, views=(), labels=("angles",)) as of_others:
        assert of_others[0]["clip_id"] == "anna_walk"


def test_where_nothing_can_be_read_that_is_told(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kinesynth.dataset.windows.PAUSES", ())
    dataset = ShardDataset(copy, window=4, damaged="skip")
    shutil.rmtree(copy / "shards")
    with pytest.raises(DamagedShard, match="none that can be read"):
        dataset[0]


def test_a_view_that_is_not_there_is_no_damage(copy: Path) -> None:
    dataset = ShardDataset(copy, window=4, views=["top"], damaged="skip")
    with pytest.raises(BadInput, match="no view 'top'"):
        dataset[0]


def test_a_disk_that_stumbles_is_asked_again(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = ShardDataset(copy, window=4, views=())[0]["angles"]
    monkeypatch.setattr("kinesynth.dataset.windows.PAUSES", (0.0, 0.0))
    opened: list[Path] = []

    def stumble(self: OpenFiles, path: Path) -> Any:
        opened.append(path)
        if len(opened) < 3:
            raise OSError(5, "Input/output error")
        return open_shard(path)

    monkeypatch.setattr(OpenFiles, "get", stumble)
    with ShardDataset(copy, window=4, views=()) as dataset:
        np.testing.assert_array_equal(dataset[0]["angles"], expected)
    assert len(opened) == 3


def test_a_disk_without_locks_is_read(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = h5py.File

    def without_locks(path: Path, mode: str, locking: bool | None = None) -> h5py.File:
        if locking is None:
            raise OSError("Unable to synchronously open file (unable to lock file, errno = 37)")
        return real(path, mode)

    monkeypatch.setattr("kinesynth.dataset.file_cache.h5py.File", without_locks)
    with ShardDataset(copy, window=4, views=()) as dataset:
        assert len(dataset) == 6


def test_a_slow_disk_keeps_the_order(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = ShardDataset(copy, window=4, stride=2, views=("frontal",))
    expected = list(dataset)
    dataset.close()
    quick, waits = WindowReader._read, np.random.default_rng(3).uniform(0.0, 0.08, len(dataset))

    def slow(self: WindowReader, group: h5py.Group, clip: Any, start: int, rng: Any) -> dict[str, Any]:
        time.sleep(waits[(start * 7 + len(clip.clip_id)) % len(waits)])
        return quick(self, group, clip, start, rng)

    monkeypatch.setattr(WindowReader, "_read", slow)
    loader: DataLoader[Any] = DataLoader(dataset, batch_size=None, num_workers=2, multiprocessing_context="fork")
    found = list(loader)
    assert [(item["clip_id"], int(item["start"])) for item in found] == [
        (item["clip_id"], item["start"]) for item in expected
    ]
    for item, other in zip(found, expected, strict=True):
        assert torch.equal(item["views"]["frontal"]["frames"], torch.from_numpy(other["views"]["frontal"]["frames"]))


def test_opening_reads_no_values(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand shards open within two seconds because of it."""

    def refuse(self: h5py.AttributeManager, name: str) -> Any:
        raise AssertionError(f"attribute {name} was read")

    monkeypatch.setattr(h5py.AttributeManager, "__getitem__", refuse)
    dataset = ShardDataset(results, window=4)
    monkeypatch.undo()
    assert len(dataset) == 6
    assert dataset.clips[0].quality["force_valid"] == pytest.approx(18 / 20)
    assert "marker_rms_mm" in dict(dataset.clips[0].quality)
    assert dataset.clips[0].license == "free"
