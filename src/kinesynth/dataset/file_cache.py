"""Open HDF5 files, kept per process: a worker that was forked or spawned opens its own."""

import os
from collections import OrderedDict
from pathlib import Path

import h5py

MAX_OPEN = 32


def open_shard(path: Path) -> h5py.File:
    """Open a file to read it; without a lock where the disk has none to give, as those of a network often have not.

    Raises:
        OSError: it is missing or no HDF5 file.
    """
    try:
        return h5py.File(path, "r")
    except OSError as error:
        if "unable to lock file" not in str(error):
            raise
        return h5py.File(path, "r", locking=False)  # nobody writes to a shard that stands under its name


class OpenFiles:
    """The files that were read last, at most `MAX_OPEN`; picklable, because what is open stays behind."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._files: OrderedDict[Path, h5py.File] = OrderedDict()

    def get(self, path: Path) -> h5py.File:
        """Return the open file.

        Raises:
            OSError: it is missing or no HDF5 file.
        """
        if self._process != os.getpid():
            self.__init__()  # type: ignore[misc]
        if path not in self._files:
            self._files[path] = open_shard(path)
        self._files.move_to_end(path)
        while len(self._files) > MAX_OPEN:
            self._files.popitem(last=False)[1].close()
        return self._files[path]

    def forget(self, path: Path) -> None:
        """Close a file that failed, so that it is opened anew."""
        if self._process == os.getpid() and path in self._files:
            self._files.pop(path).close()

    def close(self) -> None:
        """Close them all."""
        while self._files:
            self._files.popitem()[1].close()

    def __getstate__(self) -> dict[str, object]:
        """Leave the open files behind."""
        return {"_process": -1, "_files": OrderedDict()}
