"""Open HDF5 files, kept per process: a worker that was forked or spawned opens its own."""

import os
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py

from kinesynth.errors import BadInput
from kinesynth.hdf5 import whole_file

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


@contextmanager
def whole_shard(path: Path) -> Iterator[h5py.File]:
    """Yield a shard to be read, all of which lies in it.

    Raises:
        BadInput: it is missing, no shard, or leads out of itself; or what is looked for in it is not there.
    """
    try:
        with whole_file(path) as file:
            yield file
    except (OSError, KeyError) as error:
        found = " ".join(str(error).split())
        raise BadInput(path, "shard", found, "a shard of this release", "check it with `kinesynth verify`") from error


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
