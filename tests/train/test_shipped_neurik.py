"""The command that trains the network that ships: its people, and a file that is small, whole and of use."""

from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from tools.shipped import label_shards, neurik

from kinesynth.dataset import ShardDataset
from kinesynth.errors import BadInput
from kinesynth.opensim_files import read_storage, write_trc
from kinesynth.skeleton import SkeletonDefinition, SkeletonLayer
from kinesynth_train.cli import run

FEW = ("C7", "CLAV", "RACR", "LACR", "RASI", "LASI", "RPSI", "LPSI", "RLFC", "LLFC", "RLMAL", "LLMAL", "RCAL", "LCAL",
       "RMT5", "LMT5", "RLEL", "LLEL", "RFAR", "LFAR", "RFHD", "LFHD")  # fmt: skip


def test_a_shipped_network_is_small_and_takes_few_markers(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    neurik.ship(results, tmp_path / "training", tmp_path / "neurik.pt", 2)
    assert (tmp_path / "neurik.pt").stat().st_size < neurik.MAX_BYTES
    with h5py.File(results / "shards/carl_000.h5", "r") as file:
        names = list(SkeletonDefinition.read(file["skeleton"]).marker_names)
        markers = file["clips/carl_walk/markers"][()].astype(float)[:, [names.index(name) for name in FEW]]
    write_trc(tmp_path / "walk.trc", FEW, markers, 30.0)
    flags = ["--markers", str(tmp_path / "walk.trc"), "--checkpoint", str(tmp_path / "neurik.pt"), "--name", "walk"]
    assert run(["predict", *flags, "--output", str(tmp_path / "out")]) == 0
    angles = read_storage(tmp_path / "out/kinematics/walk.mot").values
    assert angles.shape[0] == 20
    assert np.isfinite(angles).all()
    monkeypatch.setattr(neurik, "MAX_BYTES", 1000)
    with pytest.raises(BadInput, match="1000 at most"):
        neurik.ship(results, tmp_path / "training", tmp_path / "large.pt", 2)
    assert not (tmp_path / "large.pt").exists()


@pytest.mark.slow
def test_people_are_drawn_with_every_marker_that_a_laboratory_may_put_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is there is taken over; the skin's markers lie near those of the skeleton."""
    monkeypatch.setattr(label_shards, "ACTIONS", ("squat",))
    monkeypatch.setattr(label_shards, "SECONDS", 0.6)
    shards = label_shards.make_label_shards(tmp_path, 1)
    before = (shards / "p000_000.h5").stat().st_mtime_ns
    assert label_shards.make_label_shards(tmp_path, 1) == shards
    assert (shards / "p000_000.h5").stat().st_mtime_ns == before
    item = ShardDataset(shards, "train", 6, ())[0]
    assert item["action"] == "squat"
    assert item["quality"]["angle_valid"].all()
    assert not item["quality"]["force_valid"].any()
    with h5py.File(shards / "p000_000.h5", "r") as file:
        skeleton = SkeletonDefinition.read(file["skeleton"])
    assert {"RASI", "RMT2"} <= set(skeleton.marker_names)
    found = SkeletonLayer(skeleton)(torch.tensor(item["angles"].astype(float))).markers.numpy()
    away = np.linalg.norm(found - item["markers"], axis=-1)
    assert 0.0 < np.median(away) < 0.02
    np.testing.assert_allclose(away[:, skeleton.marker_names.index("RMT2")], 0.0, atol=1e-4)


def test_a_tenth_of_the_people_is_for_validation_and_a_tenth_for_tests() -> None:
    splits = [label_shards.rows_of(f"p{number:03d}", number)[0].split for number in range(20)]
    assert [splits.count(split) for split in ("train", "val", "test")] == [16, 2, 2]
