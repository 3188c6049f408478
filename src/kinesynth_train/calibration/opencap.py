"""Calibrations of OpenCap: a session's folder with cameraIntrinsicsExtrinsics.pickle per camera.

The pickles are untrusted files and are read by an unpickler that knows numpy's arrays and nothing else: no function of
numpy's own is called that would allocate, or read, whatever the file says. Rotation and translation (mm) lead from the
checkerboard to the camera; `imageSize` is height, width. How the board stood is in sessionMetadata.yaml; the rotations
to OpenSim's ground are those of OpenCap's main.py.
"""

import io
import re
from collections.abc import Sequence
from pathlib import Path
from pickle import Unpickler, UnpicklingError  # restricted below to numpy's arrays
from pickletools import genops
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from kinesynth.errors import BadInput
from kinesynth_train.calibration.camera import Camera, checked, y_up
from kinesynth_train.calibration.text import read_bytes

FILE = "cameraIntrinsicsExtrinsics.pickle"
FIX = "download the session from OpenCap again"
NEEDED = ("intrinsicMat", "distortion", "imageSize", "rotation", "translation")
MAX_BYTES = 1 << 16  # a camera's file has some 700
GROUND, WALL = ("ground", "lying", "horizontal", "floor"), ("backwall", "perpendicular", "vertical")


def fits(path: Path) -> bool:
    """Tell whether a path looks like a session or like one camera's file."""
    return (path.is_dir() and bool(_pickles(path))) or path.suffix == ".pickle"


def read(path: Path) -> tuple[list[Camera], list[str]]:
    """Return the cameras of a session, y up, and what was taken for granted."""
    files = [path] if path.is_file() else _pickles(path)
    cameras = [_camera(file) for file in files]
    placement, notes = _placement(path if path.is_dir() else path.parent)
    return [y_up(camera, _to_ground(path, placement, cameras)) for camera in cameras], notes


def _pickles(folder: Path) -> list[Path]:
    return sorted({*folder.glob(f"*/{FILE}"), *folder.glob(f"Videos/*/{FILE}")})


class _Number:
    """A type of numbers, in numpy's place: types of structures can be made to point anywhere."""

    def __init__(self, code: str, *_: object) -> None:
        if not isinstance(code, str) or re.fullmatch("[fiub][1248]", code) is None:
            raise UnpicklingError(f"dtype {code!r:.40}")
        self.dtype = np.dtype(code)

    def __setstate__(self, state: Sequence[Any]) -> None:
        self.dtype = self.dtype.newbyteorder(state[1])


class _Array:
    """An array, in numpy's place: of as many numbers as there are bytes."""

    numbers = np.empty(0)

    def __init__(self, *_: object) -> None:
        """Begin as numpy does, with none; its state follows."""

    def __setstate__(self, state: Sequence[Any]) -> None:
        _, shape, number, by_column, content = state
        self.numbers = np.frombuffer(content, number.dtype).reshape(shape, order="F" if by_column else "C")


def _from_buffer(content: bytes, number: _Number, shape: tuple[int, ...], order: str) -> _Array:
    result = _Array()
    result.__setstate__((1, shape, number, order == "F", content))
    return result


def _scalar(number: _Number, content: bytes) -> _Array:
    return _from_buffer(content, number, (), "C")


STAND_INS = {
    "numpy.ndarray": _Array,
    "numpy.dtype": _Number,
    "numpy._core.multiarray._reconstruct": _Array,
    "numpy._core.multiarray.scalar": _scalar,
    "numpy._core.numeric._frombuffer": _from_buffer,
}


class _OnlyArrays(Unpickler):
    """An unpickler that makes arrays of numbers and plain containers, and refuses all else."""

    def find_class(self, module: str, name: str) -> object:
        """Return what stands for one of numpy's own."""
        path = f"{module}.{name}".replace("numpy.core.", "numpy._core.")
        if path not in STAND_INS:
            raise UnpicklingError(f"{module}.{name}")
        return STAND_INS[path]


def unpickled(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of a pickled dictionary.

    Raises:
        BadInput: it is damaged, or holds anything but numbers and numpy's arrays.
    """
    stored = read_bytes(path)
    try:
        _check_size(stored)
        content = _OnlyArrays(io.BytesIO(stored)).load()
    except Exception as error:
        found = " ".join(str(error).split())[:120] or type(error).__name__
        raise BadInput(path, "pickle", found, "numpy arrays and nothing else", FIX) from error
    if not isinstance(content, dict):
        raise BadInput(path, "pickle", type(content).__name__, "a dictionary of arrays", FIX)
    given = {key: value for key, value in content.items() if key in NEEDED}
    for key, value in given.items():
        if not isinstance(value, _Array) or not value.numbers.size:
            raise BadInput(path, key, type(value).__name__.strip("_"), "an array of numbers", FIX)
    return {key: value.numbers.astype(float) for key, value in given.items()}


def _check_size(stored: bytes) -> None:
    """Raise where a file is no camera's, or would have the unpickler remember more things than it can hold."""
    if len(stored) > MAX_BYTES:
        raise UnpicklingError(f"{len(stored)} bytes")
    for operation, argument, _ in genops(stored):
        if "PUT" in operation.name and isinstance(argument, int) and argument > len(stored):
            raise UnpicklingError(f"{operation.name} {argument}")


def _camera(path: Path) -> Camera:
    given = unpickled(path)
    missing = [key for key in NEEDED if key not in given]
    if missing:
        raise BadInput(path, missing[0], "nothing", ", ".join(NEEDED), FIX)
    if given["translation"].size != 3:
        raise BadInput(path, "translation", str(given["translation"].shape), "three numbers", FIX)
    return checked(
        path, path.parent.name.lower(), given["imageSize"].ravel()[::-1], given["intrinsicMat"],
        given["distortion"].ravel(), given["rotation"], given["translation"].ravel() / 1000.0,
    )  # fmt: skip


def _placement(folder: Path) -> tuple[str, list[str]]:
    """Return how the board stood, from the session's metadata there or above, and what was taken for granted."""
    for place in (folder, *folder.absolute().parents[:3]):
        file = place / "sessionMetadata.yaml"
        if file.is_file():
            found = re.search(r"^\s*placement:\s*['\"]?([\w ]+)", read_bytes(file).decode("utf-8", "replace"), re.M)
            if found is None:
                raise BadInput(file, "checkerBoard.placement", "nothing", "ground or backWall", "write one there")
            return found.group(1).strip(), []
    return "", ["no sessionMetadata.yaml: the board's placement is the one that has the cameras stand upright"]


def _to_ground(path: Path, placement: str, cameras: list[Camera]) -> np.ndarray:
    """Return the rotation from the board to OpenSim's ground, of those that its placement allows.

    A board on the wall may hang upside down; then, and where nothing is said, the rotation is taken in which the
    cameras' own up is most nearly up.
    """
    turns = (("xy", [90, 90]), ("yz", [90, 180]), ("y", [-90]))  # about axes that stay in space, the first first
    lying, *hanging = (Rotation.from_euler(axes, angles, degrees=True).as_matrix() for axes, angles in turns)
    name = placement.lower()
    if name not in (*GROUND, *WALL, ""):
        fix = "write ground or backWall there, or give the cameras as .toml or .json"
        raise BadInput(path, "checkerBoard.placement", placement, "ground or backWall", fix)
    choices = [lying] if name in GROUND else hanging if name in WALL else [lying, *hanging]
    upward = np.mean([-camera.world_to_camera[1, :3] for camera in cameras], axis=0)
    return max(choices, key=lambda rotation: float((rotation @ upward)[1]))
