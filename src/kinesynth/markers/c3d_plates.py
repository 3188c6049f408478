"""Force plates of a .c3d file: forces on the body, and their moments, in the axes of its points."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from kinesynth.errors import BadInput, ClipRejected, MissingDependency
from kinesynth.isolation import isolated
from kinesynth.markers.c3d import TIMEOUT_SECONDS, check_c3d
from kinesynth.opensim_files.force_table import Plates
from kinesynth.opensim_files.units import METRES_PER_UNIT, metres_per_unit

MIN_EDGE_M, MAX_EDGE_M = 0.25, 3.0  # of plates and of treadmills' belts
MARGIN_M = 0.05  # beyond a plate's edges, where the mean centre of pressure may still be
PRESSING_N = 100.0
MAX_OFFSET_N = 50.0  # of a plate that bears nothing; more, and somebody stands on it
_WITH_POINTS, _WITH_MOMENTS = 1, (2, 4)  # types whose channels are points, or moments
_FIX = "correct the group FORCE_PLATFORM, for instance with Mokka, or export the forces as .mot"


def read_c3d_plates(path: Path) -> Plates:
    """Read the forces that a file's plates measured, as its channels, calibration and corners tell.

    Types 1 to 4 of the format. Forces are those on the body, as Vicon, Qualisys and others write them. Times are those
    of the file's points. What plates show while they bear nothing, in the frames FORCE_PLATFORM:ZERO, is taken off.

    Raises:
        BadInput: the file is no .c3d, has no plates or of a type that is not known, its corners are those of no plate,
            its moments are in another unit than its points, or the forces act beside the plates.
        MissingDependency: ezc3d is not installed.
    """
    if find_spec("ezc3d") is None:
        raise MissingDependency("ezc3d", "pipeline")
    check_c3d(path)
    try:
        content = isolated(_content, path.absolute(), timeout_seconds=TIMEOUT_SECONDS, log=Path(os.devnull))
    except ClipRejected as error:
        found = error.detail.removesuffix(f", see {os.devnull}")[:120]
        raise BadInput(path, "FORCE_PLATFORM", found, "force plates of a known type", _FIX) from error
    if not content["plates"]:
        raise BadInput(path, "FORCE_PLATFORM", "no plates", "one or more", "name the file that has the forces")
    _check_moments(path, content)
    metres, notes = _metres(path, content)
    plates = [_plate(path, number, plate, metres) for number, plate in enumerate(content["plates"], start=1)]
    force, point, torque = (np.stack(each, axis=1) for each in zip(*plates, strict=True))
    times = content["first"] / content["rate"] + np.arange(len(force)) / content["analog_rate"]
    names = tuple(f"plate {number + 1}" for number in range(len(plates)))
    return Plates(times, names, force, point, torque, notes, (None,) * len(names))


def _metres(path: Path, content: dict[str, Any]) -> tuple[float, tuple[str, ...]]:
    """Return how many metres the corners' unit is: as the file says, or else the one in which they are a plate's."""
    corners = np.stack([plate["corners"] for plate in content["plates"]])
    edges = np.linalg.norm(np.roll(corners, -1, axis=1) - corners, axis=-1)
    stated = metres_per_unit(content["unit"])
    for name, metres in METRES_PER_UNIT.items() if stated is None else ((content["unit"], stated),):
        if (metres * edges >= MIN_EDGE_M).all() and (metres * edges <= MAX_EDGE_M).all():
            return metres, () if stated else (f"POINT:UNITS says nothing: plates are taken to be in {name}",)
    found = f"edges of {edges.min():.4g} to {edges.max():.4g} {content['unit'] or 'of no unit'}"
    raise BadInput(path, "FORCE_PLATFORM:CORNERS", found, f"{MIN_EDGE_M:g} to {MAX_EDGE_M:g} m", _FIX)


def _plate(path: Path, number: int, plate: dict[str, Any], metres: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return force, point and torque (T, 3) of a plate, the point being the middle of its corners.

    Raises:
        BadInput: whoever presses on it stands beside it: its channels, its calibration or its corners are others'.
    """
    force, moment = _without_offset(plate)
    corners = metres * plate["corners"]
    middle = corners.mean(axis=0)
    if not (np.isfinite(force).all() and np.isfinite(moment).all()):
        raise BadInput(path, f"plate {number}", "a force that is not finite", "finite numbers", _FIX)
    torque = metres * moment
    pressing = np.linalg.norm(force, axis=1) >= PRESSING_N
    if pressing.any():
        off = _off_plate(force[pressing], torque[pressing], corners - middle)
        if off > MARGIN_M:
            found = f"a centre of pressure {off:.2f} m beyond its edges"
            raise BadInput(path, f"plate {number}", found, "one on the plate", _FIX)
    return force, np.tile(middle, (len(force), 1)), torque


def _without_offset(plate: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return force and moment (T, 3) of a plate without what it shows while it bears nothing."""
    first, last = plate["zero"]
    quiet = slice(first, last)
    values = np.concatenate([plate["force"], plate["moment"]]).T
    offset = values[quiet].mean(axis=0) if 0 <= first < last <= len(values) else np.zeros(6)
    if np.linalg.norm(offset[:3]) < MAX_OFFSET_N:
        values = values - offset
    return values[:, :3], values[:, 3:]


def _check_moments(path: Path, content: dict[str, Any]) -> None:
    """Require that channels of moments are in the unit of points: the format knows one unit of length.

    Raises:
        BadInput: they say another one.
    """
    points = metres_per_unit(content["unit"])
    for number, plate in enumerate(content["plates"], start=1):
        for unit in plate["moment_units"]:
            length = metres_per_unit(unit.strip().lower().removeprefix("n").strip("-.* "))
            if points is not None and length is not None and length != points:
                found = f"moments in {unit}, points in {content['unit']}"
                fix = "export both in the same unit of length, or the forces as .mot"
                raise BadInput(path, f"plate {number}, ANALOG:UNITS", found, f"N{content['unit']}", fix)


def _off_plate(force: np.ndarray, torque: np.ndarray, corners: np.ndarray) -> float:
    """Return how far (m) beyond the plate's edges forces (N, 3) act, the median.

    Args:
        force: N.
        torque: (N, 3) N m about the plate's middle.
        corners: (4, 3) m from there.
    """
    along = corners[0] + corners[3] - corners[1] - corners[2]
    across = corners[0] + corners[1] - corners[2] - corners[3]
    half = 0.25 * np.linalg.norm(along), 0.25 * np.linalg.norm(across)
    along, across = along / np.linalg.norm(along), across / np.linalg.norm(across)
    normal = np.cross(along, across)
    pressing = np.abs(force @ normal) > 0.5 * np.linalg.norm(force, axis=1)
    if not pressing.any():
        return 0.0
    point = np.cross(normal, torque[pressing]) / (force[pressing] @ normal)[:, None]
    beyond = [np.abs(point @ axis) - size for axis, size in zip((along, across), half, strict=True)]
    return float(np.median(np.maximum(*beyond)))


def _content(path: Path) -> dict[str, Any]:
    """Return plates, units and rates. Runs in a process of its own."""
    import ezc3d

    try:
        content = ezc3d.c3d(str(path), extract_forceplat_data=True)
    except (OSError, ValueError, KeyError, IndexError, MemoryError, RuntimeError) as error:
        raise RuntimeError(str(error)) from error
    parameters, header = content["parameters"], content["header"]
    group = {
        name: np.asarray(entry["value"]) for name, entry in parameters["FORCE_PLATFORM"].items() if "value" in entry
    }
    units = [str(unit).strip() for unit in parameters["POINT"].get("UNITS", {}).get("value", [])]
    of_channels = [str(unit) for unit in parameters["ANALOG"].get("UNITS", {}).get("value", [])]
    zero = np.ravel(group.get("ZERO", [1, 0])).astype(int)
    points, analogs = header["points"], header["analogs"]
    ratio = round(float(analogs["frame_rate"]) / float(points["frame_rate"]))
    plates = []
    for number, plate in enumerate(content["data"]["platform"]):
        kind, channels = int(np.ravel(group["TYPE"])[number]), group["CHANNEL"][:, number].astype(int) - 1
        moments = channels[3:6] if kind in _WITH_MOMENTS else channels[:0]
        plates.append(
            {
                "corners": np.asarray(plate["corners"], float).T,
                "force": np.asarray(plate["force"], float),
                # of type 1 ezc3d gives the moment on the plate
                "moment": np.asarray(plate["moment"], float) * (-1.0 if kind == _WITH_POINTS else 1.0),
                "moment_units": [of_channels[channel] for channel in moments if channel < len(of_channels)],
                "zero": (int(zero[0] - 1) * ratio, int(zero[1]) * ratio) if len(zero) == 2 else (0, 0),
            }
        )
    return {
        "plates": plates,
        "unit": units[0] if units else "",
        "rate": float(points["frame_rate"]),
        "analog_rate": float(analogs["frame_rate"]),
        "first": max(int(points["first_frame"]), 0),
    }
