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
    positions: np.ndarray | None = None,
    rate: float = 100.0,
    mass: float | None = None,
) -> Path:
    """Write positions (T, M, 3) m times `factor`, and return the path; NaN was not seen.

    Without positions, those above are repeated for all names, one point being unseen in frame 5. A `mass`, kg, stands
    where Vicon's programs write the subject's.
    """
    if positions is None:
        positions = np.resize(POSITIONS, (len(POSITIONS), len(names), 3))
        positions[5, 0] = np.nan
    isolated(
        _write, path, names, unit, angles, factor * positions, rate, mass, timeout_seconds=60, log=Path(os.devnull)
    )
    content = bytearray(path.read_bytes())  # ezc3d does not write another first frame than 1
    struct.pack_into("<2H", content, 6, first_frame, first_frame + len(positions) - 1)
    path.write_bytes(content)
    return path


def _write(
    path: Path,
    names: tuple[str, ...],
    unit: str,
    angles: tuple[str, ...],
    positions: np.ndarray,
    rate: float,
    mass: float | None,
) -> None:
    import ezc3d

    file = ezc3d.c3d()
    file["parameters"]["POINT"]["RATE"]["value"] = [rate]
    file["parameters"]["POINT"]["LABELS"]["value"] = names
    file["parameters"]["POINT"]["UNITS"]["value"] = [unit]
    if angles:
        file.add_parameter("POINT", "ANGLES", list(angles))
    if mass is not None:
        file.add_parameter("PROCESSING", "Bodymass", [float(mass)])
    points = np.ones((4, len(names), len(positions)))
    points[:3] = positions.transpose(2, 1, 0)
    file["data"]["points"] = points
    file.write(str(path))
