"""What the axes of a shard's arrays are called, read from /skeleton without torch."""

from dataclasses import dataclass
from functools import lru_cache

import h5py
import numpy as np

from kinesynth.hdf5 import own_dataset

NAMES = ("body_names", "coordinate_names", "marker_names", "muscle_names")  # arrays of /skeleton


@dataclass(frozen=True)
class Names:
    """Names along the axes B, J, M and A."""

    bodies: tuple[str, ...]
    coordinates: tuple[str, ...]
    markers: tuple[str, ...]
    muscles: tuple[str, ...]

    @property
    def sizes(self) -> dict[str, int]:
        """Lengths of the axes by letter."""
        lengths = map(len, (self.bodies, self.coordinates, self.markers, self.muscles))
        return dict(zip("BJMA", lengths, strict=True))


def read_names(skeleton: h5py.Group) -> Names:
    """Return the names that the group /skeleton holds.

    Raises:
        KeyError: one of the tables is not there.
        OSError: it is not the file's own.
        ValueError: it holds no names.
    """
    return _names(*(_bytes(skeleton.id, kind) for kind in NAMES))


def _bytes(skeleton: h5py.h5g.GroupID, kind: str) -> tuple[bytes, int]:
    """Return a table of names as it is stored, and the bytes of each."""
    dataset = own_dataset(skeleton, kind)
    if dataset.dtype.kind != "S" or dataset.rank != 1:
        raise ValueError(f"skeleton/{kind} is no table of names")
    names = np.empty(dataset.shape, dataset.dtype)
    dataset.read(h5py.h5s.ALL, h5py.h5s.ALL, names)
    return names.tobytes(), names.itemsize


@lru_cache(maxsize=8)
def _names(*tables: tuple[bytes, int]) -> Names:
    """Return the names of stored tables, which are the same in thousands of shards."""
    return Names(*(tuple(name.decode() for name in np.frombuffer(table, f"S{size}")) for table, size in tables))
