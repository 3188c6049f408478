"""Lengths between joint centres: of a body, of SMPL-X shapes without SMPL-X, of an OpenSim model."""

from importlib.resources import files
from pathlib import Path

import numpy as np

from kinesynth.body.joints import JOINT_NAMES
from kinesynth.errors import BadInput, MissingDependency

SEGMENTS: dict[str, tuple[str, str]] = {
    "thigh": ("hip", "knee"),
    "shank": ("knee", "ankle"),
    "upper_arm": ("shoulder", "elbow"),
    "forearm": ("elbow", "wrist"),
}
"""Limb segments by the joints at their ends; lengths are means over both sides."""
LENGTHS = (*SEGMENTS, "hip_width", "shoulder_width", "trunk")
"""What `lengths` measures, in its order; the trunk reaches from between the hips to the neck."""

LEG = ("thigh", "shank")
"""The first of `LENGTHS`, which make up the leg."""

_OPENSIM_BODY_AT = {
    "hip": "femur",
    "knee": "tibia",
    "ankle": "talus",
    "shoulder": "humerus",
    "elbow": "ulna",
    "wrist": "hand",
}
_SMPLX_BODY_JOINTS = 22


def lengths(joints: np.ndarray) -> np.ndarray:
    """Return the lengths of `LENGTHS`, (7,) m, from joint centres (>= 22, 3) m in SMPL-X's order."""
    at = dict(zip(JOINT_NAMES, joints, strict=False))

    def distance(start: str, end: str) -> float:
        return float(np.linalg.norm(at[start] - at[end]))

    limbs = [
        0.5 * sum(distance(f"{side}_{start}", f"{side}_{end}") for side in ("left", "right"))
        for start, end in SEGMENTS.values()
    ]
    trunk = float(np.linalg.norm(at["neck"] - 0.5 * (at["left_hip"] + at["right_hip"])))
    return np.array([*limbs, distance("left_hip", "right_hip"), distance("left_shoulder", "right_shoulder"), trunk])


def leg_length(joints: np.ndarray) -> float:
    """Return the length of thigh plus shank, mean of both sides, m, from joint centres (>= 22, 3)."""
    return float(lengths(joints)[: len(LEG)].sum())


def smplx_lengths(betas: np.ndarray) -> np.ndarray:
    """Return the lengths (7,) m of the SMPL-X body of ten `betas`.

    Raises:
        MissingDependency: mannequin-x is not installed.
    """
    return lengths(smplx_rest_joints(betas))


def smplx_rest_joints(betas: np.ndarray) -> np.ndarray:
    """Return the first 22 joint centres (22, 3) m of the SMPL-X body of ten `betas` in its rest pose.

    Rest joints of SMPL-X are linear in betas; the package mannequin-x (Apache-2.0) ships that linear map.

    Raises:
        MissingDependency: mannequin-x is not installed.
    """
    try:
        resource = files("mannequin") / "assets" / "smplx_calibration.npz"
    except ModuleNotFoundError as error:
        raise MissingDependency("mannequin-x", "pipeline") from error
    with resource.open("rb") as stream, np.load(stream, allow_pickle=False) as calibration:
        rest = calibration["joint_rest"][:_SMPLX_BODY_JOINTS].astype(np.float64)
        directions = calibration["joint_dirs"][:_SMPLX_BODY_JOINTS].astype(np.float64)
    return np.asarray(rest + directions @ betas[: directions.shape[-1]])


def opensim_measures(model: str) -> tuple[np.ndarray, float]:
    """Return the lengths (7,) m of an OpenSim model in its default pose, NaN where it lacks a body, and its mass, kg.

    A joint centre is the origin of the body that the joint carries, as in every model of the Rajagopal family. To be
    called in a process of its own.

    Raises:
        BadInput: OpenSim cannot open the model.
    """
    from kinesynth.opensim_models.masses import total_mass
    from kinesynth.opensim_models.opened import body_names, open_with_state
    from kinesynth.opensim_models.posing import body_frames

    opened, state = open_with_state(Path(model))
    known = body_names(opened)
    _, origins = body_frames(opened, state, known)
    joints = np.full((_SMPLX_BODY_JOINTS, 3), np.nan)
    for joint, body in _OPENSIM_BODY_AT.items():
        for side in ("left", "right"):
            name = f"{body}_{side[0]}"
            if name in known:
                joints[JOINT_NAMES.index(f"{side}_{joint}")] = origins[known.index(name)]
    return lengths(joints), total_mass(opened)


def require_measures(path: Path, found: np.ndarray) -> None:
    """Check that at least the legs of an OpenSim model could be measured.

    Raises:
        BadInput: they could not.
    """
    if not np.isfinite(found[: len(LEG)]).all():
        expected = "femur_r, tibia_r, talus_r and their left counterparts"
        raise BadInput(path, "bodies", "legs of other names", expected, "use a model of the Rajagopal family")
