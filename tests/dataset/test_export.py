from pathlib import Path

import h5py
import numpy as np
import pytest
from child_work import open_in_opensim

from kinesynth.dataset.export import export_opensim
from kinesynth.errors import BadInput
from kinesynth.isolation import isolated
from shard_factory import make_model


def test_opensim_opens_what_is_exported(results: Path, tmp_path: Path) -> None:
    model, _ = make_model(results.parent)
    shard, folder = results / "shards" / "anna_000.h5", tmp_path / "opensim" / "anna"
    export_opensim(shards=[shard], model=model, output=folder)
    assert len(list(folder.iterdir())) == 1 + 2 * 6
    seen = isolated(open_in_opensim, folder, "anna_walk", timeout_seconds=60, log=tmp_path / "log")
    with h5py.File(shard) as file:
        angles = file["clips/anna_walk/angles"][()]
        names = list(file["skeleton/coordinate_names"].asstr()[()])
    for name in ("knee_angle_r", "knee_angle_r_beta", "pelvis_ty"):
        np.testing.assert_allclose(seen[name], angles[:, names.index(name)], atol=1e-6)
    assert (seen["markers"], seen["frames"], seen["loads"], seen["body"]) == (103, 20, 2, "calcn_r")
    assert (seen["moments"], seen["activations"], seen["grf"]) == (43, 113, 19)


def test_a_second_export_replaces_the_first(results: Path, tmp_path: Path) -> None:
    model, _ = make_model(results.parent)
    folder = tmp_path / "anna"
    (folder / "old").mkdir(parents=True)
    export_opensim(shards=[results / "shards" / "anna_000.h5"], model=model, output=folder)
    assert not (folder / "old").exists()
    with pytest.raises(BadInput, match="export one subject at a time"):
        export_opensim(shards=sorted((results / "shards").glob("*.h5")), model=model, output=folder)
    assert (folder / "anna.osim").exists()
    assert not list(tmp_path.glob(".partial*"))
