"""What every export begins and ends with: the clips of shards, one by one, and a folder that appears whole."""

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py

from kinesynth.clips import SPLITS
from kinesynth.dataset.record import ClipRecord
from kinesynth.dataset.sound import FIX, readable, sound_clip, sound_shard
from kinesynth.errors import BadInput
from kinesynth.stage_file import progress
from kinesynth.text import is_file_name


@dataclass(frozen=True)
class ExportedClip:
    """A clip, and the shard that it comes from.

    Attributes:
        shard: the file.
        person: the file's attributes.
        file: the shard itself, open.
        clip_id: of the clip.
        record: its arrays and attributes.
    """

    shard: Path
    person: Mapping[str, Any]
    file: h5py.File
    clip_id: str
    record: ClipRecord


def exported_clips(shards: Sequence[Path]) -> Iterator[ExportedClip]:
    """Yield the clips of shards, shard by shard.

    Raises:
        BadInput: a file is missing or no shard, one leads out of itself or has names that would lead files elsewhere,
            or two hold clips of one name.
    """
    seen: dict[str, Path] = {}
    with progress(list(shards), "export") as bar:
        for shard in bar:
            yield from _clips_of(shard, seen)


def _clips_of(shard: Path, seen: dict[str, Path]) -> Iterator[ExportedClip]:
    """Yield the clips of a shard; `seen` has the shards of those before."""
    with sound_shard(shard) as file:
        person = dict(file.attrs)
        _check_person(shard, person)
        for clip_id in file["clips"]:
            _check_names(shard, "clips", [clip_id])
            with readable(shard, f"clips/{clip_id}/views"):
                _check_names(shard, f"clips/{clip_id}/views", file["clips"][clip_id].get("views", ()))
            if (other := seen.setdefault(clip_id, shard)) is not shard:
                found = f"{clip_id}, which {other} has too"
                raise BadInput(shard, "clips", found, "each clip once", "export them apart")
            yield ExportedClip(shard, person, file, clip_id, sound_clip(shard, file, clip_id))


def _check_person(shard: Path, person: Mapping[str, Any]) -> None:
    """Require a subject and a split that may stand in a file's name."""
    _check_names(shard, "subject", [str(person["subject"])])
    if (split := str(person["split"])) not in SPLITS:
        raise BadInput(shard, "split", repr(split[:80]), f"one of {', '.join(SPLITS)}", FIX)


def _check_names(shard: Path, field: str, names: Iterable[str]) -> None:
    """Require names that lead no file elsewhere: a stranger's shard may call a clip `..`."""
    for name in names:
        if not is_file_name(name):
            raise BadInput(shard, field, repr(name[:80]), "a name that a file can bear in any folder", FIX)


def check_shards(shards: Sequence[Path]) -> None:
    """Require that no two shards write over each other.

    Raises:
        BadInput: two have one name, or one stands twice.
    """
    names: dict[str, Path] = {}
    for shard in shards:
        if (other := names.setdefault(shard.stem, shard)) is not shard:
            raise BadInput(shard, "shards", f"the name of {other} too", "each name once", "export them apart")


def check_folders(folders: Sequence[Path], shards: Sequence[Path]) -> None:
    """Require that no folder that is to be replaced holds another, or the shards.

    Raises:
        BadInput: one does.
    """
    for place, folder in enumerate(folders):
        inside = [each for at, each in enumerate(folders) if at != place] + list(shards)
        held = next((each for each in inside if each.resolve().is_relative_to(folder.resolve())), None)
        if held is not None:
            expected = "a folder of its own for each format, and the shards elsewhere"
            raise BadInput(folder, "folder", f"{held} in it", expected, "name another folder")


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give a folder to write into, which takes the place of `folder` once all is written; on failure nothing does.

    Raises:
        BadInput: `folder` is a file, or holds what this export does not write and would take away.
    """
    folder = folder.absolute()
    if folder.exists() and not folder.is_dir():
        raise BadInput(folder, "folder", "a file", "a folder, or nothing yet", "name another folder")
    temporary = folder.with_name(f".partial-{folder.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        if folder.exists():
            _check_earlier(folder, temporary)
            shutil.rmtree(folder)
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _check_earlier(folder: Path, written: Path) -> None:
    """Require that a folder holds no file or folder at its top but those that replace them."""
    other = sorted({each.name for each in folder.iterdir()} - {each.name for each in written.iterdir()})
    if other:
        fix = "name another folder, or delete this one"
        raise BadInput(folder, "folder", f"{other[0]} in it", "nothing that this export does not write", fix)
