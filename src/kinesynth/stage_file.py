"""The file that one stage hands to the next: a shard's clips, and the clips rejected so far.

HDF5 layout: `/clips/<clip_id>/<array>` with the clip's attributes on its group, `/rejected/<clip_id>` with the
attributes stage, reason, value and detail, and what all clips share (names of coordinates, say) on the root.
Clips keep the order in which they were written. Equal content gives equal bytes.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from tqdm import tqdm

from kinesynth.atomic import atomic_path
from kinesynth.errors import BadInput, ClipRejected
from kinesynth.hdf5 import new_file, whole_file

Attributes = Mapping[str, Any]
MAX_BYTES = 3 << 30  # of all arrays; ten thousand frames take a tenth of it


@dataclass(frozen=True)
class Clip:
    """One clip's record: arrays by name (a name may hold slashes), plain attributes, and the file that it is from."""

    clip_id: str
    arrays: Mapping[str, np.ndarray]
    attrs: Attributes = field(default_factory=dict)
    file: Path | None = field(default=None, compare=False)

    @property
    def fps(self) -> float:
        """Frames per second."""
        return float(self.attrs["fps"])


@dataclass(frozen=True)
class Rejection:
    """Why a clip is not delivered."""

    clip_id: str
    stage: str
    reason: str
    value: float = float("nan")
    detail: str = ""


@dataclass(frozen=True)
class StageFile:
    """All that a stage file holds."""

    clips: Mapping[str, Clip]
    rejected: Mapping[str, Rejection] = field(default_factory=dict)
    attrs: Attributes = field(default_factory=dict)


def read_stage(path: Path) -> StageFile:
    """Read a stage file whole.

    Raises:
        BadInput: the file is missing, truncated or not a stage file.
    """
    try:
        with whole_file(path) as file:
            _check_size(path, file)
            clips = {name: _read_clip(path, name, group) for name, group in file["clips"].items()}
            rejected = {name: Rejection(clip_id=name, **_attributes(group)) for name, group in file["rejected"].items()}
            return StageFile(clips, rejected, _attributes(file))
    except (OSError, KeyError, TypeError, AttributeError) as error:
        found = str(error).splitlines()[0]
        raise BadInput(path, "stage file", found, "the HDF5 file of a stage", "delete it and run again") from error


def write_stage(path: Path, stage: StageFile) -> None:
    """Write a stage file atomically."""
    with atomic_path(path) as temporary, new_file(temporary) as file:
        _set_attributes(file, stage.attrs)
        clips = file.create_group("clips", track_order=True)
        for clip in stage.clips.values():
            group = clips.create_group(clip.clip_id, track_order=True)
            _set_attributes(group, clip.attrs)
            for name, array in clip.arrays.items():
                group.create_dataset(name, data=array)
        rejections = file.create_group("rejected", track_order=True)
        for clip_id, rejection in stage.rejected.items():
            attributes = asdict(rejection)
            del attributes["clip_id"]
            _set_attributes(rejections.create_group(clip_id), attributes)


def process_clips(
    stage: str,
    inputs: Sequence[Path | StageFile],
    output: Path,
    work: Callable[..., Clip],
    attrs: Attributes | Callable[[Sequence[StageFile]], Attributes] | None = None,
) -> None:
    """Run `work` on each clip that all `inputs` deliver, and write the results to `output`.

    `work` gets one `Clip` per input. A clip that it rejects is recorded with the stage's name; a clip rejected
    upstream keeps its record. `attrs` are what the clips of `output` share, or a function that makes them from the
    inputs.
    """
    files = [item if isinstance(item, StageFile) else read_stage(item) for item in inputs]
    rejected: dict[str, Rejection] = {}
    for file in files:
        rejected.update(file.rejected)
    todo = [clip_id for clip_id in files[0].clips if clip_id not in rejected]
    clips: dict[str, Clip] = {}
    for clip_id in progress(todo, stage):
        try:
            clips[clip_id] = work(*(file.clips[clip_id] for file in files))
        except ClipRejected as error:
            rejected[clip_id] = Rejection(clip_id, stage, error.reason, error.value, error.detail)
    shared = attrs(files) if callable(attrs) else attrs or {}
    write_stage(output, StageFile(clips, rejected, shared))


def progress[T](items: Iterable[T], label: str) -> "tqdm[T]":
    """Show how far a loop over `items` has come (on standard error, hence in the job's log).

    A loop that may end in a user's error is run in its `with`, so that the error has a line of its own.
    """
    return tqdm(items, desc=label, mininterval=2.0, leave=True, dynamic_ncols=True)


def _check_size(path: Path, file: h5py.File) -> None:
    """A damaged or hostile file can declare more than fits in memory: count before anything is read."""
    sizes: list[int] = []
    file.visititems(lambda _, item: sizes.append(item.nbytes) if isinstance(item, h5py.Dataset) else None)
    if sum(sizes) > MAX_BYTES:
        found = f"{sum(sizes) / 1e9:.3g} GB of arrays"
        raise BadInput(path, "stage file", found, f"at most {MAX_BYTES / 1e9:.1f} GB", "delete it and run again")


def _read_clip(path: Path, clip_id: str, group: h5py.Group) -> Clip:
    arrays: dict[str, np.ndarray] = {}

    def collect(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if isinstance(item, h5py.Dataset):
            arrays[name] = item[()]

    group.visititems(collect)
    return Clip(clip_id, arrays, _attributes(group), path)


def _set_attributes(target: h5py.Group, attributes: Attributes) -> None:
    for name, value in attributes.items():
        target.attrs[name] = json.dumps(value) if isinstance(value, dict) else value


def _attributes(source: h5py.Group) -> dict[str, Any]:
    return {name: _plain(value) for name, value in source.attrs.items()}


def _plain(value: Any) -> Any:
    """Return an HDF5 attribute as str, int, float, list of str, or array."""
    if isinstance(value, np.ndarray) and value.dtype == object:
        return [str(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value
