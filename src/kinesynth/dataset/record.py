"""A clip of a shard as a record, written to and read from its HDF5 group."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np

from kinesynth.dataset.schema import Field, load_schema
from kinesynth.errors import BadInput
from kinesynth.hdf5 import own_dataset, own_members

FRAMES_PER_CHUNK = 32  # at most: a window of 64 frames touches three chunks
SMALLEST_CHUNKED = 4096  # bytes; of smaller arrays, chunks and compression cost more than they save


@dataclass(frozen=True)
class ViewRecord:
    """One camera's arrays and attributes, named as in the schema."""

    arrays: Mapping[str, np.ndarray]
    attrs: Mapping[str, Any]


@dataclass(frozen=True)
class ClipRecord:
    """One clip: label arrays by path (`grf/force`), attributes, and its views by camera."""

    arrays: Mapping[str, np.ndarray]
    attrs: Mapping[str, Any]
    views: Mapping[str, ViewRecord]

    @property
    def fps(self) -> float:
        """Frames per second."""
        return float(self.attrs["fps"])

    @property
    def n_frames(self) -> int:
        """Number of frames T, as the attribute says."""
        return int(self.attrs["n_frames"])


def pushes(arrays: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """Return force, centre of pressure and free moment, each (T, F, 3), of all that pushes the body.

    First come the feet, right and left; where anything else pushes, the five bodies of `grf/other_force` follow.
    """
    parts = [arrays[f"grf/{name}"].astype(float) for name in ("force", "cop", "moment")]
    if "grf/other_force" not in arrays or not arrays["grf/other_force"].any():
        return parts
    others = [arrays[f"grf/other_{name}"].astype(float) for name in ("force", "cop", "moment")]
    return [np.concatenate(pair, axis=1) for pair in zip(parts, others, strict=True)]


def write_clip(group: h5py.Group, clip: ClipRecord) -> None:
    """Write a clip into its empty group; arrays take the schema's types."""
    schema = load_schema()
    group.attrs.update(clip.attrs)
    for name, array in clip.arrays.items():
        _write(group, name, array, schema.clip[name])
    views = group.create_group("views", track_order=True)
    for camera, view in clip.views.items():
        target = views.create_group(camera)
        target.attrs.update(view.attrs)
        for name, array in view.arrays.items():
            _write(target, name, array, schema.view[name])


def read_clip(group: h5py.Group) -> ClipRecord:
    """Read a clip whole, as far as it is there: what is missing is for the checks to find."""
    views = {camera: ViewRecord(_arrays(view), dict(view.attrs)) for camera, view in group.get("views", {}).items()}
    arrays = {name: array for name, array in _arrays(group).items() if not name.startswith("views/")}
    return ClipRecord(arrays, dict(group.attrs), views)


def own_array(group: h5py.Group, name: str) -> np.ndarray:
    """Return an array below a group, by a name that may hold slashes.

    Raises:
        BadInput: there is none, or it is not the file's own.
    """
    *folders, leaf = name.split("/")
    place = group
    try:
        for folder in folders:
            own_members(place.id)
            place = place[folder]
        return np.asarray(h5py.Dataset(own_dataset(place.id, leaf))[()])
    except (OSError, KeyError) as error:
        found = " ".join(str(error).split())
        fix = "check it with `kinesynth verify`"
        raise BadInput(group.file.filename, f"{group.name}/{name}", found, "an array of the file's own", fix) from error


def _write(group: h5py.Group, name: str, array: np.ndarray, field: Field) -> None:
    """Cut large arrays over time into chunks and compress them; leave the rest, video above all, in one piece."""
    array = array.astype(field.dtype)
    if not field.over_time or array.nbytes < SMALLEST_CHUNKED:
        group.create_dataset(name, data=array)
        return
    parts = len(array) if field.is_picture else -(-len(array) // FRAMES_PER_CHUNK)
    chunks = (-(-len(array) // parts), *array.shape[1:])  # of even length: HDF5 fills up the last one
    group.create_dataset(
        name, data=array, chunks=chunks, compression="gzip", compression_opts=9, shuffle=array.itemsize > 1
    )


def _arrays(group: h5py.Group) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}

    def collect(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = item[()]

    group.visititems(collect)
    return found
