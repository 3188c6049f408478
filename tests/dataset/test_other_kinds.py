"""Shards whose parts are of other kinds than the schema's: every reader ends in one line, and believes no number."""

import contextlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kinesynth import cli
from kinesynth.dataset import ShardDataset
from kinesynth.dataset.index import index_shards
from kinesynth.dataset.schema import load_schema
from kinesynth.dataset.verify import shard_faults, shard_values
from kinesynth.errors import BadInput
from shard_factory import SUBJECTS

CLIP = "clips/anna_walk"
Make = Callable[[h5py.Group, str, h5py.Dataset], None]


def put(make: Callable[[np.ndarray], object]) -> Make:
    """Put something that is made of an array in its place."""
    return lambda group, name, old: group.create_dataset(name, data=make(old[()]))


def compound(array: np.ndarray) -> np.ndarray:
    return np.zeros(array.shape, [("a", "f4"), ("b", "f4")])


KINDS: dict[str, Make] = {
    "nothing": lambda *_: None,
    "a group": lambda group, name, _: group.create_group(name),
    "a number": put(lambda _: np.float32(1.0)),
    "an empty dataspace": lambda group, name, _: group.create_dataset(name, data=h5py.Empty("f4")),
    "texts": lambda group, name, _: group.create_dataset(name, data=["a"] * 9, dtype=h5py.string_dtype()),
    "lists of any length": lambda group, name, _: group.create_dataset(name, (9,), h5py.vlen_dtype(np.float32)),
    "references": lambda group, name, _: group.create_dataset(name, (9,), h5py.ref_dtype),
    "compounds": put(compound),
    "bytes without a meaning": put(lambda array: np.zeros(array.shape, "V7")),
    "complex numbers": put(lambda array: np.zeros(array.shape, complex)),
    "an axis more": put(lambda array: array[..., None]),
    "a column less": put(lambda array: array[..., :-1]),
    "a column more": put(lambda array: np.concatenate([array, array[..., :1]], axis=-1)),
    "no frames": put(lambda array: array[:0]),
    "a type of its own": lambda group, name, _: group.__setitem__(name, np.dtype("f4")),
    "its own group": lambda group, name, _: group.__setitem__(name, group),
}
ARRAYS = {
    "labels": f"{CLIP}/angles", "forces": f"{CLIP}/grf/force", "validity": f"{CLIP}/quality/force_valid",
    "shape": f"{CLIP}/smplx/betas", "mask": f"{CLIP}/views/frontal/mask", "camera": f"{CLIP}/views/frontal/K",
    "video": f"{CLIP}/views/frontal/video", "names": "skeleton/coordinate_names", "tree": "skeleton/parents",
}  # fmt: skip
WIDELY_DIFFERENT = ("nothing", "a group", "an empty dataspace", "lists of any length", "compounds", "a column less",
                    "a type of its own", "its own group")  # fmt: skip
EXPORTS = ("opensim", "webdataset", "visualizer")


@pytest.fixture(scope="module")
def good(results: Path) -> Path:
    return results / "shards" / "anna_000.h5"


def spoilt(good: Path, folder: Path, path: str, kind: str) -> Path:
    shard = Path(shutil.copy(good, folder))
    with h5py.File(shard, "r+") as file:
        place, _, name = path.rpartition("/")
        old = file[path]
        del file[path]
        KINDS[kind](file[place], name, old)
    return shard


def one_line(code: int, text: str, shard: Path) -> None:
    lines = [line for line in text.splitlines() if line and not line.startswith(("note: ", "export:"))]
    assert code == 2, text
    assert len(lines) == 1, text
    assert shard.name in lines[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", ARRAYS.values(), ids=ARRAYS)
def test_the_loader_refuses(good: Path, tmp_path: Path, path: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kinesynth.dataset.windows.PAUSES", ())
    if "names" in path and kind == "no frames":
        pytest.skip("a skeleton without coordinates is told by the arrays that have some")
    if path.endswith("parents"):
        return  # poses nothing
    shard = spoilt(good, tmp_path, path, kind)
    if path.endswith("video") and kind in ("a column less", "a column more"):
        return  # bytes behind an mp4's end are none of its pictures
    with pytest.raises(BadInput) as caught:
        ShardDataset(shard, window=8)[0]
    assert "\n" not in str(caught.value)
    assert shard.name in str(caught.value)


@pytest.mark.parametrize("kind", WIDELY_DIFFERENT)
@pytest.mark.parametrize("path", ARRAYS.values(), ids=ARRAYS)
def test_view_and_exports_refuse(
    good: Path, tmp_path: Path, path: str, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if path.endswith("video") and kind in ("a column less", "a column more"):
        return
    shard = spoilt(good, tmp_path, path, kind)
    one_line(
        cli.run(["view", str(shard), "anna_walk", f"--output={tmp_path / 'a.html'}"]), capsys.readouterr().err, shard
    )
    for flag in EXPORTS:
        if flag == "webdataset" and path.endswith("parents"):
            continue  # it holds the names alone
        code = cli.run(["export", str(shard), f"--{flag}", str(tmp_path / "out")])
        one_line(code, capsys.readouterr().err, shard)
    assert sorted(each.name for each in tmp_path.iterdir()) == [shard.name]
    faults = list(shard_faults(shard))
    assert faults + shard_values(shard, faults)[1]


ATTRIBUTES = ("n_frames", "fps", "action", "source", "dynamics_reason", "marker_rms_mm")
values = st.one_of(
    st.none(), st.integers(-(2**60), 2**60), st.floats(), st.text(st.characters(exclude_characters="\0"), max_size=5),
    st.lists(st.floats(), max_size=3),
)  # fmt: skip


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([*ATTRIBUTES, "/mass_kg", "/subject", "/split", "/schema", "frontal/width"]), values)
def test_no_attribute_breaks_a_reader(
    good: Path, tmp_path_factory: pytest.TempPathFactory, name: str, value: object
) -> None:
    folder = tmp_path_factory.mktemp("attributes")
    shard = Path(shutil.copy(good, folder))
    with h5py.File(shard, "r+") as file:
        place = file if name.startswith("/") else file[f"{CLIP}/views/frontal"] if "/" in name else file[CLIP]
        leaf = name.rpartition("/")[2]
        del place.attrs[leaf]
        if value is not None:
            place.attrs[leaf] = value
    codes = {cli.run(["view", str(shard), "anna_walk", f"--output={folder / 'a.html'}"])}
    codes |= {cli.run(["export", str(shard), f"--{flag}", str(folder / flag)]) for flag in EXPORTS}
    assert codes <= {0, 2}
    list(shard_faults(shard))
    with contextlib.suppress(BadInput, IndexError):  # IndexError: no clip is left
        ShardDataset(shard, window=8, keep=lambda clip: clip.quality["force_valid"] >= 0 and bool(clip.license))[0]
    with contextlib.suppress(BadInput):
        index_shards(shards=[shard], output=folder / "i.parquet", rejected=folder / "r.tsv", card=folder / "README.md")


@pytest.mark.parametrize(
    ("size", "message"), [((96, 70), "96 x 72 px, 96 x 70 was expected|shape"), ((72, 96), "was expected|found shape")]
)
def test_a_video_of_another_size_is_refused(
    good: Path, tmp_path: Path, size: tuple[int, int], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kinesynth.dataset.windows.PAUSES", ())
    shard = Path(shutil.copy(good, tmp_path))
    with h5py.File(shard, "r+") as file:
        view = file[f"{CLIP}/views/frontal"]
        view.attrs["width"], view.attrs["height"] = size
    with pytest.raises(BadInput, match=message):
        ShardDataset(shard, window=8, tracks=())[0]
    assert any(re.search(message, fault) for fault in shard_faults(shard))


@pytest.mark.parametrize("content", [b"", b"no model", b"\xfd7zXZ\x00" + 99 * b"\x00"])
def test_a_damaged_model_is_told(
    good: Path, tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    shard = Path(shutil.copy(good, tmp_path))
    with h5py.File(shard, "r+") as file:
        del file["model"]
        file["model"] = np.frombuffer(content, np.uint8)
    one_line(cli.run(["export", str(shard), "--opensim", str(tmp_path / "out")]), capsys.readouterr().err, shard)


def test_swapped_and_empty_shards(results: Path, tmp_path: Path) -> None:
    """A shard under another's name is what its own attributes say; one without clips is read as such."""
    shutil.copytree(results / "shards", tmp_path / "shards")
    one, other = (tmp_path / "shards" / f"{name}_000.h5" for name in list(SUBJECTS)[:2])
    one.rename(tmp_path / "x")
    other.rename(one)
    (tmp_path / "x").rename(other)
    with ShardDataset(tmp_path, window=4, views=()) as dataset:
        assert {item["subject"] for item in dataset} == set(SUBJECTS)
    assert load_schema()
    with h5py.File(one, "r+") as file:
        for clip in list(file["clips"]):
            del file["clips"][clip]
    with ShardDataset(one, window=4, views=()) as dataset, pytest.raises(IndexError, match="no clip has this split"):
        dataset[0]
