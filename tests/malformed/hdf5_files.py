"""Stage files, shards and their videos that are not what they should be."""

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import numpy as np
from case import Case, pickled, written

from kinesynth.dataset import ShardDataset
from kinesynth.dataset.verify import verify
from kinesynth.records import Kinematics
from kinesynth.stage_file import StageFile, read_stage, write_stage
from shard_factory import make_results

VIDEO = "clips/anna_walk/views/frontal/video"


@cache
def results() -> TemporaryDirectory[str]:
    """Return a folder with a good dataset, gone when the process ends."""
    folder: TemporaryDirectory[str] = TemporaryDirectory(prefix="kinesynth-malformed-")
    make_results(Path(folder.name))
    return folder


def shard(folder: Path) -> Path:
    """Return a copy of a good shard."""
    good = Path(results().name) / "results" / "shards" / "anna_000.h5"
    return Path(shutil.copy(good, folder / "anna_000.h5"))


def stage(folder: Path) -> Path:
    path = folder / "ik.h5"
    write_stage(path, StageFile({"c1": Kinematics.partly(angles=np.zeros((400, 3))).clip("c1", {"fps": 30.0})}))
    return path


def cut(path: Path, keep: float) -> Path:
    """Return the file with only its beginning left, as after a full disk."""
    path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])
    return path


def changed(path: Path, change: Callable[[h5py.File], object]) -> Path:
    with h5py.File(path, "r+") as file:
        change(file)
    return path


def without(name: str) -> Callable[[h5py.File], None]:
    def remove(file: h5py.File) -> None:
        del file[name]

    return remove


def with_data(name: str, data: Callable[[np.ndarray], np.ndarray]) -> Callable[[h5py.File], None]:
    def replace(file: h5py.File) -> None:
        array = data(file[name][()])
        del file[name]
        file[name] = array

    return replace


def endless(file: h5py.File) -> None:
    """Declare an array of eight terabytes, of which nothing is stored."""
    del file["clips/c1/angles"]
    file.create_dataset("clips/c1/angles", (10**12,), "f8", chunks=(1024,))


def read_window(path: Path) -> object:
    dataset = ShardDataset(path, window=8)
    return [dataset[index] for index in range(len(dataset))]


def check_shard(path: Path) -> None:
    verify(shards=[path])


def stages(name: str, make: Callable[[Path], Path], *says: str) -> Case:
    return Case(f"h5 stage {name}", lambda folder: read_stage(make(folder)), ("ik.h5", *says))


def shards(name: str, make: Callable[[Path], Path], *says: str) -> Case:
    return Case(f"h5 shard {name}", lambda folder: read_window(make(folder)), ("anna_000.h5", *says))


def videos(name: str, data: Callable[[np.ndarray], np.ndarray]) -> tuple[Case, Case]:
    def make(folder: Path) -> Path:
        return changed(shard(folder), with_data(VIDEO, data))

    return (
        Case(f"mp4 {name}, read", lambda folder: read_window(make(folder)), ("anna_000.h5", "anna_walk", "video")),
        Case(f"mp4 {name}, verified", lambda folder: check_shard(make(folder)), ("faults",)),
    )


STAGES = (
    stages("missing", lambda folder: folder / "ik.h5", "stage file"),
    stages("empty", lambda folder: written(folder, "ik.h5", b""), "stage file"),
    stages("truncated", lambda folder: cut(stage(folder), 0.7), "truncated"),
    stages("is text", lambda folder: written(folder, "ik.h5", "time\tx\n"), "stage file"),
    stages("is a pickle", lambda folder: pickled(folder, "ik.h5"), "stage file"),
    stages("without clips", lambda folder: changed(stage(folder), without("clips")), "clips"),
    stages("without its list of rejected", lambda folder: changed(stage(folder), without("rejected")), "rejected"),
    stages("promises terabytes", lambda folder: changed(stage(folder), endless), "stage file"),
)
SHARDS = (
    shards("missing", lambda folder: folder / "anna_000.h5"),
    shards("empty", lambda folder: written(folder, "anna_000.h5", b""), "file"),
    shards("truncated", lambda folder: cut(shard(folder), 0.6), "truncated"),
    shards("of another schema", lambda f: changed(shard(f), lambda file: file.attrs.update(schema=99)), "schema", "99"),
    shards("without skeleton", lambda folder: changed(shard(folder), without("skeleton")), "skeleton"),
    shards("without clips", lambda folder: changed(shard(folder), without("clips")), "clips"),
    shards("without an array", lambda f: changed(shard(f), without("clips/anna_walk/angles")), "anna_walk", "angles"),
)
VIDEOS = (
    *videos("cut off", lambda video: video[: len(video) // 2]),
    *videos("empty", lambda video: video[:0]),
    *videos("is noise", lambda video: np.random.default_rng(1).integers(0, 256, len(video), np.uint8)),
    *videos("without its index", lambda video: video[: bytes(video).index(b"moov")]),
)
CASES = (*STAGES, *SHARDS, *VIDEOS)
