"""Calibrations of Qualisys Track Manager, .qca.txt: XML in millimetres, with intrinsics in 64ths of a pixel.

The transform holds, column by column, the axes of the camera in the world; Qualisys' camera looks along -z with y up.
Facts after Pose2Sim's calibration.py, checked against a calibration of the same cameras in both formats. Pictures that
were exported turned (`viewrotation`) are told by their size, see `fitted.fit_to_video`.
"""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from kinesynth.errors import BadInput
from kinesynth_train.calibration.camera import FIX, Camera, checked
from kinesynth_train.calibration.text import read_bytes

UNIT = 64.0
VIDEO = ("video", "none")  # models; those of the others see markers only


def fits(path: Path) -> bool:
    """Tell whether a path looks like one."""
    return path.is_file() and path.name.endswith((".qca.txt", ".qca", ".qca.xml"))


def read(path: Path) -> tuple[list[Camera], list[str]]:
    """Return the video cameras of a file and what was taken for granted."""
    text = read_bytes(path)
    if b"<!ENTITY" in text or b"<!DOCTYPE" in text:
        raise BadInput(path, "file", "XML with entities", "QTM's plain XML", FIX)
    try:
        root = ElementTree.fromstring(text)  # its entities are refused above
    except (ElementTree.ParseError, ValueError, LookupError) as error:  # the latter two of encodings
        raise BadInput(path, "file", f"no XML ({error})", "QTM's XML", FIX) from error
    elements = list(root.iter("camera"))
    video = [element for element in elements if any(word in element.get("model", "").lower() for word in VIDEO)]
    notes = [
        f"camera {element.get('serial')} sees markers only and is left out"
        for element in elements
        if element not in video
    ]
    return [_camera(path, element) for element in video], notes


def _camera(path: Path, element: Any) -> Camera:
    name = element.get("serial", "")

    def number(part: str, attribute: str, default: float | None = None) -> float:
        found = element.find(part)
        value = None if found is None else found.get(attribute)
        if value is None and default is not None:
            return default
        try:
            return float(value or "")
        except ValueError as error:
            field = f"camera {name}: {part} {attribute}"
            raise BadInput(path, field, repr(value), "a number", FIX) from error

    left, right, top, bottom = (number("fov_video", side) for side in ("left", "right", "top", "bottom"))
    axes = np.array([[number("transform", f"r{row}{column}") for column in "123"] for row in "123"])
    place = np.array([number("transform", axis) for axis in "xyz"])
    focal = [number("intrinsic", f"focalLength{axis}") / UNIT for axis in "UV"]
    middle = [number("intrinsic", f"centerPoint{axis}") / UNIT for axis in "UV"]
    K = np.array([[focal[0], 0.0, middle[0] - left], [0.0, focal[1], middle[1] - top], [0.0, 0.0, 1.0]])
    radial = [number("intrinsic", f"radialDistortion{order}", 0.0) for order in "123"]
    tangential = [number("intrinsic", f"tangentalDistortion{order}", 0.0) for order in "12"]  # QTM spells it so
    rotation = np.diag([1.0, -1.0, -1.0]) @ axes
    lens = [*radial[:2], *tangential, radial[2]]
    size = [right - left + 1, bottom - top + 1]
    return checked(path, name, np.array(size), K, np.array(lens), rotation, -rotation @ place / 1000.0)
