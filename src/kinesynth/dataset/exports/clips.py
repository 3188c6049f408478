"""What every export begins and ends with: the clips of shards, one by one, and a folder that appears whole."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py

from kinesynth.dataset.record import ClipRecord, read_clip
from kinesynth.errors import BadInput
from kinesynth.stage_file import progress

MEND = "check it with `kinesynth verify`"


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
        BadInput: a file is missing or no shard.
    """
    for shard in progress(list(shards), "export"):
        try:
            with h5py.File(shard, "r") as file:
                person = dict(file.attrs)
                for clip_id, group in file["clips"].items():
                    yield ExportedClip(shard, person, file, clip_id, read_clip(group))
        except (OSError, KeyError) as error:
            found = " ".join(str(error).split())
            raise BadInput(shard, "shard", found, "a shard of this release", MEND) from error


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give a folder to write into, which takes the place of `folder` once all is written; on failure nothing does."""
    temporary = folder.with_name(f".partial-{folder.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        if folder.exists():
            shutil.rmtree(folder)
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
