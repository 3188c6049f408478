"""Shards from strangers: they lead no reader to other files, take no more memory than their size, and write nowhere."""

import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import pytest

from kinesynth import cli
from kinesynth.dataset import ShardDataset
from kinesynth.dataset.export import export
from kinesynth.dataset.index import index_shards
from kinesynth.dataset.verify import shard_faults
from kinesynth.errors import BadInput
from kinesynth.stage_file import StageFile, read_stage, write_stage
from kinesynth_train.skeleton import all_angles

SECRET = b"a private diary, 0123456789" * 40
CLIP = "clips/anna_walk"
Spoil = Callable[[h5py.File, Path], None]


def external_bytes(name: str) -> Spoil:
    """Have an array's bytes lie in another file, as HDF5's external storage does."""

    def spoil(file: h5py.File, diary: Path) -> None:
        shape, kind = (len(SECRET),), np.uint8
        if "video" not in name:
            shape, kind = file[name].shape, file[name].dtype
        del file[name]
        file.create_dataset(name, shape, kind, external=[(str(diary), 0, h5py.h5f.UNLIMITED)])

    return spoil


def virtual(file: h5py.File, diary: Path) -> None:
    with h5py.File(diary.with_suffix(".h5"), "w") as other:
        other["angles"] = file[f"{CLIP}/angles"][()]
    layout = h5py.VirtualLayout(shape=file[f"{CLIP}/angles"].shape, dtype="f4")
    layout[...] = h5py.VirtualSource(diary.with_suffix(".h5"), "angles", shape=layout.shape)
    del file[f"{CLIP}/angles"]
    file.create_virtual_dataset(f"{CLIP}/angles", layout)


def external_link(name: str) -> Spoil:
    def spoil(file: h5py.File, diary: Path) -> None:
        shutil.copy(file.filename.replace("hostile", "good"), diary.with_suffix(".h5"))
        del file[name]
        file[name] = h5py.ExternalLink(str(diary.with_suffix(".h5")), name)

    return spoil


def soft_link(file: h5py.File, _: Path) -> None:
    del file[f"{CLIP}/moments"]
    file[f"{CLIP}/moments"] = h5py.SoftLink(f"/{CLIP}/angles")


def bomb(file: h5py.File, _: Path) -> None:
    """Declare 80 GB of a track, of which nothing is stored."""
    del file[f"{CLIP}/views/frontal/mask"]
    file.create_dataset(
        f"{CLIP}/views/frontal/mask", (20, 4 * 10**9), np.uint8, chunks=(1, 1 << 20), compression="gzip"
    )


LEADS_OUT: dict[str, Spoil] = {
    "a video whose bytes are another file's": external_bytes(f"{CLIP}/views/frontal/video"),
    "labels whose bytes are another file's": external_bytes(f"{CLIP}/angles"),
    "a virtual array": virtual,
    "a clip that is a link": external_link(CLIP),
    "labels that are a link": external_link(f"{CLIP}/grf"),
    "cameras that are a link": external_link(f"{CLIP}/views"),
    "a skeleton that is a link": external_link("skeleton"),
    "a skeleton's names that are a link": external_link("skeleton/body_names"),
    "a link within the file": soft_link,
    "a bomb": bomb,
}


@pytest.fixture(params=LEADS_OUT.values(), ids=LEADS_OUT)
def hostile(request: pytest.FixtureRequest, results: Path, tmp_path: Path) -> Path:
    diary = tmp_path / "home" / "diary.txt"
    diary.parent.mkdir()
    diary.write_bytes(SECRET)
    good, shard = tmp_path / "good" / "anna_000.h5", tmp_path / "hostile" / "anna_000.h5"
    for path in (good, shard):
        path.parent.mkdir()
        shutil.copy(results / "shards" / "anna_000.h5", path)
    with h5py.File(shard, "r+") as file:
        request.param(file, diary)
    return shard


def refused(read: Callable[[], object], shard: Path) -> None:
    with pytest.raises(BadInput) as caught:
        read()
    message = str(caught.value)
    assert shard.name in message
    assert any(word in message for word in ("is a link", "bytes in another file", "declares"))


def test_the_loader_follows_nothing_out_of_a_shard(hostile: Path) -> None:
    refused(lambda: list(ShardDataset(hostile, window=8)), hostile)


def test_exports_copy_nothing_from_elsewhere(hostile: Path, tmp_path: Path) -> None:
    for flag in ("webdataset", "opensim"):
        refused(partial(export, [hostile], **{flag: tmp_path / "out"}), hostile)
        assert not (tmp_path / "out").exists()


def test_verify_index_and_view_refuse(hostile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (fault,) = shard_faults(hostile)
    assert any(word in fault for word in ("is a link", "bytes in another file", "declares"))
    out = tmp_path / "index"
    outputs = {"output": out / "i.parquet", "rejected": out / "r.tsv", "card": out / "README.md"}
    refused(lambda: index_shards(shards=[hostile], **outputs), hostile)
    assert not out.exists()
    assert cli.run(["view", str(hostile), "anna_walk", f"--output={tmp_path / 'clip.html'}"]) == 2
    assert hostile.name in capsys.readouterr().err
    assert not (tmp_path / "clip.html").exists()


def renamed(shard: Path, kind: str, name: str) -> Path:
    with h5py.File(shard, "r+") as file:
        if kind in ("subject", "split"):
            file.attrs[kind] = name
        elif kind == "camera":
            file.move(f"{CLIP}/views/frontal", f"{CLIP}/views/{name}")
        else:
            file.move(CLIP, f"clips/{name}")
    return shard


def nowhere(shard: Path, flags: tuple[str, ...], body: Path | None, folder: Path) -> None:
    """Require that no export writes anything."""
    before = sorted(folder.rglob("*"))
    for flag in flags:
        with pytest.raises(BadInput, match=r"anna_000\.h5: .*: found .*, expected (a name that a file|one of train)"):
            export([shard], **{flag: folder / "deep" / "out"}, body=body)
    (folder / "deep").rmdir()
    assert sorted(folder.rglob("*")) == before


def test_what_is_missing_is_told_as_well(results: Path, tmp_path: Path) -> None:
    shard = Path(shutil.copy(results / "shards" / "anna_000.h5", tmp_path))
    with h5py.File(shard, "r+") as file:
        del file[f"{CLIP}/angles"]
    with pytest.raises(BadInput, match=r"angles: found .*no angles in /clips/anna_walk"):
        all_angles(ShardDataset(shard, views=()))
    with h5py.File(shard, "r+") as file:
        del file["skeleton/body_names"]
    with pytest.raises(BadInput, match=r"found .*no body_names in /skeleton"):
        ShardDataset(shard)


@pytest.mark.parametrize("spoil", [external_bytes(f"{CLIP}/angles"), virtual])
def test_training_reads_no_other_file(spoil: Spoil, results: Path, tmp_path: Path) -> None:
    diary, shard = tmp_path / "diary.txt", Path(shutil.copy(results / "shards" / "anna_000.h5", tmp_path))
    diary.write_bytes(SECRET * 40)
    with h5py.File(shard, "r+") as file:
        spoil(file, diary)
    with pytest.raises(BadInput, match=r"anna_000\.h5: /clips/anna_walk/angles: .*in another file"):
        all_angles(ShardDataset(shard, views=()))


@pytest.mark.parametrize(
    ("kind", "name"),
    [("clip", ".."), ("camera", ".."), ("subject", "../../anna"), ("subject", "/tmp/anna"), ("split", "../train")],
)
def test_names_lead_no_file_elsewhere(kind: str, name: str, results: Path, free_path: Path, tmp_path: Path) -> None:
    """Every export makes files by these names; none may climb out of its folder."""
    shard = renamed(Path(shutil.copy(results / "shards" / "anna_000.h5", tmp_path)), kind, name)
    nowhere(shard, ("opensim", "smplx", "coco", "bedlam", "webdataset"), free_path, tmp_path)


@pytest.mark.parametrize("name", ["x" * 129, "-rf", ".bashrc", "a\\b", "a\nb", " a"])
@pytest.mark.parametrize("kind", ["clip", "camera", "subject", "split"])
def test_names_are_plain(kind: str, name: str, results: Path, tmp_path: Path) -> None:
    shard = renamed(Path(shutil.copy(results / "shards" / "anna_000.h5", tmp_path)), kind, name)
    nowhere(shard, ("webdataset",), None, tmp_path)
    assert any(
        "expected a name that a file can bear" in fault or "expected one of train" in fault
        for fault in shard_faults(shard)
    )


def test_a_clip_of_an_odd_name_is_exported(results: Path, tmp_path: Path) -> None:
    """As `predict` calls one after its video."""
    shard = renamed(Path(shutil.copy(results / "shards" / "anna_000.h5", tmp_path)), "clip", "my walk.2")
    export([shard], opensim=tmp_path / "opensim")
    assert (tmp_path / "opensim" / "my walk.2.trc").is_file()
    with pytest.raises(BadInput, match="expected no dot: WebDataset's keys end there"):
        export([shard], webdataset=tmp_path / "tars")


def test_a_video_that_names_another_is_not_followed(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Libav takes a text for a list of videos, and would read them from the working directory."""
    shard = Path(shutil.copy(results / "shards" / "anna_000.h5", tmp_path))
    with h5py.File(shard, "r+") as file:
        view = file[f"{CLIP}/views/frontal"]
        (tmp_path / "private.mp4").write_bytes(view["video"][()].tobytes())
        del view["video"]
        view["video"] = np.frombuffer(b"ffconcat version 1.0\nfile private.mp4\n", np.uint8)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("kinesynth.dataset.windows.PAUSES", ())
    with pytest.raises(BadInput, match="the video cannot be decoded"):
        ShardDataset(shard, window=8)[0]
    assert any("video: the video cannot be read" in fault for fault in shard_faults(shard))


def test_stage_files_lead_nowhere_either(tmp_path: Path) -> None:
    stage = tmp_path / "ik.h5"
    write_stage(stage, StageFile({}))
    with h5py.File(stage, "r+") as file:
        file["clips/c1"] = h5py.ExternalLink(os.devnull, "/")
    with pytest.raises(BadInput, match="c1 is a link, expected content of the file's own"):
        read_stage(stage)


def test_texts_of_a_shard_run_nothing_in_a_page(results: Path, tmp_path: Path) -> None:
    shard = Path(shutil.copy(results / "shards" / "anna_000.h5", tmp_path))
    script = "<script>alert(1)</script>"
    with h5py.File(shard, "r+") as file:
        file[CLIP].attrs.update(action=script, notes=script)
        file.attrs["subject"] = script
    assert cli.run(["view", str(shard), "anna_walk", f"--output={tmp_path / 'clip.html'}"]) == 0
    page = (tmp_path / "clip.html").read_text()
    assert script not in page
    assert "&lt;script&gt;" in page
