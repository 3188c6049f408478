from itertools import pairwise
from pathlib import Path

import h5py
import pytest

from kinesynth.dataset.index import checksum, index_shards, read_index
from kinesynth.dataset.listing import missing_shards
from kinesynth.errors import BadInput


def test_one_row_per_clip(results: Path) -> None:
    rows = read_index(results / "index.parquet")
    assert [row["clip_id"] for row in rows][:2] == ["anna_walk", "anna_squat"]
    row = rows[0]
    assert (row["shard"], row["split"], row["frames"], row["fps"]) == ("anna_000", "train", 20, 30.0)
    assert row["xxh3_128"] == checksum(results / "shards" / "anna_000.h5")
    assert row["marker_rms_mm"] == pytest.approx(6.0, rel=1e-3)
    with h5py.File(results / "shards" / "anna_000.h5") as file:
        vertical = file["clips/anna_walk/grf/force"][..., 1].sum(axis=1) / (file.attrs["mass_kg"] * 9.80665)
    assert row["peak_vertical_force_bw"] == pytest.approx(vertical.max(), abs=1e-5)
    assert row["keypoints_on_mask"] >= 0.97
    assert row["force_valid"] == pytest.approx(0.9)
    assert (row["sex"], row["mass_kg"], row["height_m"]) == ("female", 75.337, 1.75)


def test_rejected_clips_and_card(results: Path) -> None:
    lines = (results / "rejected.tsv").read_text().splitlines()
    assert lines[0].split("\t") == ["clip_id", "stage", "reason", "value", "detail", "subject"]
    assert lines[1].split("\t") == ["anna_fall", "inverse_kinematics", "markers too far off", "0.21", "", "anna"]
    card = (results / "README.md").read_text()
    assert "6 clips, 102 frames" in card
    assert "CC0-1.0" in card
    assert "| markers too far off | 3 |" in card


def test_no_survivor_is_an_error(tmp_path: Path) -> None:
    shard = tmp_path / "dan_000.h5"
    with h5py.File(shard, "w") as file:
        file.attrs.update({"subject": "dan", "split": "train", "sex": "male", "mass_kg": 70.0, "height_m": 1.8})
        file.create_group("clips")
        group = file.create_group("rejected/dan_fall")
        group.attrs.update(stage="load_motion", reason="NaN in poses", value=float("nan"), detail="frame 3")
    with pytest.raises(BadInput, match="dan_fall fails at load_motion: NaN in poses"):
        index_shards(shards=[shard], output=tmp_path / "i.parquet", rejected=tmp_path / "r.tsv", card=tmp_path / "c.md")
    assert (tmp_path / "r.tsv").read_text().splitlines()[1] == "dan_fall\tload_motion\tNaN in poses\t\tframe 3\tdan"
    assert not (tmp_path / "i.parquet").exists()


def test_rejections_of_an_older_version_are_refused(tmp_path: Path) -> None:
    shard = tmp_path / "dan_000.h5"
    with h5py.File(shard, "w") as file:
        file.attrs.update({"subject": "dan", "split": "train", "sex": "male", "mass_kg": 70.0, "height_m": 1.8})
        file.create_group("clips")
        file.create_group("rejected/dan_fall").attrs.update(stage="load_motion", reason="NaN", figure=1.0, detail="")
    with pytest.raises(BadInput, match="rejected: found no value"):
        index_shards(shards=[shard], output=tmp_path / "i.parquet", rejected=tmp_path / "r.tsv", card=tmp_path / "c.md")


def test_every_row_of_the_cards_tables_has_as_many_cells_as_its_heading(results: Path) -> None:
    card = (results / "README.md").read_text()
    rows = [line for line in card.splitlines() if line.startswith("|")]
    assert len(rows) > 20
    heading = 0
    for line, after in pairwise([*rows, ""]):
        heading = line.count("|") if after.startswith("|---") else heading
        assert line.count("|") == heading, line


def test_checksums_are_listed_as_xxh128sum_checks_them(results: Path) -> None:
    lines = (results / "checksums.txt").read_text().splitlines()
    assert lines == [f"{checksum(results / 'shards' / name)}  shards/{name}" for name in
                     ("anna_000.h5", "ben_000.h5", "carl_000.h5")]  # fmt: skip
    assert missing_shards(results) == missing_shards(results / "shards") == []
