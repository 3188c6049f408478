"""Our own calibration: JSON with a camera per name.

    {"cameras": {"left": {"size": [720, 1280], "K": [[...]], "distortion": [...], "world_to_camera": [[...]]}}}

The world is y up and in metres, as in a shard, whose `K` and `world_to_camera` (4 x 4, or its upper 3 rows) these are.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kinesynth.errors import BadInput
from kinesynth_train.calibration.camera import Camera, checked
from kinesynth_train.calibration.text import numbers, read_json

FIX = "write it as docs/predict.md shows"


def fits(path: Path) -> bool:
    """Tell whether a path looks like one."""
    return path.is_file() and path.suffix == ".json"


def read(path: Path) -> tuple[list[Camera], list[str]]:
    """Return the cameras of a file and what was taken for granted."""
    content = read_json(path, "JSON", FIX)
    cameras = content.get("cameras") if isinstance(content, dict) else None
    if not isinstance(cameras, dict):
        raise BadInput(path, "cameras", "none", "an object with a camera per name", FIX)
    return [_camera(path, name, each) for name, each in cameras.items()], []


def _camera(path: Path, name: str, given: object) -> Camera:
    fields = ("size", "K", "world_to_camera")
    if not isinstance(given, dict) or any(field not in given for field in fields):
        raise BadInput(path, f"camera {name}", "a field less", ", ".join(fields), FIX)
    pose = numbers(path, f"camera {name}: world_to_camera", given["world_to_camera"])
    if pose.shape not in ((4, 4), (3, 4)):
        raise BadInput(path, f"camera {name}: world_to_camera", f"shape {pose.shape}", "4 x 4", FIX)
    K, size, lens = (
        numbers(path, f"camera {name}: {field}", given.get(field, [])) for field in ("K", "size", "distortion")
    )
    return checked(path, name, size, K, lens.ravel(), pose[:3, :3], pose[:3, 3])


def as_json(cameras: Mapping[str, Camera]) -> str:
    """Return cameras as `read` reads them."""
    content: dict[str, Any] = {
        name: {
            "size": [camera.width, camera.height],
            **{key: np.asarray(getattr(camera, key)).tolist() for key in ("K", "distortion", "world_to_camera")},
        }
        for name, camera in cameras.items()
    }
    return json.dumps({"cameras": content}, indent=1) + "\n"
