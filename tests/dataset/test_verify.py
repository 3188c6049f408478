import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from kinesynth.dataset.index import read_index
from kinesynth.dataset.verify import shard_faults, verify
from kinesynth.errors import BadInput, KinesynthError

WALK = "clips/anna_walk"


def cut_video(file: h5py.File) -> None:
    view = file[f"{WALK}/views/frontal"]
    squat = file["clips/anna_squat/views/frontal/video"][()]
    del view["video"]
    view["video"] = squat


def shift_camera(file: h5py.File) -> None:
    file[f"{WALK}/views/frontal/K"][0, 2] += 25.0


def set_value(name: str, index: tuple[int, ...], value: float) -> Callable[[h5py.File], None]:
    def spoil(file: h5py.File) -> None:
        file[f"{WALK}/{name}"][index] = value

    return spoil


def widen(file: h5py.File) -> None:
    angles = file[f"{WALK}/angles"][()].astype(np.float64)
    del file[f"{WALK}/angles"]
    file[f"{WALK}/angles"] = angles


def shorten(file: h5py.File) -> None:
    moments = file[f"{WALK}/moments"][1:]
    del file[f"{WALK}/moments"]
    file[f"{WALK}/moments"] = moments


def remove(path: str) -> Callable[[h5py.File], None]:
    def spoil(file: h5py.File) -> None:
        del file[path]

    return spoil


def flatter(file: h5py.File) -> None:
    file[WALK].attrs["marker_rms_mm"] = 1.0


def set_split(file: h5py.File) -> None:
    file.attrs["split"] = "training"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (cut_video, "views/frontal/video: found 14 frames, expected 20"),
        (shift_camera, "views/frontal/mask: found"),
        (set_value("activations", (2, 3), 1.5), "activations: found .* to 1.5, expected 0 to 1"),
        (set_value("angles", (0, 0), np.nan), "angles: found 1 values that are not finite"),
        (set_value("views/sagittal/world_to_camera", (0, 0), 2.0), "views/sagittal/world_to_camera: found no rotation"),
        (
            set_value("views/frontal/keypoints_2d", (3, 2, 0), 7.0),
            "views/frontal/keypoints_2d: found .* px from where K projects",
        ),
        (set_value("views/frontal/visibility", (3, 2), 0), "views/frontal/visibility: found 1 keypoints on the wrong"),
        (
            set_value("views/frontal/parts", (3, 0, 0), 5),
            "views/frontal/parts: found 1 pixels that differ from the mask",
        ),
        (remove(f"{WALK}/views/frontal/visibility"), "views/frontal/visibility: missing"),
        (widen, "angles: found type float64, expected float32"),
        (shorten, r"moments: found shape \(19, 53\)"),
        (remove(f"{WALK}/grf/cop"), "grf/cop: missing"),
        (remove(f"{WALK}/views/frontal/mask"), "views/frontal/mask: missing"),
        (remove("skeleton"), "skeleton"),
        (flatter, "attribute marker_rms_mm: found 1, expected 6 as the arrays say"),
        (set_split, "attribute split: found 'training', expected one of train, val, test"),
    ],
)
def test_finds_every_fault(
    results: Path, tmp_path: Path, spoil: Callable[[h5py.File], None], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shard = Path(shutil.copy(results / "shards" / "anna_000.h5", tmp_path))
    with h5py.File(shard, "r+") as file:
        spoil(file)
    with pytest.raises(KinesynthError, match=r"faults found: [1-9]"):
        verify(shards=[shard])
    lines = [line for line in capsys.readouterr().err.splitlines() if "anna_000.h5" in line]
    assert lines
    assert any(re.search(message, line) for line in lines), lines


def test_good_shards_pass(results: Path) -> None:
    verify(shards=sorted((results / "shards").glob("*.h5")))


def test_optional_tracks_may_be_missing(results: Path, tmp_path: Path) -> None:
    shard = Path(shutil.copy(results / "shards" / "anna_000.h5", tmp_path))
    with h5py.File(shard, "r+") as file:
        for name in ("parts", "depth"):
            del file[f"{WALK}/views/frontal/{name}"]
    assert list(shard_faults(shard)) == []


def test_truncated_and_changed_files(results: Path, tmp_path: Path) -> None:
    shutil.copytree(results, tmp_path / "results")
    shard = tmp_path / "results" / "shards" / "anna_000.h5"
    with h5py.File(shard, "r+") as file:
        file.attrs["created"] = "2026-01-02"
    assert [fault for fault in shard_faults(shard) if "checksum" in fault]
    shard.write_bytes(shard.read_bytes()[:5000])
    assert "expected an HDF5 file of schema 2" in next(iter(shard_faults(shard)))
    assert "expected an HDF5 file" in next(iter(shard_faults(tmp_path / "absent.h5")))


def test_checksums_need_packages_that_readers_lack(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("kinesynth.dataset.verify.find_spec", lambda name: None if name == "pyarrow" else object())
    verify([results / "shards/anna_000.h5"])
    assert "pyarrow not installed, so checksums are not compared" in capsys.readouterr().err


def test_a_folder_is_all_its_shards(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shards = sorted((results / "shards").glob("*.h5"))
    for folder in (results, results / "shards"):
        verify([folder])
        assert [line.split(": ")[0] for line in capsys.readouterr().out.splitlines()] == [str(each) for each in shards]
    with pytest.raises(BadInput, match=r"shards: found no \*\.h5 file"):
        verify([tmp_path])


def test_a_shard_that_a_folder_lacks_is_a_fault(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = Path(shutil.copytree(results, tmp_path / "results"))
    (copy / "shards/anna_000.h5").unlink()
    with pytest.raises(KinesynthError, match="faults found: 1"):
        verify([copy])
    assert "anna_000.h5: found " in capsys.readouterr().err


def test_an_index_is_read_once_for_all_shards(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []

    def counted(path: Path) -> list[dict[str, Any]]:
        read.append(path)
        return read_index(path)

    monkeypatch.setattr("kinesynth.dataset.index.read_index", counted)
    verify([results])
    assert read == [(results / "index.parquet").absolute()]
