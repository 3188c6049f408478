"""Calibrations in caliscope's camera_array.toml: a table per camera under [cameras].

`size` and `matrix` belong to pictures that were turned by `rotation_count` quarter turns before they were looked at.
Rotation is a matrix in older files, Rodrigues' vector in newer ones (caliscope's persistence.py).
"""

from pathlib import Path

from kinesynth_train.calibration.anipose import camera_of, parse
from kinesynth_train.calibration.camera import Camera


def fits(path: Path) -> bool:
    """Tell whether a path looks like one."""
    return path.is_file() and path.suffix == ".toml" and isinstance(parse(path).get("cameras"), dict)


def read(path: Path) -> tuple[list[Camera], list[str]]:
    """Return the cameras of a file that have a place, and what was taken for granted."""
    cameras, notes = [], []
    for key, table in parse(path)["cameras"].items():
        name = f"cam_{key}"
        if not isinstance(table, dict) or table.get("ignore") is True or "rotation" not in table:
            notes.append(f"camera {name} has no place and is left out")
            continue
        cameras.append(camera_of(path, name, table))
        if table.get("rotation_count"):
            notes.append(f"camera {name} was calibrated on turned pictures: its video must stand as they did")
    return cameras, notes
