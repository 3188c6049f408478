"""Motions for the OpenCap Visualizer (visualizer.opencap.ai), which shows bones in any browser: `<clip>.json`.

It holds, at each time, where every body is: body-fixed rotations about x, y and z (rad) and the origin (m). Bones are
files of OpenSim's geometry, by name, which the page's server has. It knows no head apart from the trunk.
"""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from kinesynth.dataset.exports.clips import exported_clips
from kinesynth.dataset.sound import readable
from kinesynth.skeleton.definition import SkeletonDefinition
from kinesynth.text import table_rows

DIGITS = 5
GEOMETRY = Path(__file__).with_name("visualizer_geometry.csv")


def write(shards: Sequence[Path], folder: Path) -> None:
    """Write a file per clip.

    Raises:
        BadInput: a shard is unreadable.
    """
    for clip in exported_clips(shards):
        record = clip.record
        with readable(clip.shard, "skeleton"):
            skeleton = SkeletonDefinition.read(clip.file["skeleton"])
        times = np.arange(record.n_frames) / record.fps
        text = visualizer_json(skeleton, record.arrays["angles"], record.arrays["scales"], times)
        (folder / f"{clip.clip_id}.json").write_text(text, encoding="utf-8")


def visualizer_json(skeleton: SkeletonDefinition, angles: np.ndarray, scales: np.ndarray, times: np.ndarray) -> str:
    """Return the JSON of a motion.

    Args:
        skeleton: the person's.
        angles: (T, J) rad and m.
        scales: (B, 3), of the bones' geometry.
        times: (T,) s.
    """
    import torch

    from kinesynth.skeleton.layer import SkeletonLayer

    transforms = SkeletonLayer(skeleton)(torch.tensor(angles.astype(np.float64))).transforms.numpy()
    bodies = {}
    for body, (files, place) in geometry().items():
        index = skeleton.body_names.index(body)
        turned, origins = transforms[:, index, :3, :3], transforms[:, index, :3, 3]
        turns = Rotation.from_matrix(turned).as_euler("XYZ")
        origins = origins + turned @ (place * scales[index])
        bodies[body] = {
            "attachedGeometries": [f"{name}.vtp" for name in files],
            "scaleFactors": np.round(scales[index].astype(float), DIGITS).tolist(),
            "rotation": np.round(turns, DIGITS).tolist(),
            "translation": np.round(origins, DIGITS).tolist(),
        }
    return json.dumps({"time": np.round(times, DIGITS).tolist(), "bodies": bodies})


@cache
def geometry() -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
    """Return the files of each body's bones, and where (3,) m on the generic body these have their origin.

    The chest's has it at the back joint of Rajagopal's model, of which the geometry is.
    """
    return {
        row["body"]: (tuple(row["files"].split()), np.array([float(row[axis]) for axis in "xyz"]))
        for row in table_rows(GEOMETRY)
    }
