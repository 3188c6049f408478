"""A person behind a table: what the shard says of the part that nothing shows."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import h5py
import numpy as np
import pytest

from kinesynth.dataset import ShardDataset
from kinesynth.dataset.crop import Crop
from kinesynth.dataset.masks import masks_of, visible_fractions, whole_masks_of
from kinesynth.dataset.person import read_person
from kinesynth.dataset.physics import clip_values
from kinesynth.dataset.record import ClipRecord, read_clip
from kinesynth.dataset.verify import shard_faults
from kinesynth.dataset.visibility import Visibility
from kinesynth.drawn_view import DrawnView
from kinesynth.render.read_back import boxes
from kinesynth.skeleton import SkeletonDefinition
from kinesynth.stage_file import Clip, StageFile, read_stage, write_stage
from shard_factory import make_model, make_stages, pack

CLIP, TABLE_FROM = "anna_walk", 0.6  # of the person's height, downwards


def behind_a_table(clip: Clip, *, told: bool) -> Clip:
    """Return a clip of the render stage whose frontal view loses the legs, with or without the whole mask."""
    drawn = DrawnView.of(clip, "frontal")
    whole = drawn.parts > 0
    top = int(whole.any(axis=(0, 2)).argmax() + TABLE_FROM * whole.any(axis=(0, 2)).sum())
    parts = drawn.parts.copy()
    parts[:, top:] = 0
    seen = replace(drawn, parts=parts, bbox=boxes(parts > 0), whole_mask=whole if told else None)
    return Clip(clip.clip_id, {**clip.arrays, **seen.arrays("frontal")}, clip.attrs)


@pytest.fixture(scope="module")
def packed(results: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[bool, Path]]:
    """Return the shard with whole masks and the one without."""
    made = {}
    with patch.object(SkeletonDefinition, "from_osim", return_value=make_model(results.parent)[1]):
        for told in (True, False):
            folder = tmp_path_factory.mktemp("masks")
            stages = dict(make_stages(results.parent, "anna"))
            stage = read_stage(stages["render"])
            stages["render"] = folder / "render.h5"
            clips = {**stage.clips, CLIP: behind_a_table(stage.clips[CLIP], told=told)}
            write_stage(stages["render"], StageFile(clips, stage.rejected, stage.attrs))
            pack(stages, output=folder / "anna_000.h5")
            made[told] = folder / "anna_000.h5"
        yield made


def record(path: Path) -> ClipRecord:
    with h5py.File(path) as file:
        return read_clip(file["clips"][CLIP])


def test_who_is_hidden_is_not_rejected_where_the_shard_says_so(packed: dict[bool, Path]) -> None:
    assert list(shard_faults(packed[True])) == []
    with h5py.File(packed[True]) as file, h5py.File(packed[False]) as untold:
        values = list(clip_values(read_clip(file["clips"][CLIP]), read_person(file)))
        assert file["clips"][CLIP].attrs["keypoints_on_mask"] >= 0.97
        reason = untold["rejected"][CLIP].attrs
        assert "mask" in reason["reason"] + reason["detail"]
    # The fixture's clips are too short for these checks' delays to mean anything.
    faults = [str(checked) for checked in values if not checked.holds and checked.check in PICTURES]
    assert not faults


PICTURES = ("off_mask", "box", "markers_out", "mask_out", "outline_shift")


def test_what_is_hidden_is_known_in_every_frame(packed: dict[bool, Path]) -> None:
    views = record(packed[True]).views
    fractions = visible_fractions(views["frontal"])
    assert fractions.shape == (record(packed[True]).n_frames,)
    assert (fractions > 0.3).all()
    assert (fractions < 0.9).all()
    assert (visible_fractions(views["sagittal"]) == 1).all()
    assert "whole_mask" not in views["sagittal"].arrays
    np.testing.assert_array_equal(whole_masks_of(views["sagittal"]), masks_of(views["sagittal"]))


def test_keypoints_behind_the_table_are_occluded(packed: dict[bool, Path]) -> None:
    clip = record(packed[True])
    view = clip.views["frontal"]
    behind = whole_masks_of(view) & ~masks_of(view)
    columns, rows = np.rint(view.arrays["keypoints_2d"]).astype(int).transpose(2, 0, 1)
    hidden = behind[np.arange(clip.n_frames)[:, None], rows, columns]
    assert hidden.mean() > 0.2
    assert (view.arrays["visibility"][hidden] == Visibility.OCCLUDED).all()


def test_a_mask_beyond_the_whole_one_is_a_fault(packed: dict[bool, Path], tmp_path: Path) -> None:
    path = tmp_path / "anna_000.h5"
    path.write_bytes(packed[True].read_bytes())
    with h5py.File(path, "r+") as file:
        file[f"clips/{CLIP}/views/frontal/whole_mask"][0] = 0
    assert [fault for fault in shard_faults(path) if "whole_mask: found" in fault]


def test_the_loader_gives_whole_masks_of_every_view(packed: dict[bool, Path]) -> None:
    item = ShardDataset(packed[True], window=4, stride=4, tracks=("whole_mask",))[0]
    frontal, sagittal = item["views"]["frontal"], item["views"]["sagittal"]
    view = record(packed[True]).views["frontal"]
    np.testing.assert_array_equal(frontal["whole_mask"], whole_masks_of(view)[:4])
    assert (frontal["whole_mask"] & ~frontal["mask"]).any()
    np.testing.assert_array_equal(sagittal["whole_mask"], sagittal["mask"])
    cut = ShardDataset(packed[True], window=4, stride=4, tracks=("whole_mask",), crop=Crop(64))[0]["views"]["frontal"]
    assert cut["whole_mask"].shape == (4, 64, 64)
    assert cut["whole_mask"].sum() > cut["mask"].sum()
