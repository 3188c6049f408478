"""NumPy archives whose bytes depend on their content alone."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from kinesynth.atomic import atomic_path

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date a zip entry can carry


def write_npz(path: Path, arrays: Mapping[str, np.ndarray], *, compressed: bool = False) -> None:
    """Write `arrays` to `path` atomically, in the order given.

    `np.savez` stamps every entry with the time of day; here equal arrays give equal bytes. Arrays of objects are
    refused, because reading them back would need pickle.
    """
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
            with archive.open(entry, "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, np.asanyarray(array), allow_pickle=False)
