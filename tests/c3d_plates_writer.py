"""Small .c3d files with force plates of types 1 to 4, written in a process of their own."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from kinesynth.isolation import isolated

RATE, ANALOG_RATE, FRAMES = 100.0, 1000.0, 60
ORIGIN_M = np.array([0.012, -0.008, -0.04])  # from the sensor to the surface's middle, in the plate's own axes
SPACING_M = np.array([0.12, 0.2])  # of a Kistler plate's sensors from its middle
CORNERS_M = np.array([[0.6, 0.4, 0.0], [0.6, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.4, 0.0]])  # in the laboratory, z up
CALIBRATION = np.diag([2.0, 3.0, 4.0, 0.5, 0.25, 0.125]) + 0.01


def write_plates(
    path: Path,
    kind: int,
    force: np.ndarray,
    cop: np.ndarray,
    free: np.ndarray,
    unit: str = "mm",
    *,
    corners: np.ndarray = CORNERS_M,
    **said: Any,
) -> Path:
    """Write one plate at `CORNERS_M` that measured forces on the body, all in the laboratory's axes, and return `path`.

    Args:
        path: of the file.
        kind: 1 to 4, the plate's type.
        force: (N, 3) N.
        cop: (N, 3) m, on the plate.
        free: (N,) N m about the vertical.
        unit: of points and corners, and of moments.
        corners: (4, 3) m, as the file says they are.
        said: what else the file says: of its type (said), its moments' unit (moment_unit), its baseline (zero).
    """
    metres = {"mm": 1e-3, "m": 1.0}[unit]
    channels = _channels(kind, *_own(force, cop, free), metres)
    told = {"kind": kind, "said": kind, "moment_unit": f"N{unit}", "zero": (1, 0), **said, "unit": unit}
    isolated(_write, path, told, channels, corners.T / metres, metres, timeout_seconds=60, log=Path(os.devnull))
    return path


def _own(force: np.ndarray, cop: np.ndarray, free: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the force on the body in the plate's own axes (as the corners say, z down), and where from its middle.

    Files of Vicon's hold forces on the body, hence a negative third component.
    """
    middle = CORNERS_M.mean(axis=0)
    x = (CORNERS_M[0] + CORNERS_M[3] - CORNERS_M[1] - CORNERS_M[2]) / 0.8
    y = (CORNERS_M[0] + CORNERS_M[1] - CORNERS_M[2] - CORNERS_M[3]) / 1.2
    turn = np.stack([x, y, np.cross(x, y)])
    return force @ turn.T, (cop - middle) @ turn.T, free * turn[2, 2]


def _channels(kind: int, force: np.ndarray, cop: np.ndarray, free: np.ndarray, metres: float) -> np.ndarray:
    """Return a plate's channels (C, N)."""
    arm = cop + (ORIGIN_M if kind != 3 else np.array([0.0, 0.0, ORIGIN_M[2]]))
    moment = np.cross(arm, force)
    moment[:, 2] += free
    if kind == 1:
        return np.concatenate([force.T, cop[:, :2].T / metres, free[None] / metres])
    six = np.concatenate([force, moment / metres], axis=1)
    if kind == 2:
        return six.T
    if kind == 4:
        return np.linalg.solve(CALIBRATION, six.T)
    a, b = SPACING_M
    quarter_z = force[:, 2] / 4.0
    by_x, by_y = moment[:, 0] / (4.0 * b), -moment[:, 1] / (4.0 * a)
    twist = moment[:, 2]
    fx12, fx34 = force[:, 0] / 2.0 - twist / (4.0 * b), force[:, 0] / 2.0 + twist / (4.0 * b)
    fy14, fy23 = force[:, 1] / 2.0 + twist / (4.0 * a), force[:, 1] / 2.0 - twist / (4.0 * a)
    return np.stack([
        fx12, fx34, fy14, fy23,
        quarter_z + by_x + by_y, quarter_z + by_x - by_y, quarter_z - by_x - by_y, quarter_z - by_x + by_y,
    ])  # fmt: skip


def _write(path: Path, told: dict[str, Any], channels: np.ndarray, corners: np.ndarray, metres: float) -> None:
    import ezc3d

    kind, count = told["kind"], len(channels)
    file = ezc3d.c3d()
    point, analog = file["parameters"]["POINT"], file["parameters"]["ANALOG"]
    point["RATE"]["value"], point["LABELS"]["value"] = [RATE], ("LASI",)
    point["UNITS"]["value"] = [told["unit"]]
    file["data"]["points"] = np.ones((4, 1, FRAMES))
    analog["RATE"]["value"] = [ANALOG_RATE]
    analog["LABELS"]["value"] = tuple(f"channel{number}" for number in range(count))
    analog["UNITS"]["value"] = ("N",) * 3 + (told["moment_unit"],) * (count - 3)
    file["data"]["analogs"] = channels[None]
    plate = file["parameters"]["FORCE_PLATFORM"]
    plate["USED"]["value"] = np.array([1])
    plate["TYPE"]["value"] = np.array([told["said"]])
    plate["ZERO"]["value"] = np.array(told["zero"])
    plate["CORNERS"]["value"] = corners.reshape(3, 4, 1)
    origin = np.array([*SPACING_M, ORIGIN_M[2]]) if kind == 3 else ORIGIN_M if kind > 1 else np.zeros(3)
    plate["ORIGIN"]["value"] = origin.reshape(3, 1) / metres
    plate["CHANNEL"]["value"] = np.arange(1, count + 1).reshape(count, 1)
    if kind == 4:
        file.add_parameter("FORCE_PLATFORM", "CAL_MATRIX", CALIBRATION.reshape(6, 6, 1))
    file.write(str(path))
