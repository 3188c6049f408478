"""Small .c3d files, written in a process of their own: ezc3d and OpenSim cannot live in one."""

import os
import struct
from pathlib import Path

import numpy as np

from kinesynth.isolation import isolated

NAMES = ("LASI", "RASI", "LHEE", "RHEE")
POSITIONS = np.random.default_rng(1).uniform(0.1, 1.8, (20, 4, 3))


def write_c3d(
    path: Path,
    names: tuple[str, ...] = NAMES,
    unit: str = "mm",
    angles: tuple[str, ...] = (),
    factor: float = 1000.0,
    first_frame: int = 1,
) -> Path:
    """Write the positions times `factor`, one point unseen in frame 5, and return the path."""
    isolated(_write, path, names, unit, angles, factor, timeout_seconds=60, log=Path(os.devnull))
    content = bytearray(path.read_bytes())  # ezc3d does not write another first frame than 1
    struct.pack_into("<2H", content, 6, first_frame, first_frame + len(POSITIONS) - 1)
    path.write_bytes(content)
    return path


def _write(path: Path, names: tuple[str, ...], unit: str, angles: tuple[str, ...], factor: float) -> None:
    import ezc3d

    file = ezc3d.c3d()
    file["parameters"]["POINT"]["RATE"]["value"] = [100]
    file["parameters"]["POINT"]["LABELS"]["value"] = names
    file["parameters"]["POINT"]["UNITS"]["value"] = [unit]
    if angles:
        file.add_parameter("POINT", "ANGLES", list(angles))
    points = np.ones((4, len(names), len(POSITIONS)))
    points[:3] = np.resize(factor * POSITIONS, (len(POSITIONS), len(names), 3)).transpose(2, 1, 0)
    points[:3, 0, 5] = np.nan
    file["data"]["points"] = points
    file.write(str(path))
