"""HDF5 files that a full disk cannot turn into a crash."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py

_GROWTH = 1 << 20  # bytes by which the file in memory grows


@contextmanager
def new_file(path: Path, libver: tuple[str, str] | None = None) -> Iterator[h5py.File]:
    """Yield an HDF5 file in memory, which is written to `path` once the block has ended well.

    Where a disk is full, HDF5 cannot close its own file, and ends the process by SIGSEGV later.

    Raises:
        OSError: the file cannot be written.
    """
    options = {"driver": "core", "backing_store": False, "block_size": _GROWTH}
    with h5py.File(path, "w", libver=libver, track_order=True, **options) as file:
        yield file
        file.flush()
        image = file.id.get_file_image()
    path.write_bytes(image)
