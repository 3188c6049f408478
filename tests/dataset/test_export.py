from pathlib import Path

import h5py
import numpy as np
import pytest
from child_work import open_in_opensim

from kinesynth import cli
from kinesynth.dataset.export import export
from kinesynth.dataset.names import read_names
from kinesynth.errors import BadInput
from kinesynth.isolation import isolated


def test_opensim_opens_what_is_exported(results: Path, tmp_path: Path) -> None:
    shard, folder = results / "shards" / "anna_000.h5", tmp_path / "opensim" / "anna"
    assert cli.run(["export", str(shard), "--opensim", str(folder)]) == 0
    assert len(list(folder.iterdir())) == 1 + 2 * 6
    seen = isolated(open_in_opensim, folder, "anna_walk", timeout_seconds=60, log=tmp_path / "log")
    with h5py.File(shard) as file:
        angles = file["clips/anna_walk/angles"][()]
        names = list(file["skeleton/coordinate_names"].asstr()[()])
        sizes = read_names(file["skeleton"]).sizes
    for name in ("knee_angle_r", "knee_angle_r_beta", "pelvis_ty"):
        np.testing.assert_allclose(seen[name], angles[:, names.index(name)], atol=1e-6)
    assert (seen["markers"], seen["frames"], seen["loads"], seen["body"]) == (sizes["M"], 20, 2, "calcn_r")
    assert (seen["moments"], seen["activations"], seen["grf"]) == (1 + sizes["J"], 1 + sizes["A"], 19)


def test_a_second_export_replaces_the_first(results: Path, tmp_path: Path) -> None:
    folder = tmp_path / "anna"
    (folder / "old").mkdir(parents=True)
    export([results / "shards" / "anna_000.h5"], opensim=folder)
    assert not (folder / "old").exists()
    with pytest.raises(BadInput, match="export one subject at a time"):
        export(sorted((results / "shards").glob("*.h5")), opensim=folder)
    assert (folder / "anna.osim").exists()
    assert not list(tmp_path.glob(".partial*"))
