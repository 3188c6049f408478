"""Which way is up in an AMASS file: z, as AMASS has it, unless the motion shows that the file was turned.

A person who stands along another axis than z may lie, hang or do a handstand in a file that is right. Only what
gravity leaves no choice of turns a file: a pelvis that travels over a planted sole, or a body that moves up and down
along z by more than what holds it. Where neither shows, the floor decides, and where it does not, the user is asked.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from kinesynth.amass import AmassFile, read_amass
from kinesynth.body.forward_kinematics import forward_kinematics
from kinesynth.errors import BadInput
from kinesynth.subjects.amass_size import mean_joints, rest_pelvis

_TO_Z = {
    "x": Rotation.from_euler("y", -np.pi / 2.0),
    "y": Rotation.from_euler("x", np.pi / 2.0),
    "z": Rotation.identity(),
    "-x": Rotation.from_euler("y", np.pi / 2.0),
    "-y": Rotation.from_euler("x", -np.pi / 2.0),
    "-z": Rotation.from_euler("x", np.pi),
}
_HEAD, _NECK, _FEET, _WRISTS = 15, 12, (7, 8, 10, 11), (20, 21)
_ALONG = np.cos(np.radians(50.0))  # how near to an axis a trunk counts as along it
_EVER, _ALWAYS = 0.3, 0.8  # fractions of the frames
_CARRIED, _PLANTED, _TRAVELS = 0.15, 0.15, 0.3  # fraction of frames; m/s of a sole; m/s of the pelvis over it
_MOVES_UP_M = 0.5  # along z, of the body's lowest point: more than steps and beds are high
_ON_FLOOR_M = 0.12  # of height 0
_FIX = "state the axis that is up in the clip table's column `up` (x, y or z)"


def read_upright(path: Path, up: str | None = None, fps: float | None = None) -> AmassFile:
    """Read an AMASS file and turn it until z is up; what was found or stated of it is noted.

    Args:
        path: the file.
        up: the axis that is up, if the user states it.
        fps: the true rate, if the user states it, Hz.

    Raises:
        BadInput: as `read_amass`, or the axis that is up can neither be found nor taken for z.
    """
    file = read_amass(path)
    axis = up or up_axis(file)
    notes = []
    if axis != "z":
        notes.append(f"up axis: {axis}, {'stated' if up else 'found from the motion'}")
    if fps is not None and abs(fps - file.fps) > 1e-3 * file.fps:
        notes.append(f"rate: {fps:g} Hz, stated, for the file's {file.fps:g} Hz")
        file = replace(file, fps=fps, seconds=None)
    return replace(turned(file, axis), notes=tuple(notes))


def turned(file: AmassFile, axis: str) -> AmassFile:
    """Return the file with `axis` (x, y, z, or one of them after a minus) turned to z."""
    if axis == "z":
        return file
    turn, pelvis = _TO_Z[axis], rest_pelvis(file)
    orient = (turn * Rotation.from_rotvec(file.root_orient)).as_rotvec()
    return replace(file, trans=turn.apply(file.trans + pelvis) - pelvis, root_orient=orient)


def up_axis(file: AmassFile) -> str:
    """Return the axis that is up: z, unless the person stands along another and gravity says that this one is.

    Raises:
        BadInput: the person stands along another, and the motion does not tell whether the file is turned.
    """
    rest = mean_joints()
    pose = np.concatenate([file.root_orient, file.pose_body], axis=1).reshape(-1, 22, 3)
    joints, _ = forward_kinematics(rest, file.trans + rest_pelvis(file), pose)
    trunk = joints[:, _NECK] - joints[:, 0]
    trunk /= np.linalg.norm(trunk, axis=1, keepdims=True)
    if (trunk[:, 2] > _ALONG).mean() > _EVER:
        return "z"
    along = {axis: turn.apply(trunk)[:, 2] > _ALONG for axis, turn in _TO_Z.items()}
    stands = [axis for axis, fraction in along.items() if fraction.mean() > _ALWAYS]
    if not stands:
        return "z"
    (axis,) = stands
    seen = _TO_Z[axis].apply(joints.reshape(-1, 3)).reshape(joints.shape)
    if not _stands_on_feet(seen):
        return "z"
    if _walks(seen, file.fps) or np.ptp(np.quantile(joints[..., 2].min(axis=1), [0.05, 0.95])) > _MOVES_UP_M:
        return axis
    lies, stands_on_floor = (abs(np.median(part[..., 2].min(axis=1))) < _ON_FLOOR_M for part in (joints, seen))
    if lies != stands_on_floor:
        return axis if stands_on_floor else "z"
    found = f"a person who is upright along {axis} in {along[axis].mean():.0%} of the frames"
    raise BadInput(file.path, "up axis", found, "z up, or a motion that shows what is up", _FIX)


def _stands_on_feet(joints: np.ndarray) -> bool:
    """Whether the feet are the lowest joints nearly always, and below the head."""
    feet = joints[:, _FEET, 2].min(axis=1)
    others = np.delete(joints[..., 2], _FEET, axis=1).min(axis=1)
    return bool((feet < others).mean() > _ALWAYS and (feet < joints[:, _HEAD, 2]).all())


def _walks(joints: np.ndarray, fps: float) -> bool:
    """Whether the pelvis travels over a foot that stays in its place, in enough of the frames."""
    if len(joints) < 3:
        return False
    velocity = np.gradient(joints, 1.0 / fps, axis=0)
    foot = np.linalg.norm(velocity[:, _FEET], axis=-1).min(axis=1)
    pelvis = np.linalg.norm(velocity[:, 0], axis=-1)
    return bool(((foot < _PLANTED) & (pelvis > _TRAVELS)).mean() > _CARRIED)
