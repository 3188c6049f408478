"""The command that trains a network to ship: small, whole without its training, and of use for a few markers."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from tools.shipped import neurik

from kinesynth.errors import BadInput
from kinesynth.opensim_files import read_storage, write_trc
from kinesynth.skeleton import SkeletonDefinition
from kinesynth_train.cli import run

FEW = ("C7", "CLAV", "RACR", "LACR", "RASI", "LASI", "RPSI", "LPSI", "RLFC", "LLFC", "RLMAL", "LLMAL", "RCAL", "LCAL",
       "RMT5", "LMT5", "RLEL", "LLEL", "RFAR", "LFAR", "RFHD", "LFHD")  # fmt: skip


def test_a_shipped_network_is_small_and_takes_few_markers(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    neurik.ship(results, tmp_path / "neurik.pt", 2)
    assert (tmp_path / "neurik.pt").stat().st_size < neurik.MOST_BYTES
    with h5py.File(results / "shards/carl_000.h5", "r") as file:
        names = list(SkeletonDefinition.read(file["skeleton"]).marker_names)
        markers = file["clips/carl_walk/markers"][()].astype(float)[:, [names.index(name) for name in FEW]]
    write_trc(tmp_path / "walk.trc", FEW, markers, 30.0)
    flags = ["--markers", str(tmp_path / "walk.trc"), "--checkpoint", str(tmp_path / "neurik.pt"), "--name", "walk"]
    assert run(["predict", *flags, "--output", str(tmp_path / "out")]) == 0
    angles = read_storage(tmp_path / "out/kinematics/walk.mot").values
    assert angles.shape[0] == 20
    assert np.isfinite(angles).all()
    monkeypatch.setattr(neurik, "MOST_BYTES", 1000)
    with pytest.raises(BadInput, match="1000 at most"):
        neurik.ship(results, tmp_path / "large.pt", 1)
    assert not (tmp_path / "large.pt").exists()
