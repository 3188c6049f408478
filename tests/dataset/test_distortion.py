"""A view with a lens: what the shard stores, what the loader gives and what the checks say."""

from pathlib import Path
from unittest.mock import patch

import h5py
import numpy as np
import pytest

from kinesynth.dataset import Crop, ShardDataset
from kinesynth.dataset.camera import camera_of, project
from kinesynth.dataset.record import read_clip
from kinesynth.dataset.verify import shard_faults
from kinesynth.errors import BadInput
from kinesynth.skeleton.definition import SkeletonDefinition
from shard_factory import SCALE, make_model, make_stages, pack, scaled

LENS = np.array([0.15, -0.05, 0.002, -0.001, 0.01])


@pytest.fixture(scope="module")
def shard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shard whose second view has a lens; its pictures are the pinhole's, which differ by little."""
    folder = tmp_path_factory.mktemp("lens")
    subject = next(iter(SCALE))
    paths = make_stages(folder, subject)
    with h5py.File(paths["render"], "r+") as stage:
        for clip in stage["clips"].values():
            clip["sagittal/distortion"] = LENS
    own = scaled(make_model(folder)[1], SCALE[subject])
    output = folder / "shards" / f"{subject}_000.h5"
    with patch.object(SkeletonDefinition, "from_osim", return_value=own):
        pack(paths, output=output, config_sha256="0" * 64, created="2026-01-01")
    return output


def test_keypoints_are_projected_through_the_lens(shard: Path) -> None:
    assert not list(shard_faults(shard))
    with h5py.File(shard) as file:
        clip = read_clip(next(iter(file["clips"].values())))
    assert "distortion" not in clip.views["frontal"].arrays
    view = clip.views["sagittal"].arrays
    np.testing.assert_allclose(view["distortion"], LENS, rtol=1e-6)
    keypoints = clip.arrays["keypoints"].astype(float)
    bent, _ = project(keypoints, *camera_of(view))
    plain, _ = project(keypoints, *camera_of(view)[:2])
    np.testing.assert_allclose(view["keypoints_2d"], bent, atol=1e-3)
    assert np.abs(bent - plain).max() > 0.1


def test_a_lens_that_keypoints_do_not_know_is_found(shard: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.h5"
    copy.write_bytes(shard.read_bytes())
    with h5py.File(copy, "r+") as file:
        view = next(iter(file["clips"].values()))["views/sagittal"]
        view["distortion"][0] = 0.5
    assert any("keypoints_2d" in fault for fault in shard_faults(copy))


def test_the_loader_gives_the_lens_and_crops_keep_it(shard: Path) -> None:
    item = ShardDataset(shard, window=4, crop=Crop(size=64))[0]
    np.testing.assert_array_equal(item["views"]["frontal"]["distortion"], np.zeros(5))
    view = item["views"]["sagittal"]
    np.testing.assert_allclose(view["distortion"], LENS, rtol=1e-6)
    for points, K, found in zip(item["keypoints"], view["K"], view["keypoints_2d"], strict=True):
        expected, _ = project(points, K, view["world_to_camera"], view["distortion"])
        np.testing.assert_allclose(found, expected, atol=0.02)


def test_a_lens_is_no_track(shard: Path) -> None:
    with pytest.raises(BadInput, match="distortion"):
        ShardDataset(shard, window=4, tracks=("distortion",))
