"""WebDataset: a tar per shard, a sample per clip.

A sample holds `labels.npz` (the clip's arrays by their names in the shard, slashes as dots), `clip.json` (attributes of
clip and person, names of skeleton and cameras) and, per camera, `<camera>.mp4` and `<camera>.npz`. Equal shards give
equal bytes.
"""

import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kinesynth.dataset.exports.clips import ExportedClip, exported_clips
from kinesynth.dataset.names import read_names
from kinesynth.errors import BadInput
from kinesynth.npz import npz_bytes


def write(shards: Sequence[Path], folder: Path) -> None:
    """Write the tars.

    Raises:
        BadInput: a shard is unreadable, or a clip's name has a dot.
    """
    for shard in shards:
        with tarfile.open(folder / f"{shard.stem}.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
            for clip in exported_clips([shard]):
                if "." in clip.clip_id:
                    raise BadInput(
                        shard, "clips", repr(clip.clip_id), "no dot: WebDataset's keys end there", "rename it"
                    )
                for name, content in _sample(clip).items():
                    entry = tarfile.TarInfo(f"{clip.clip_id}.{name}")
                    entry.size = len(content)
                    tar.addfile(entry, io.BytesIO(content))


def _sample(clip: ExportedClip) -> dict[str, bytes]:
    """Return a clip's files by the names that follow its own."""
    record, names = clip.record, read_names(clip.file["skeleton"])
    metadata = {
        "person": dict(clip.person),
        "clip": dict(record.attrs),
        "views": {camera: dict(view.attrs) for camera, view in record.views.items()},
        "coordinate_names": names.coordinates,
        "body_names": names.bodies,
        "marker_names": names.markers,
        "muscle_names": names.muscles,
    }
    sample = {"clip.json": json.dumps(metadata, default=_plain).encode(), "labels.npz": _archive(record.arrays)}
    for camera, view in record.views.items():
        sample[f"{camera}.mp4"] = view.arrays["video"].tobytes()
        sample[f"{camera}.npz"] = _archive({name: each for name, each in view.arrays.items() if name != "video"})
    return sample


def _archive(arrays: Mapping[str, np.ndarray]) -> bytes:
    return npz_bytes({name.replace("/", "."): array for name, array in arrays.items()})


def _plain(value: Any) -> Any:
    """Return an HDF5 attribute as JSON has it."""
    return value.item() if isinstance(value, np.generic) else value.tolist()
