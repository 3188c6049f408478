import json
from pathlib import Path
from unittest.mock import patch

import h5py
import numpy as np
import pytest

from kinesynth.body.identity import licensed
from kinesynth.dataset.schema import load_schema
from kinesynth.dataset.verify import shard_faults
from kinesynth.errors import BadInput
from kinesynth.skeleton import SkeletonDefinition
from kinesynth.stage_file import Clip, StageFile, read_stage, write_stage
from shard_factory import make_model, make_stages, pack


@pytest.fixture(autouse=True)
def skeleton(results: Path) -> object:
    with patch.object(SkeletonDefinition, "from_osim", return_value=make_model(results.parent)[1]) as reader:
        yield reader


@pytest.fixture
def stages(results: Path, tmp_path: Path) -> dict[str, Path]:
    """Stage files of one subject that a test may spoil."""
    paths = make_stages(results.parent, "anna")
    copies = {}
    for name, path in paths.items():
        copies[name] = tmp_path / f"{name}{path.suffix}"
        copies[name].write_bytes(path.read_bytes())
    return copies


def respell(path: Path, clip_id: str, name: str, array: np.ndarray) -> None:
    stage = read_stage(path)
    clip = stage.clips[clip_id]
    changed = Clip(clip_id, {**clip.arrays, name: array}, clip.attrs)
    write_stage(path, StageFile({**stage.clips, clip_id: changed}, stage.rejected, stage.attrs))


def test_a_shard_holds_the_schema_and_nothing_else(results: Path) -> None:
    schema = load_schema()
    with h5py.File(results / "shards" / "anna_000.h5") as file:
        assert set(file.attrs) == {"schema", *schema.file_attributes}
        assert list(file["clips"]) == ["anna_walk", "anna_squat"]
        clip = file["clips/anna_walk"]
        assert set(clip.attrs) == {*schema.clip_attributes, *schema.clip_quality}
        for name, field in schema.clip.items():
            assert clip[name].dtype == field.dtype
            assert len(clip[name].shape) == len(field.shape)
        assert set(clip["views/frontal"]) == set(schema.view) - {
            "distortion",
            "whole_mask",
        }  # pinholes, nothing before them
        rejection = dict(file["rejected/anna_fall"].attrs)
    assert (rejection["stage"], rejection["reason"]) == ("inverse_kinematics", "markers too far off")
    assert rejection["value"] == pytest.approx(0.21)


def test_labels_survive(stages: dict[str, Path], results: Path) -> None:
    ik = read_stage(stages["ik"]).clips["anna_walk"]
    with h5py.File(results / "shards" / "anna_000.h5") as file:
        clip = file["clips/anna_walk"]
        np.testing.assert_array_equal(clip["angles"], ik.arrays["angles"].astype(np.float32))
        bodies = file["skeleton/body_names"].asstr()[()]
        scales = json.loads(stages["scale_report"].read_text())
        np.testing.assert_allclose(clip["scales"], np.array(scales["scale_factors"]), rtol=1e-6)
        assert list(bodies) == scales["body_names"]
        assert SkeletonDefinition.read(file["skeleton"]).coordinate_names[0] == "pelvis_tilt"


def test_parts_and_depth_are_left_out_unless_asked_for(stages: dict[str, Path], tmp_path: Path) -> None:
    render = read_stage(stages["render"])
    plain = {name: Clip(name, clip.arrays, {**clip.attrs, "tracks": ""}) for name, clip in render.clips.items()}
    write_stage(stages["render"], StageFile(plain, render.rejected, render.attrs))
    pack(stages, output=tmp_path / "shard.h5")
    optional = {name for name, field in load_schema().view.items() if field.optional}
    with h5py.File(tmp_path / "shard.h5") as file:
        assert set(file["clips/anna_walk/views/frontal"]) == set(load_schema().view) - optional
    assert optional == {"parts", "depth", "distortion", "whole_mask"}


def test_same_input_gives_same_bytes(stages: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    first, second = tmp_path / "1.h5", tmp_path / "2.h5"
    pack(stages, output=first)
    pack(stages, output=second)
    assert first.read_bytes() == second.read_bytes()
    with h5py.File(first) as file:
        assert file.attrs["created"] == "1970-01-02"


def test_one_broken_clip_does_not_sink_the_shard(stages: dict[str, Path], tmp_path: Path) -> None:
    activations = read_stage(stages["so"]).clips["anna_walk"].arrays["activations"].copy()
    activations[3, 4] = np.nan
    respell(stages["so"], "anna_walk", "activations", activations)
    output = tmp_path / "shard.h5"
    pack(stages, output=output)
    with h5py.File(output) as file:
        assert list(file["clips"]) == ["anna_squat"]
        assert "activations: found 1 values that are not finite" in file["rejected/anna_walk"].attrs["detail"]
    assert list(shard_faults(output)) == []


def test_files_that_do_not_belong_together(stages: dict[str, Path], tmp_path: Path) -> None:
    so = read_stage(stages["so"])
    write_stage(stages["so"], StageFile(so.clips, so.rejected, {"muscle_names": ["biceps"]}))
    with pytest.raises(BadInput, match=r"so\.h5: muscle_names"):
        pack(stages, output=tmp_path / "shard.h5")
    assert not list(tmp_path.glob("*shard.h5"))


def test_licence_follows_the_body(stages: dict[str, Path], tmp_path: Path) -> None:
    np.savez(stages["body"], sex_betas_mean=np.zeros((2, 10)), **licensed(Path("SMPLX_MALE.npz")).arrays())
    pack(stages, output=tmp_path / "shard.h5")
    with h5py.File(tmp_path / "shard.h5") as file:
        assert file.attrs["body_license"] == "LicenseRef-SMPL-X"
        assert file.attrs["body_model"] == "SMPLX_MALE.npz"


def test_where_a_person_s_markers_led_the_shard_has_the_skeleton_s(stages: dict[str, Path], tmp_path: Path) -> None:
    """Virtual markers of the body that wore the measured ones say nothing of where the skeleton went."""
    ik, markers = read_stage(stages["ik"]), read_stage(stages["markers"])
    led = ik.clips["anna_walk"]
    attrs = {**led.attrs, "followed_names": ["r_knee"]}
    write_stage(stages["ik"], StageFile({**ik.clips, "anna_walk": Clip("anna_walk", led.arrays, attrs)}, {}, ik.attrs))
    for clip_id in ("anna_walk", "anna_squat"):
        respell(stages["markers"], clip_id, "markers", markers.clips[clip_id].arrays["markers"] + 0.01)
    shard = tmp_path / "shard.h5"
    pack(stages, output=shard, config_sha256="0" * 64, created="2026-01-01")
    with h5py.File(shard) as file:
        walk, squat = (file[f"clips/{clip_id}/markers"][()] for clip_id in ("anna_walk", "anna_squat"))
    np.testing.assert_allclose(walk, led.arrays["markers"], atol=1e-6)
    np.testing.assert_allclose(squat, ik.clips["anna_squat"].arrays["markers"] + 0.01, atol=1e-6)
