"""NumPy archives: written so that bytes depend on content alone, read without pickle and without surprises."""

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from kinesynth.atomic import write_bytes
from kinesynth.errors import BadInput

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date a zip entry can carry
MAX_BYTES = 2 << 30  # unpacked, all arrays together; SMPL-X's own file takes a quarter of it
_DAMAGED = (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error, NotImplementedError, MemoryError)


def write_npz(path: Path, arrays: Mapping[str, np.ndarray], *, compressed: bool = False) -> None:
    """Write `arrays` to `path` atomically, in the order given.

    `np.savez` stamps every entry with the time of day; here equal arrays give equal bytes. Arrays of objects are
    refused, because reading them back would need pickle.
    """
    write_bytes(path, npz_bytes(arrays, compressed=compressed))


def npz_bytes(arrays: Mapping[str, np.ndarray], *, compressed: bool = False) -> bytes:
    """Return an archive of `arrays` as bytes, as `write_npz` writes it."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
            with archive.open(entry, "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, np.asanyarray(array), allow_pickle=False)
    return target.getvalue()


@contextmanager
def open_npz(path: Path, expected: str, fix: str) -> Iterator[Any]:
    """Yield the open archive, and turn whatever a damaged file raises into one line.

    Args:
        path: the file.
        expected: what the file should be, for the message.
        fix: what the user can do, for the message.

    Raises:
        BadInput: the file is missing, no npz archive, truncated, unpacks to more than `MAX_BYTES`, or holds pickled
            objects.
    """
    try:
        if not path.is_file() or not zipfile.is_zipfile(path):
            found = "no such file" if not path.is_file() else "no npz archive (empty, truncated or another format)"
            raise BadInput(path, "file", found, expected, fix)
        with np.load(path, allow_pickle=False) as archive:
            size = sum(entry.file_size for entry in archive.zip.infolist())  # no more than this is ever unpacked
            if size > MAX_BYTES:
                found = f"{size / 1e9:.1f} GB when unpacked"
                raise BadInput(path, "file", found, f"{expected} below {MAX_BYTES / 1e9:.1f} GB", fix)
            yield archive
    except _DAMAGED as error:
        found = " ".join(str(error).split())[:160] or type(error).__name__
        raise BadInput(path, "file", f"unreadable data ({found})", expected, fix) from error
