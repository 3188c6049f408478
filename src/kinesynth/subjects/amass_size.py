"""How large the body of an AMASS file is, from its motion: for betas of a body model that is not at hand.

Two things tell it. Feet that carry the body do not slide over the floor: a leg that is taken too long or too short
makes them, as soon as the pelvis moves over them. And the lowest points of the soles stand on the floor, which most
recordings have at height 0.
"""

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import uniform_filter1d

from kinesynth.amass import AmassFile
from kinesynth.body.bone_lengths import smplx_rest_joints
from kinesynth.body.forward_kinematics import forward_kinematics
from kinesynth.body.schema import BETAS

_SIZES = np.arange(0.6, 1.4, 0.0025)
SMPLH_PELVIS = np.array([-0.002, -0.241, 0.029])  # of the mean body of SMPL, whose surface SMPL+H has; m
_ANKLES, _TOES = (7, 8), (10, 11)
_SOLE = {
    _ANKLES: ((0.0, -0.065, -0.05),),
    _TOES: ((0.0, -0.025, 0.0), (0.0, -0.025, 0.05)),
}
"""Points of the mean body's soles, m from the joint that carries them: heel, ball, tip of the toes."""
_STILL_M_PER_S = 0.08  # how fast a planted sole still seems to move: noise, and skin that rolls
_SMOOTHED_SECONDS = 0.05
_INDEPENDENT_HZ = 8.0  # so many frames of a second tell something new
_MAX_INDEPENDENT = 200.0
_FLOOR_SPREAD_M, _FLOOR_WEIGHT = 0.02, 4.0  # of the floor around height 0, shoes included; how firmly it stands there
_UNKNOWN = 0.03  # of the size: proportions, soles and shoes differ from the mean body's


def has_size(file: AmassFile) -> bool:
    """Whether the file's betas can be evaluated: those of neutral SMPL-X."""
    return file.model == "smplx" and file.gender == "neutral"


def rest_pelvis(file: AmassFile) -> np.ndarray:
    """Return where the pelvis joint of the file's body rests (3,) m: `trans` counts from there."""
    return SMPLH_PELVIS if file.model == "smplh" else mean_joints()[0]


def mean_joints(size: float = 1.0) -> np.ndarray:
    """Return the rest joints (22, 3) m of SMPL-X's mean body, enlarged about the pelvis by `size`."""
    joints = smplx_rest_joints(np.zeros(BETAS))
    return np.asarray(joints[0] + size * (joints - joints[0]))


def size_from_motion(files: Sequence[AmassFile], usual: tuple[float, float]) -> tuple[float, float]:
    """Return the size of one person's body against SMPL-X's mean, by its legs, and the error (standard deviation).

    Args:
        files: motions of the person, z up.
        usual: mean and standard deviation of the sizes of such people.
    """
    cost = ((_SIZES - usual[0]) / usual[1]) ** 2 + sum((_cost(file) for file in files), np.zeros_like(_SIZES))
    weight = np.exp(-0.5 * (cost - cost.min()))
    mean = float(np.average(_SIZES, weights=weight))
    return mean, float(np.sqrt(np.average((_SIZES - mean) ** 2, weights=weight) + _UNKNOWN**2))


def _cost(file: AmassFile) -> np.ndarray:
    """Return -2 log likelihood of each size, from sliding and from the floor's height; outliers count little."""
    joints = mean_joints()
    pelvis, soles = file.trans + rest_pelvis(file), _soles(joints, file)
    frames = max(round(_SMOOTHED_SECONDS * file.fps), 1)
    moved, swung = (_velocity(path, file.fps, frames) for path in (pelvis, soles))
    independent = min(_INDEPENDENT_HZ * file.n_frames / file.fps, _MAX_INDEPENDENT)
    cost = np.empty_like(_SIZES)
    for index, size in enumerate(_SIZES):
        speed = np.linalg.norm(moved[:, None] + size * swung, axis=-1).min(axis=1) / _STILL_M_PER_S
        lowest = (pelvis[:, None, 2] + size * soles[..., 2]).min(axis=1)
        floor = np.average(lowest, weights=1.0 / (1.0 + speed**2) ** 2)
        cost[index] = independent * np.mean(np.log1p(speed**2)) + _FLOOR_WEIGHT * np.log1p(
            (floor / _FLOOR_SPREAD_M) ** 2
        )
    return cost


def _soles(joints: np.ndarray, file: AmassFile) -> np.ndarray:
    """Return the points of both soles (T, 6, 3) m from the pelvis, of the mean body."""
    pose = np.concatenate([file.root_orient, file.pose_body], axis=1).reshape(-1, 22, 3)
    positions, orientations = forward_kinematics(joints, np.zeros((file.n_frames, 3)), pose)
    return np.stack(
        [
            positions[:, joint] + orientations[:, joint] @ np.array(offset)
            for carriers, offsets in _SOLE.items()
            for joint in carriers
            for offset in offsets
        ],
        axis=1,
    )


def _velocity(path: np.ndarray, fps: float, frames: int) -> np.ndarray:
    if len(path) < 2:
        return np.zeros_like(path)
    return np.asarray(uniform_filter1d(np.gradient(path, 1.0 / fps, axis=0), frames, axis=0))
