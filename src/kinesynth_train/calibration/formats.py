"""Which reader reads which calibration: a row per format, tried in order."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kinesynth.errors import BadInput
from kinesynth_train.calibration import anipose, caliscope, opencap, own, qualisys
from kinesynth_train.calibration.camera import TO_Y_UP, Camera, in_metres, y_up


@dataclass(frozen=True)
class Format:
    """A format of calibration files.

    Attributes:
        name: for messages.
        fits: whether a path looks like one, at little cost.
        read: its cameras, in the file's world and unit, and notes on what was taken for granted.
        up: the axis of that world that is up, unless the user says otherwise.
    """

    name: str
    fits: Callable[[Path], bool]
    read: Callable[[Path], tuple[list[Camera], list[str]]]
    up: str


FORMATS = (
    Format("OpenCap session folder", opencap.fits, opencap.read, "y"),
    Format("caliscope camera_array.toml", caliscope.fits, caliscope.read, "z"),
    Format("Pose2Sim or anipose .toml", anipose.fits, anipose.read, "z"),
    Format("Qualisys .qca.txt", qualisys.fits, qualisys.read, "z"),
    Format("cameras .json", own.fits, own.read, "y"),
)
FIX = "convert it with Pose2Sim.calibration(), which writes a .toml that is read here"


def read_cameras(path: str | Path, up: str = "") -> tuple[dict[str, Camera], list[str]]:
    """Return the cameras of a calibration by name, in a world that is y up and in metres, and what was assumed.

    Args:
        path: a file or an OpenCap session's folder.
        up: the axis of the file's world that is up (x, y, z, -x, -y, -z); empty takes the format's own.

    Raises:
        BadInput: no such file, no known format, or a number in it is impossible.
    """
    path, known = Path(path), ", ".join(each.name for each in FORMATS)
    if not path.exists():
        raise BadInput(path, "calibration", "no such file or folder", known, "check the path")
    for each in FORMATS:
        if not each.fits(path):
            continue
        cameras, notes = each.read(path)
        names = [camera.name for camera in cameras]
        if not names:
            raise BadInput(path, "cameras", "none", f"at least one in a {each.name}", FIX)
        if twice := [name for name in names if names.count(name) > 1]:
            raise BadInput(path, "cameras", f"{twice[0]} twice", "each name once", "rename one of them")
        cameras, unit = in_metres(cameras)
        axis = up or each.up
        if axis != "y" and not up:
            notes.append(f"the world of a {each.name} is taken to have {axis} up; --up says otherwise")
        placed = {camera.name: y_up(camera, TO_Y_UP[axis]) for camera in cameras}
        return placed, [*notes, *([unit] if unit else [])]
    raise BadInput(path, "calibration", path.suffix or "a folder or a file without suffix", known, FIX)
