from pathlib import Path

import h5py
import numpy as np
import pytest
from child_work import inverse_dynamics_as_exported, open_in_opensim

from kinesynth import cli
from kinesynth.dataset.export import export
from kinesynth.dataset.names import read_names
from kinesynth.dynamics.inverse_dynamics import inverse_dynamics
from kinesynth.errors import BadInput
from kinesynth.isolation import isolated
from kinesynth.opensim_files import read_storage
from kinesynth.stage_file import Clip, StageFile, read_stage, write_stage
from shard_factory import MASS_KG, make_stages, pack


def test_opensim_opens_what_is_exported(results: Path, tmp_path: Path) -> None:
    shard, folder = results / "shards" / "anna_000.h5", tmp_path / "opensim" / "anna"
    assert cli.run(["export", str(shard), "--opensim", str(folder)]) == 0
    assert len(list(folder.iterdir())) == 1 + 2 * 7
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
    folder, shard = tmp_path / "anna", results / "shards" / "anna_000.h5"
    export([shard], opensim=folder)
    (folder / "anna.osim").write_text("old")
    export([shard], opensim=folder)
    assert (folder / "anna.osim").read_text() != "old"
    with pytest.raises(BadInput, match="export one subject at a time"):
        export(sorted((results / "shards").glob("*.h5")), opensim=folder)
    assert (folder / "anna.osim").exists()
    assert not list(tmp_path.glob(".partial*"))


def test_inverse_dynamics_on_exported_files_gives_the_shards_moments(results: Path, tmp_path: Path) -> None:
    """The exported motion is the one that the moments belong to, under the tool's own names."""
    stages = make_stages(results.parent, "anna")
    ground = read_stage(stages["grf"])
    moving = {
        name: Clip(name, clip.arrays, {**clip.attrs, "dynamics_reason": ""}) for name, clip in ground.clips.items()
    }
    stages |= {"grf": tmp_path / "grf.h5", "id": tmp_path / "id.h5"}
    names = read_stage(stages["ik"]).attrs["coordinate_names"]
    write_stage(stages["grf"], StageFile(moving, ground.rejected, {"coordinate_names": names}))
    inverse_dynamics(grf=stages["grf"], model=stages["model"], output=stages["id"], log=tmp_path / "log")
    pack(stages, output=tmp_path / "anna_000.h5")
    export([tmp_path / "anna_000.h5"], opensim=tmp_path / "anna")
    labels, found = isolated(
        inverse_dynamics_as_exported, tmp_path / "anna", "anna.osim", "anna_walk", timeout_seconds=60,
        log=tmp_path / "log",
    )  # fmt: skip
    told = read_storage(tmp_path / "anna" / "anna_walk_moments.sto")
    assert set(labels) == set(told.names)
    assert "knee_angle_r_beta_force" in labels
    expected = np.stack([told.column(label) for label in labels], axis=1)
    assert np.abs(expected).max() > 10.0
    np.testing.assert_allclose(found / MASS_KG, expected / MASS_KG, atol=1e-3)
    assert "anna_walk_smooth.mot" in (tmp_path / "anna" / "anna_walk_grf.xml").read_text()
