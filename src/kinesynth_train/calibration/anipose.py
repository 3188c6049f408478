"""Calibrations in aniposelib's .toml, which Pose2Sim, FreeMoCap and caliscope write too: a table per camera.

Rotation is Rodrigues' vector or a matrix from the world to the camera; distortions are OpenCV's, four or five.
"""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from kinesynth.errors import BadInput
from kinesynth_train.calibration.camera import FIX, Camera, checked
from kinesynth_train.calibration.text import numbers, read_bytes


def fits(path: Path) -> bool:
    """Tell whether a path looks like one."""
    return path.is_file() and path.suffix == ".toml"


def read(path: Path) -> tuple[list[Camera], list[str]]:
    """Return the cameras of a file and what was taken for granted."""
    tables = {name: table for name, table in parse(path).items() if isinstance(table, dict) and "matrix" in table}
    return [camera_of(path, str(table.get("name", name)), table) for name, table in tables.items()], []


def parse(path: Path) -> dict[str, Any]:
    """Return a .toml file's tables.

    Raises:
        BadInput: it is none.
    """
    try:
        return tomllib.loads(read_bytes(path).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(path, "file", " ".join(str(error).split())[:120], "TOML", FIX) from error


def camera_of(path: Path, name: str, table: dict[str, Any]) -> Camera:
    """Return the camera of a table.

    Raises:
        BadInput: a field is missing or wrong, or the lens is a fisheye's.
    """
    if table.get("fisheye") not in (None, False):
        fix = "undistort the videos and calibrate them as plain ones"
        raise BadInput(path, f"camera {name}: fisheye", str(table["fisheye"]), "false", fix)
    missing = [field for field in ("size", "matrix", "rotation", "translation") if field not in table]
    if missing:
        raise BadInput(path, f"camera {name}", f"no {missing[0]}", "size, matrix, rotation, translation", FIX)
    given = {
        field: numbers(path, f"camera {name}: {field}", table.get(field, []))
        for field in ("size", "matrix", "distortions", "rotation", "translation")
    }
    rotation = given["rotation"]
    if rotation.size == 3:
        rotation = Rotation.from_rotvec(rotation.reshape(3)).as_matrix()
    return checked(
        path, name, given["size"], given["matrix"], given["distortions"].ravel(), np.asarray(rotation),
        given["translation"].ravel(),
    )  # fmt: skip
