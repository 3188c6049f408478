"""`kinesynth verify`: whether shards are what they say they are."""

import lzma
import sys
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from kinesynth.dataset.checks import attributes_faults, clip_faults
from kinesynth.dataset.names import read_names
from kinesynth.dataset.quality import clip_quality
from kinesynth.dataset.record import ClipRecord, read_clip
from kinesynth.dataset.schema import SCHEMA_VERSION, load_schema
from kinesynth.errors import KinesynthError
from kinesynth.stage_file import progress


def verify(shards: list[Path]) -> None:
    """Check shards: structure, shapes, types, ranges, checksum, length of the videos, keypoints on the masks.

    Args:
        shards: the HDF5 files. Checksums are compared where `index.parquet` lies in the folder above.

    Raises:
        KinesynthError: there are faults; each is told in a line of its own on standard error.
    """
    faults = [fault for shard in progress(shards, "verify") for fault in shard_faults(shard)]
    for fault in faults:
        print(fault, file=sys.stderr)  # noqa: T201
    if faults:
        raise KinesynthError(f"faults found: {len(faults)} in {len(shards)} shards")


def shard_faults(shard: Path) -> Iterator[str]:
    """Yield the faults of one shard, each a line that names the file and the clip."""
    try:
        with h5py.File(shard, "r") as file:
            for fault in _file_faults(file):
                yield f"{shard}: {fault}"
    except (OSError, KeyError, AttributeError, lzma.LZMAError) as error:
        yield f"{shard}: found {' '.join(str(error).split())}, expected an HDF5 file of schema {SCHEMA_VERSION}"
    else:
        yield from _checksum_faults(shard)


def _file_faults(file: h5py.File) -> Iterator[str]:
    version = file.attrs.get("schema")
    if version != SCHEMA_VERSION:
        yield f"schema: found {version}, expected {SCHEMA_VERSION}"
        return
    yield from attributes_faults(file.attrs, load_schema().file_attributes)
    sizes = read_names(file["skeleton"]).sizes
    if not lzma.decompress(file["model"][()].tobytes()).startswith(b"<?xml"):
        yield "model: found no XML, expected an .osim file"
    for clip_id, group in file["clips"].items():
        clip = read_clip(group)
        faults = list(clip_faults(clip, sizes)) or _quality_faults(clip, float(file.attrs["mass_kg"]))
        for fault in faults:
            yield f"{clip_id}: {fault}"


def _quality_faults(clip: ClipRecord, mass_kg: float) -> Iterator[str]:
    """Yield the figures of quality that are missing or are not what the arrays say."""
    expected = load_schema().clip_quality
    yield from attributes_faults(clip.attrs, expected)
    for name, value in clip_quality(clip, mass_kg).items():
        if name in clip.attrs and not np.isclose(clip.attrs[name], value, rtol=1e-5, atol=1e-5):
            yield f"attribute {name}: found {clip.attrs[name]:g}, expected {value:g} as the arrays say"


def _checksum_faults(shard: Path) -> Iterator[str]:
    index = shard.absolute().parent.parent / "index.parquet"
    if not index.is_file():
        return
    from kinesynth.dataset.index import checksum, read_index

    listed = {row["xxh3_128"] for row in read_index(index) if row["shard"] == shard.stem}
    found = checksum(shard)
    if listed and listed != {found}:
        yield f"{shard}: checksum: found {found}, expected {', '.join(sorted(listed))} as index.parquet says"
