import pickle
import shutil
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from child_work import first_angles
from torch.utils.data import DataLoader

from kinesynth.dataset import ShardDataset
from kinesynth.errors import BadInput


def test_opens_results_shards_or_one_shard(results: Path) -> None:
    assert len(ShardDataset(results)) == len(ShardDataset(results / "shards")) == 6
    assert len(ShardDataset(results / "shards" / "anna_000.h5")) == 2
    assert {item["subject"] for item in ShardDataset(results, split="test", window=4, views=())} == {"carl"}


def test_items_are_windows_of_the_shard(results: Path) -> None:
    dataset = ShardDataset(results, window=8)
    item = dataset[0]
    with h5py.File(results / "shards" / "anna_000.h5") as file:
        clip = file["clips"][item["clip_id"]]
        window = slice(item["start"], item["start"] + 8)
        np.testing.assert_array_equal(item["angles"], clip["angles"][window])
        np.testing.assert_array_equal(item["grf"]["force"], clip["grf/force"][window])
        np.testing.assert_array_equal(item["quality"]["force_valid"], clip["quality/force_valid"][window])
    assert item["frame_valid"].all()
    view = item["views"]["sagittal"]
    assert view["frames"].shape == (8, 72, 96, 3)
    assert view["mask"].shape == (8, 72, 96)


def test_tracks_are_those_of_the_window(results: Path) -> None:
    item = ShardDataset(results, window=8, tracks=("parts", "depth"))[0]
    window = slice(item["start"], item["start"] + 8)
    with h5py.File(results / "shards" / "anna_000.h5") as file:
        stored = file["clips"][item["clip_id"]]["views/frontal"]
        view = item["views"]["frontal"]
        for name in ("parts", "depth", "keypoints_2d", "visibility"):
            np.testing.assert_array_equal(view[name], stored[name][window])
            assert view[name].dtype == stored[name].dtype
    np.testing.assert_array_equal(view["parts"] > 0, view["mask"])
    assert "parts" not in ShardDataset(results, window=8)[0]["views"]["frontal"]
    with pytest.raises(BadInput, match="tracks: found flow, expected some of depth, parts"):
        ShardDataset(results, tracks=("flow",))


def test_frames_belong_to_their_labels(results: Path) -> None:
    """The wall of the fixture's videos brightens by 2 per frame, and its person is bright where the mask says."""
    for item in ShardDataset(results, window=5, stride=3):
        for view in item["views"].values():
            wall = np.array([frame[:6].mean() for frame in view["frames"]])
            np.testing.assert_allclose(wall, 40 + 2 * (item["start"] + np.arange(5)), atol=1.5)
            assert view["frames"][view["mask"]].mean() > 150


def test_stride_covers_every_frame(results: Path) -> None:
    dataset = ShardDataset(results / "shards" / "anna_000.h5", window=8, stride=5, views=())
    starts = [item["start"] for item in dataset if item["action"] == "walk"]
    assert starts == [0, 5, 10, 12]


def test_random_windows_follow_seed_and_epoch(results: Path) -> None:
    def starts(seed: int, epoch: int) -> list[int]:
        dataset = ShardDataset(results, window=4, views=(), seed=seed)
        dataset.set_epoch(epoch)
        return [item["start"] for item in dataset]

    assert starts(1, 0) == starts(1, 0)
    assert starts(1, 0) != starts(1, 1)
    assert starts(1, 0) != starts(2, 0)


def test_short_clips_are_padded_or_dropped(results: Path) -> None:
    padded = ShardDataset(results, window=16, split="train")
    squat = next(item for item in padded if item["action"] == "squat")
    assert squat["frame_valid"].sum() == 14
    np.testing.assert_array_equal(squat["angles"][13], squat["angles"][15])
    np.testing.assert_array_equal(squat["views"]["frontal"]["frames"][13], squat["views"]["frontal"]["frames"][15])
    dropped = ShardDataset(results, window=16, split="train", short="drop")
    assert [item["action"] for item in dropped] == ["walk"]


def test_clips_are_chosen_by_the_cameras_that_look_on(results: Path, tmp_path: Path) -> None:
    shard = shutil.copy(results / "shards" / "anna_000.h5", tmp_path / "anna_000.h5")
    with h5py.File(shard, "r+") as file:
        file.move("clips/anna_squat/views/sagittal", "clips/anna_squat/views/phone_left")
    with pytest.raises(BadInput, match=r"keep=lambda clip: 'sagittal' in clip\.views"):
        list(ShardDataset(shard, window=4, views=["sagittal"]))
    dataset = ShardDataset(shard, window=4, views=["sagittal"], keep=lambda clip: "sagittal" in clip.views)
    assert [item["action"] for item in dataset] == ["walk"]


def test_chosen_views_only(results: Path) -> None:
    assert list(ShardDataset(results, window=4, views=["sagittal"])[0]["views"]) == ["sagittal"]
    assert ShardDataset(results, window=4, views=())[0]["views"] == {}
    with pytest.raises(
        BadInput, match=r"anna_000\.h5: clips/anna_\w+/views: .*no view 'top', expected one of frontal, sagittal"
    ):
        ShardDataset(results, views=["top"])[0]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_survives_fork_and_spawn_with_open_files(results: Path, method: str) -> None:
    dataset = ShardDataset(results, window=4, views=())
    here = first_angles(dataset)
    with ProcessPoolExecutor(1, mp_context=get_context(method)) as pool:
        np.testing.assert_array_equal(pool.submit(first_angles, dataset).result(), here)
    np.testing.assert_array_equal(first_angles(pickle.loads(pickle.dumps(dataset))), here)


def test_torch_collates_it(results: Path) -> None:
    loader: DataLoader[Any] = DataLoader(ShardDataset(results, window=8), batch_size=3)  # type: ignore[arg-type]
    batch = next(iter(loader))
    assert batch["views"]["frontal"]["frames"].shape == (3, 8, 72, 96, 3)
    assert batch["moments"].shape == (3, 8, 53)
    assert len(batch["clip_id"]) == 3


def test_errors_name_file_and_clip(results: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such folder"):
        ShardDataset(tmp_path / "nothing")
    with pytest.raises(BadInput, match="one of train, val, test"):
        ShardDataset(results, split="training")  # type: ignore[arg-type]
    (tmp_path / "a.h5").write_bytes(b"not a shard")
    with pytest.raises(BadInput, match=r"a\.h5: file: "):
        ShardDataset(tmp_path)
    shard = Path(shutil.copy(results / "shards" / "ben_000.h5", tmp_path / "a.h5"))
    with h5py.File(shard, "r+") as file:
        video = file["clips/ben_walk/views/frontal/video"]
        video[...] = 0
    with pytest.raises(BadInput, match=r"a\.h5: clips/ben_walk: found the video cannot be decoded"):
        [item["start"] for item in ShardDataset(shard)]


def test_reads_with_numpy_h5py_and_av_alone(results: Path) -> None:
    code = (
        "import sys; from kinesynth.dataset import ShardDataset; "
        f"ShardDataset({str(results)!r}, window=4)[0]; "
        "banned = {'opensim', 'bpy', 'snakemake', 'torch', 'pandas', 'scipy', 'pyarrow', 'tqdm', 'cyclopts'}; "
        "print(sorted(banned & {name.split('.')[0] for name in sys.modules}))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"views": "frontal"}, r"views: found 'frontal', expected a list of names; write views=\['frontal'\]"),
        ({"labels": "angles"}, r"write labels=\['angles'\]"),
        ({"tracks": "parts"}, r"write tracks=\['parts'\]"),
        ({"window": 4.5}, "window, stride: found 4.5, None, expected whole numbers"),
        ({"stride": "2"}, "expected whole numbers of frames"),
        ({"short": "cut"}, "short: found 'cut', expected one of pad, drop"),
        ({"crop": 256}, "crop, keep: found 256, None, expected a Crop"),
        ({"keep": "free"}, "crop, keep: found None, 'free'"),
    ],
)
def test_what_it_cannot_be_asked_for_is_told_before_anything_is_read(
    results: Path, arguments: dict[str, Any], says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        ShardDataset(results, **arguments)


def test_a_window_that_is_not_there_is_told(results: Path) -> None:
    dataset = ShardDataset(results, window=4, views=())
    assert dataset[-1]["clip_id"] == dataset[len(dataset) - 1]["clip_id"]
    for wrong in (len(dataset), -len(dataset) - 1):
        with pytest.raises(IndexError, match=f"window {wrong} of 6"):
            dataset[wrong]
    with pytest.raises(IndexError, match="window 0 of 0; no clip has this split and what `keep` asks for"):
        ShardDataset(results, keep=lambda clip: clip.frames > 1000)[0]
    with pytest.raises(TypeError, match="slice"):
        dataset[0:2]  # type: ignore[misc]
