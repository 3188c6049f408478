"""Clips of a stranger's shard, read only where all that a reader takes for granted is there."""

import lzma
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

from kinesynth.dataset.checks import attributes_faults, structure_faults
from kinesynth.dataset.file_cache import whole_shard
from kinesynth.dataset.names import read_names
from kinesynth.dataset.record import ClipRecord, own_array, read_clip
from kinesynth.dataset.schema import SCHEMA_VERSION, Attribute, load_schema, schema_of
from kinesynth.errors import BadInput

FIX = "check it with `kinesynth verify`"
MAX_MODEL_BYTES = 64 << 20  # of an .osim, unpacked; ours have 0.6 MB
_UNREADABLE = (
    OSError,
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    RuntimeError,
    ArithmeticError,
)  # of h5py, for things of other kinds


@contextmanager
def sound_shard(path: Path) -> Iterator[h5py.File]:
    """Yield a shard of this schema to be read, all of which lies in it and whose person is told.

    Raises:
        BadInput: it is none.
    """
    with whole_shard(path) as file:
        if (version := schema_of(file.attrs)) != SCHEMA_VERSION:
            fix = "make the shards again, or read them with the release of kinesynth that wrote them"
            raise BadInput(path, "schema", str(version), str(SCHEMA_VERSION), fix)
        with readable(path, "attributes"):
            attrs = dict(file.attrs)
        require_attributes(path, "file", attrs, load_schema().file_attributes)
        for name in ("clips", "skeleton"):
            if not isinstance(file.get(name), h5py.Group):
                raise BadInput(path, name, "no group", "one", FIX)
        yield file


def require_attributes(path: Path, place: str, found: Mapping[str, Any], expected: Mapping[str, Attribute]) -> None:
    """Refuse attributes of a file, a clip or a view that are not the schema's.

    Raises:
        BadInput: one is missing, or of another type or range; the message names the first.
    """
    for fault in attributes_faults(found, expected):
        raise _refusal(path, place, fault)


def sound_clip(path: Path, file: h5py.File, clip_id: str) -> ClipRecord:
    """Read a clip whole, whose arrays and attributes are the schema's.

    Raises:
        BadInput: one is missing, or of another shape, type or range; the message names the first.
    """
    place = f"clips/{clip_id}"
    with readable(path, place):
        clip = read_clip(file["clips"][clip_id])
        sizes = read_names(file["skeleton"]).sizes
    for fault in structure_faults(clip, sizes):
        raise _refusal(path, place, fault)
    return clip


def unpacked_model(path: Path, file: h5py.File) -> bytes:
    """Return the .osim that a shard holds.

    Raises:
        BadInput: it holds none, or one that is damaged or unpacks to more than `MAX_MODEL_BYTES`.
    """
    expected = "a compressed model"
    if "model" not in file:
        raise BadInput(path, "model", "nothing", expected, "export labels without it by another format")
    with readable(path, "model"):
        packed = own_array(file, "model").tobytes()
    unpacker = lzma.LZMADecompressor()
    try:
        model = unpacker.decompress(packed, MAX_MODEL_BYTES + 1)
    except lzma.LZMAError as error:
        raise BadInput(path, "model", str(error), expected, FIX) from error
    if len(model) > MAX_MODEL_BYTES:
        raise BadInput(path, "model", f"more than {MAX_MODEL_BYTES >> 20} MB when unpacked", expected, FIX)
    if not unpacker.eof:
        raise BadInput(path, "model", "one that is cut off", expected, FIX)
    return model


@contextmanager
def readable(path: Path, place: str) -> Iterator[None]:
    """Turn whatever HDF5 raises, of a part of a file that is of another kind, into one line.

    Raises:
        BadInput: it did.
    """
    try:
        yield
    except _UNREADABLE as error:
        found = " ".join(str(error).split())[:160]
        raise BadInput(path, place, found, f"content of schema {SCHEMA_VERSION}", FIX) from error


def _refusal(path: Path, place: str, fault: str) -> BadInput:
    """Return the error that a fault is, whose line says what was found and expected."""
    field, _, found = fault.partition(": ")
    found, _, expected = found.partition(", expected ")
    return BadInput(path, f"{place}/{field}", found.removeprefix("found "), expected or "what the schema asks for", FIX)
