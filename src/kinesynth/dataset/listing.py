"""Lists clips without reading their arrays: a thousand shards within two seconds."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import h5py

from kinesynth.dataset.clip_entry import ClipEntry
from kinesynth.dataset.file_cache import open_shard
from kinesynth.dataset.names import Names, read_names
from kinesynth.dataset.quick_hdf5 import read_integer, read_number, read_text
from kinesynth.dataset.schema import SCHEMA_VERSION
from kinesynth.errors import BadInput, KinesynthError
from kinesynth.hdf5 import own_members
from kinesynth.notes import tell

FIX = "check it with `kinesynth verify`"
CHECKSUMS = "checksums.txt"  # beside the folder of shards: a line `<xxh3-128>  shards/<name>.h5` for each
LISTED = re.compile(r"^[0-9a-f]{32}  shards/([^/\n]+\.h5)$", re.MULTILINE)
Damaged = Literal["refuse", "skip"]


class DamagedShard(BadInput):
    """A shard is missing or cannot be read: the one fault that a dataset can be read without."""


def find_shards(path: str | Path) -> list[Path]:
    """Return the shards that a path stands for, sorted by name.

    Raises:
        BadInput: there are none.
    """
    path = Path(path)
    if path.is_file():
        return [path]
    folder = path / "shards" if (path / "shards").is_dir() else path
    shards = sorted(folder.glob("*.h5"), key=lambda shard: shard.name)
    shards = [shard for shard in shards if not shard.name.startswith(".")]
    if not shards:
        fix = "give the results folder of a finished run, its shards folder, or a shard"
        raise BadInput(path, "shards", "no *.h5 file" if folder.is_dir() else "no such folder", "shards", fix)
    return shards


def given_shards(paths: Iterable[str | Path]) -> list[Path]:
    """Return the shards that a command line names: files, and all that a folder of results has or should have.

    Raises:
        BadInput: there are none in a folder.
    """
    return [
        shard
        for path in map(Path, paths)
        for shard in ([*find_shards(path), *missing_shards(path)] if path.is_dir() else [path])
    ]


def missing_shards(path: str | Path) -> list[Path]:
    """Return the shards that a folder of results should have, as its list of checksums says, and has not."""
    folder = Path(path) / "shards" if (Path(path) / "shards").is_dir() else Path(path)
    listed = folder.parent / CHECKSUMS
    if folder.name != "shards" or not listed.is_file():
        return []
    names = LISTED.findall(listed.read_text(encoding="utf-8", errors="replace"))
    return [folder / name for name in names if not (folder / name).exists()]


def list_clips(shards: list[Path], damaged: Damaged = "refuse") -> tuple[list[ClipEntry], Names]:
    """Return all clips in the order of the shards, and what their axes are called.

    Args:
        shards: the files.
        damaged: whether one that cannot be read is refused or, with a note, skipped.

    Raises:
        DamagedShard: a file cannot be read.
        BadInput: a file is of another schema, none is left, or the shards' skeletons differ.
    """
    clips: list[ClipEntry] = []
    names: Names | None = None
    for shard in shards:
        try:
            found, listed = _list_shard(shard)
        except DamagedShard as error:
            skip_or_refuse(error, damaged)
            continue
        if found != (names := names or found):
            fix = "open datasets of different skeletons one by one"
            raise BadInput(shard, "skeleton", "other names", f"those of {shards[0].name}", fix)
        clips += listed
    if names is None:
        raise BadInput("shards", "number", "none that can be read", "at least one", "give a shard")
    return clips, names


def skip_or_refuse(error: DamagedShard, damaged: Damaged) -> None:
    """Tell of a shard that is skipped, or refuse it."""
    if damaged == "refuse":
        raise error
    tell(error.file, [f"skipped: {error.field}: found {error.found}"])


def _list_shard(shard: Path) -> tuple[Names, list[ClipEntry]]:
    try:
        with open_shard(shard) as file:
            root = h5py.h5g.open(file.id, b"/")
            if (version := read_integer(root, "schema")) != SCHEMA_VERSION:
                fix = "make the shards again, or read them with the release of kinesynth that wrote them"
                raise BadInput(shard, "schema", str(version), str(SCHEMA_VERSION), fix)
            own_members(root)
            return read_names(file["skeleton"]), list(_clips(shard, root))
    except KinesynthError:
        raise
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        found = " ".join(str(error).split())
        fix = f"{FIX}, or pass damaged='skip'"
        place = "file" if isinstance(error, OSError) else "contents"
        raise DamagedShard(shard, place, found, f"an HDF5 file of schema {SCHEMA_VERSION}", fix) from error


def _clips(shard: Path, root: h5py.h5g.GroupID) -> Iterator[ClipEntry]:
    subject, split = read_text(root, "subject"), read_text(root, "split")
    mass_kg, height_m = read_number(root, "mass_kg"), read_number(root, "height_m")
    clips = h5py.h5g.open(root, b"clips")
    for clip_id in own_members(clips):
        group = h5py.h5g.open(clips, clip_id.encode())
        yield ClipEntry(
            shard=shard,
            clip_id=clip_id,
            frames=read_integer(group, "n_frames"),
            fps=read_number(group, "fps"),
            action=read_text(group, "action"),
            subject=subject,
            split=split,
            mass_kg=mass_kg,
            height_m=height_m,
        )
