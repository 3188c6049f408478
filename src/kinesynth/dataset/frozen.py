"""`kinesynth freeze-split`: who is in which split and what clips hold, written down so that results stay comparable.

A frozen list has a row per clip, between tabs: clip_id, subject, split, frames, and the xxh3-128 of its labels and of
its cameras' arrays, whatever else its shard's file says; these two are empty where a set was frozen before it was made
(`frozen_plan`). Its first line holds the SHA-256 of all that follows.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import h5py

from kinesynth.atomic import write_text
from kinesynth.clips import ClipRow
from kinesynth.dataset.file_cache import whole_shard
from kinesynth.dataset.record import read_clip
from kinesynth.errors import BadInput
from kinesynth.file_names import takes_file_names
from kinesynth.shards import shard_paths
from kinesynth.stage_file import progress
from kinesynth.text import read_text

_NOTE = "# "
_HEAD = "# kinesynth freeze-split, SHA-256 of the rest: "
_EXPECTED, _FIX = "a list of `kinesynth freeze-split`", "restore it, or freeze the dataset anew under another name"


@dataclass(frozen=True)
class FrozenClip:
    """A row: which split a clip and its subject are in, and digests of what it holds."""

    clip_id: str
    subject: str
    split: str
    frames: int
    labels: str
    views: str


@takes_file_names
def freeze_split(*, shards: list[Path], output: Path) -> None:
    """Write down which clips a dataset's splits have, and a checksum of each clip's labels and pictures.

    `kinesynth verify --frozen` holds shards against the list.

    Args:
        shards: all HDF5 files of the dataset, or one .tsv that lists them.
        output: the list.

    Raises:
        BadInput: a file is missing or no shard, or there is no clip.
    """
    clips = sorted(_clips(shard_paths(shards)), key=lambda clip: clip.clip_id)
    if not clips:
        raise BadInput(output, "clips", "none", "at least one", "give the shards of a finished run")
    write_frozen(output, clips)


def write_frozen(output: Path, clips: Iterable[FrozenClip], note: str = "") -> None:
    """Write a list, with a note above its columns where there is one."""
    columns = [field.name for field in fields(FrozenClip)]
    lines = [f"{_NOTE}{note}"] if note else []
    lines += ["\t".join(columns), *("\t".join(map(str, astuple(clip))) for clip in clips)]
    text = "\n".join(lines) + "\n"
    write_text(output, f"{_HEAD}{_digest(text)}\n{text}")


def read_frozen(path: Path) -> list[FrozenClip]:
    """Return the rows of a frozen list.

    Raises:
        BadInput: it is no such list, or was changed by hand.
    """
    lines = [line for line in _checked(path).splitlines() if not line.startswith(_NOTE)]
    try:
        return [_row(*line.split("\t")) for line in lines[1:]]
    except (TypeError, ValueError) as error:
        raise BadInput(path, "rows", str(error), "six columns, frames a number", _FIX) from error


def noted(path: Path) -> str:
    """Return the note of a frozen list, empty where it has none.

    Raises:
        BadInput: it is no such list, or was changed by hand.
    """
    first = _checked(path).partition("\n")[0]
    return first.removeprefix(_NOTE) if first.startswith(_NOTE) else ""


def _checked(path: Path) -> str:
    """Return what follows a list's first line, which holds its checksum."""
    head, _, text = read_text(path, _EXPECTED, _FIX, "strict").partition("\n")
    if not head.startswith(_HEAD):
        raise BadInput(path, "first line", repr(head[:60]), _EXPECTED, _FIX)
    if (found := _digest(text)) != (stated := head.removeprefix(_HEAD).strip()):
        raise BadInput(path, "SHA-256", found, f"{stated}, as its first line says", _FIX)
    return text


def _row(clip_id: str, subject: str, split: str, frames: str, labels: str, views: str) -> FrozenClip:
    return FrozenClip(clip_id, subject, split, int(frames), labels, views)


def frozen_faults(path: Path, shards: Iterable[Path]) -> Iterator[str]:
    """Yield where a dataset's shards are not what was frozen, a line each.

    Raises:
        BadInput: the list is unusable, or a file is no shard.
    """
    shards = list(shards)
    expected = {clip.clip_id: clip for clip in read_frozen(path)}
    found = {clip.clip_id: clip for clip in _clips(shards)}
    missing = expected.keys() - found.keys()
    if any(not expected[clip_id].labels for clip_id in missing):  # frozen before any clip could be rejected
        missing -= _rejected(shards)
    for clip_id in sorted(missing):
        yield f"{path}: {clip_id}: found no such clip in the shards, expected one in {expected[clip_id].split}"
    for clip_id, clip in found.items():
        if clip_id not in expected:
            yield f"{path}: {clip_id}: found in the shards' {clip.split}, expected only clips that were frozen"
        else:
            yield from _differences(path, clip, expected[clip_id])


def table_faults(path: Path, rows: Iterable[ClipRow]) -> Iterator[str]:
    """Yield where a clip table's splits are not those that were frozen; no shards are needed.

    Raises:
        BadInput: the list is unusable.
    """
    splits = {row.clip_id: (row.subject, row.split) for row in rows}
    for clip in read_frozen(path):
        if (found := splits.get(clip.clip_id)) != (clip.subject, clip.split):
            where = "nothing" if found is None else " in ".join(found)
            yield f"{path}: {clip.clip_id}: found {where} in the table, expected {clip.subject} in {clip.split}"


def _differences(path: Path, found: FrozenClip, expected: FrozenClip) -> Iterator[str]:
    for field in fields(FrozenClip):
        values = getattr(found, field.name), getattr(expected, field.name)
        if values[0] != values[1] and values[1] != "":
            yield f"{path}: {found.clip_id}: {field.name}: found {values[0]}, expected {values[1]}, as it was frozen"


def _clips(shards: Iterable[Path]) -> Iterator[FrozenClip]:
    for shard in progress(sorted(shards), "freeze_split"):
        with whole_shard(shard) as file:
            for clip_id, group in file["clips"].items():
                yield _frozen(clip_id, str(file.attrs["subject"]), str(file.attrs["split"]), group)


def _rejected(shards: Iterable[Path]) -> set[str]:
    names: set[str] = set()
    for shard in shards:
        with whole_shard(shard) as file:
            names |= set(file.get("rejected", ()))
    return names


def _frozen(clip_id: str, subject: str, split: str, group: h5py.Group) -> FrozenClip:
    """Return a clip's row; a digest runs over each array's name, type, shape and bytes, by name."""
    import xxhash

    record = read_clip(group)
    views = {f"{camera}/{name}": each for camera, view in record.views.items() for name, each in view.arrays.items()}
    digests = []
    for arrays in (record.arrays, views):
        digest = xxhash.xxh3_128()
        for name, array in sorted(arrays.items()):
            digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
            digest.update(array.tobytes())
        digests.append(digest.hexdigest())
    return FrozenClip(clip_id, subject, split, record.n_frames, *digests)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
