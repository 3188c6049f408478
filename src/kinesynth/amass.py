"""AMASS files in every shape they come in, read without pickle into one record.

SMPL+H files hold `poses` (T, 156): root 3, body 63, left and right hand 45 each. SMPL-X "stageii" files hold `poses`
(T, 165): root 3, body 63, jaw 3, eyes 6, hands 45 each, or the same as split keys. The world is z-up. Hand poses are
complete axis-angles relative to the flat hand, not offsets from the mean hand: a body model takes them with
`use_pca=False, flat_hand_mean=True`.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from scipy.spatial.transform import Rotation

from kinesynth.errors import BadInput
from kinesynth.npz import open_npz, write_npz
from kinesynth.pose_layout import SMPLX, WITH_FACE

Y_UP = Rotation.from_matrix([[0.0, -1.0, 0.0], [0.0, 0.0, 1.0], [-1.0, 0.0, 0.0]])
"""From AMASS's world, whose z is up, to ours, whose y is up and in which x points forward."""
RATES_HZ = (10.0, 1000.0)
_RATE_KEYS = ("mocap_framerate", "mocap_frame_rate")
_SPLIT_KEYS = ("root_orient", "pose_body", "pose_hand")
_LAYOUTS = {layout.width: layout for layout in (SMPLX, WITH_FACE)}
_MAX_METRES = 1000.0
_MAX_RADIANS = 15.0  # more than two turns; upright is 1.6 in a world whose z is up, and 90 in a file in degrees
_FIX = "export the file again or leave it out of the table"


@dataclass(frozen=True)
class AmassFile:
    """What a file says, checked: finite, well shaped, at a possible rate.

    Attributes:
        path: where it came from.
        fps: frames per second.
        gender: male, female or neutral.
        model: the surface model that `betas` belong to, as the file names it; smplh or smplx by the shape of its poses
            where it names none.
        betas: (10 | 16 | 300,) shape components.
        trans: (T, 3) m, z-up; the pelvis is at `trans` plus a constant of the shape.
        root_orient: (T, 3) rad, axis-angle in the z-up world.
        pose_body: (T, 63) rad, axis-angles of the 21 body joints.
        left_hand: (T, 45) rad, relative to the flat hand.
        right_hand: (T, 45) rad.
        seconds: the duration that the file states, None where it states none.
        notes: what was taken otherwise than the file says.
    """

    path: Path
    fps: float
    gender: Literal["male", "female", "neutral"]
    model: str
    betas: np.ndarray
    trans: np.ndarray
    root_orient: np.ndarray
    pose_body: np.ndarray
    left_hand: np.ndarray
    right_hand: np.ndarray
    seconds: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def n_frames(self) -> int:
        """Number of frames T."""
        return len(self.trans)


def read_amass(path: Path) -> AmassFile:
    """Read and check an AMASS file.

    Raises:
        BadInput: the file is unreadable or truncated, lacks a key, or a value has the wrong shape, is not finite, or is
            beyond what a body can do. The rate is only checked to be possible; see `rate_audit`.
    """
    with open_npz(path, "an AMASS .npz file", _FIX) as keys:
        poses, model = _read_poses(path, keys)
        trans = _numbers(path, keys, "trans", (len(poses), 3))
        _within(path, "trans", trans, _MAX_METRES, "m")
        _within(path, "poses", poses, _MAX_RADIANS, "rad")
        parts = _LAYOUTS[poses.shape[1]].split(poses)
        return AmassFile(
            path=path,
            fps=read_rate(path, keys),
            gender=_read_gender(path, keys),
            model=_read_model(path, keys) or model,
            betas=_read_betas(path, keys),
            trans=trans,
            root_orient=parts["global_orient"],
            pose_body=parts["body_pose"],
            left_hand=parts["left_hand_pose"],
            right_hand=parts["right_hand_pose"],
            seconds=read_seconds(path, keys),
        )


def write_amass(file: AmassFile) -> None:
    """Write a SMPL-X stageii file at `file.path`; equal content gives equal bytes."""
    hands = np.concatenate([file.left_hand, file.right_hand], axis=1)
    arrays: dict[str, Any] = {
        "gender": file.gender,
        "surface_model_type": file.model,
        "mocap_frame_rate": file.fps,
        "mocap_time_length": file.n_frames / file.fps,
        "betas": file.betas,
        "num_betas": len(file.betas),
        "trans": file.trans,
        "poses": WITH_FACE.joined(
            global_orient=file.root_orient,
            body_pose=file.pose_body,
            left_hand_pose=file.left_hand,
            right_hand_pose=file.right_hand,
        ),
        "root_orient": file.root_orient,
        "pose_body": file.pose_body,
        "pose_hand": hands,
    }
    write_npz(file.path, {name: np.asarray(value) for name, value in arrays.items()})


def _read_poses(path: Path, keys: Any) -> tuple[np.ndarray, Literal["smplh", "smplx"]]:
    """Return poses (T, 156) of SMPL+H or (T, 165) of SMPL-X, joined from the split keys where need be."""
    if "poses" in keys:
        poses = _numbers(path, keys, "poses")
        if poses.ndim != 2 or poses.shape[1] not in _LAYOUTS:
            expected = "(T, 156) of SMPL+H or (T, 165) of SMPL-X"
            raise BadInput(path, "poses", f"shape {poses.shape}", expected, _FIX)
    elif all(name in keys for name in _SPLIT_KEYS):
        root = _numbers(path, keys, "root_orient")
        frames = len(root) if root.ndim else 0
        shapes = dict(zip(_SPLIT_KEYS, (3, 63, 90), strict=True))
        root, body, hands = (_numbers(path, keys, name, (frames, width)) for name, width in shapes.items())
        poses = np.concatenate([root, body, np.zeros((frames, 9)), hands], axis=1)
    else:
        found = ", ".join(sorted(keys.files)[:12]) or "nothing"
        raise BadInput(path, "poses", f"only {found}", f"poses, or {', '.join(_SPLIT_KEYS)}", _FIX)
    if len(poses) == 0:
        raise BadInput(path, "poses", "no frames", "at least one", _FIX)
    return poses, "smplx" if poses.shape[1] == WITH_FACE.width else "smplh"


def read_rate(path: Path, keys: Any) -> float:
    """Return the frame rate (Hz) that an archive's `keys` state.

    Raises:
        BadInput: they state none, or one that is no single number or out of bounds.
    """
    present = [name for name in _RATE_KEYS if name in keys]
    if not present:
        raise BadInput(path, _RATE_KEYS[0], "no such key", "the frame rate in Hz", _FIX)
    rate = _scalar(path, keys, present[0])
    low, high = RATES_HZ
    if not low <= rate <= high:
        raise BadInput(path, present[0], f"{rate:g}", f"a rate of {low:g} to {high:g} Hz", _FIX)
    return rate


def read_seconds(path: Path, keys: Any) -> float | None:
    """Return the duration (s) that an archive's `keys` state, None where they state none.

    Raises:
        BadInput: it is no single positive number.
    """
    return _scalar(path, keys, "mocap_time_length") if "mocap_time_length" in keys else None


def require_duration(path: Path, n_frames: int, fps: float, stated: float | None) -> None:
    """Hold the rate (Hz) of so many frames against the duration (s) that their file states.

    Raises:
        BadInput: they contradict each other.
    """
    seconds = n_frames / fps
    if stated is not None and abs(seconds - stated) > max(0.05 * stated, 2.0 / fps):
        found = f"{fps:g} Hz, at which {n_frames} frames last {seconds:.2f} s"
        expected = f"{stated:.2f} s as mocap_time_length says ({n_frames / stated:.4g} Hz)"
        raise BadInput(path, "frame rate", found, expected, "correct the one that is wrong")


def _read_model(path: Path, keys: Any) -> str:
    """Return the surface model that the file names, nothing where it names none."""
    return _text(path, keys, "surface_model_type").strip().lower() if "surface_model_type" in keys else ""


def _read_betas(path: Path, keys: Any) -> np.ndarray:
    betas = _numbers(path, keys, "betas")
    if betas.size not in (10, 16, 300) or max(betas.shape) != betas.size:
        raise BadInput(path, "betas", f"shape {betas.shape}", "10, 16 or 300 components", _FIX)
    _within(path, "betas", betas, 20.0, "standard deviations")
    return betas.ravel()


def _read_gender(path: Path, keys: Any) -> Literal["male", "female", "neutral"]:
    if "gender" not in keys:
        return "neutral"
    text = _text(path, keys, "gender")
    match = re.fullmatch(r"(?:b['\"])?(male|female|neutral|unknown)['\"]?", text.strip().lower())
    if not match:
        raise BadInput(path, "gender", repr(text[:40]), "male, female or neutral", _FIX)
    found = match.group(1)
    return "male" if found == "male" else "female" if found == "female" else "neutral"


def _array(path: Path, keys: Any, name: str) -> np.ndarray:
    try:
        return np.asarray(keys[name])
    except ValueError as error:  # NumPy's, of an array that would have to be unpickled
        fix = f"save the file again without pickled objects, e.g. np.savez(..., {name}=np.array(...))"
        raise BadInput(path, name, f"unreadable data ({error})", "text or numbers", fix) from error


def _text(path: Path, keys: Any, name: str) -> str:
    """Return a single text, empty where the array holds several."""
    value = _array(path, keys, name).ravel()
    text = value[0] if value.size == 1 else ""
    return text.decode("ascii", "replace") if isinstance(text, bytes) else str(text)


def _numbers(path: Path, keys: Any, name: str, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """Return an array of finite float64, of `shape` where one is given."""
    if name not in keys:
        raise BadInput(path, name, "no such key", "an array of numbers", _FIX)
    array = _array(path, keys, name)
    if array.dtype.kind not in "fiu":
        raise BadInput(path, name, f"values of type {array.dtype}", "numbers", _FIX)
    if shape is not None and array.shape != shape:
        raise BadInput(path, name, f"shape {array.shape}", f"shape {shape}", _FIX)
    bad = ~np.isfinite(array)
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        raise BadInput(path, name, f"{array[where]} at index {where}", "finite numbers", _FIX)
    return array.astype(np.float64)


def _scalar(path: Path, keys: Any, name: str) -> float:
    array = _numbers(path, keys, name)
    if array.size != 1 or not array.ravel()[0] > 0.0:
        found = f"{array.ravel()[0]:g}" if array.size == 1 else f"shape {array.shape}"
        raise BadInput(path, name, found, "one positive number", _FIX)
    return float(array.ravel()[0])


def _within(path: Path, name: str, array: np.ndarray, maximum: float, unit: str) -> None:
    worst = float(np.abs(array).max(initial=0.0))
    if worst > maximum:
        raise BadInput(path, name, f"a value of {worst:.3g} {unit}", f"at most {maximum:g} {unit}", _FIX)
