"""Where the search for a pose begins: the trunk laid on its markers, the limbs in several poses that people take."""

from functools import cache
from importlib.resources import files

import numpy as np
import torch
from scipy.spatial.transform import Rotation
from torch import Tensor

from kinesynth.body.joints import JOINT_NAMES
from kinesynth.mosh.points import BodyState
from kinesynth.text import table_rows

_ARMS_DOWN, _ARMS_UP = 65.0, -60.0  # degrees from the T-pose
Pose = dict[str, tuple[float, float, float]]
# Degrees about x (left), y (up), z (forward) of the left limb; the right one is its mirror image.
STANDING: Pose = {"shoulder": (0, 0, -_ARMS_DOWN)}
STARTS: tuple[Pose, ...] = (
    STANDING,
    {},
    {"shoulder": (0, 0, -_ARMS_UP)},
    {"shoulder": (0, -70, -20), "elbow": (0, -60, 0)},
    {"hip": (-80, 0, 0), "knee": (80, 0, 0), "shoulder": (0, -20, -50), "elbow": (0, -70, 0)},
)


def pose_of(limbs: Pose) -> Tensor:
    """Return the rotations (55, 3, 3) of a start pose."""
    turns = np.zeros((len(JOINT_NAMES), 3))
    for joint, (x, y, z) in limbs.items():
        turns[JOINT_NAMES.index(f"left_{joint}")] = np.radians([x, y, z])
        turns[JOINT_NAMES.index(f"right_{joint}")] = np.radians([x, -y, -z])
    return torch.from_numpy(Rotation.from_rotvec(turns).as_matrix())


def stiffness(posed: tuple[int, ...]) -> Tensor:
    """Return what a radian off the standing pose weighs, (3 J + 3,) m²/rad²; nothing for the place of the body."""
    table = _stiffness()
    each = [table[_kind(JOINT_NAMES[joint])] for joint in posed]
    return torch.tensor([value for value in each for _ in range(3)] + [0.0] * 3, dtype=torch.float64)


def _kind(joint: str) -> str:
    name = joint.removeprefix("left_").removeprefix("right_")
    return "finger" if name[-1] in "123" and not name.startswith("spine") else name


@cache
def _stiffness() -> dict[str, float]:
    rows = table_rows(files("kinesynth.mosh") / "tables" / "stiffness.csv")
    return {row["joint"]: float(row["stiffness"]) for row in rows}


def re_based(state: BodyState, base: Tensor) -> BodyState:
    """Return the same body with its limbs' correction counted from `base` (55, 3, 3), and the pelvis' from itself."""
    rotations, transl = state.corrected()
    start = rotations.clone()
    start[:, 1:] = base[1:]
    posed = list(state.posed)
    turns = Rotation.from_matrix((rotations @ start.mT)[:, posed].reshape(-1, 3, 3).numpy()).as_rotvec()
    correction = np.concatenate([turns.reshape(len(transl), -1), np.zeros((len(transl), 3))], axis=1)
    return BodyState(start, transl, torch.from_numpy(correction), state.betas, state.posed, state.latents)
