"""An OpenSim model and its coordinates as SMPL-X motion: the body's segments take the orientations of the model's.

Both stand in a T-pose first. What turns a model's segment from there turns the body's segment; where the bones of the
two lie in different directions in the T-pose, the body's are turned into the model's first, so that long bones stay
parallel in every frame and knees and elbows bend by the model's angles.
"""

from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from kinesynth.body.proportions import ANKLES, COLLARS, ELBOWS, FEET, HIPS, KNEES, SHOULDERS, WRISTS, Proportions
from kinesynth.errors import BadInput
from kinesynth.geometry.rotations import shortest_arc
from kinesynth.isolation import isolated
from kinesynth.motion.opensim_bodies import BODIES, BodyMotion, body_motion
from kinesynth.motion.recording import Recording
from kinesynth.opensim_files.storage import Storage, read_storage
from kinesynth.opensim_files.time_column import even_rate
from kinesynth.pose_layout import SMPLX
from kinesynth.procedural.solve import COLLAR_FRACTION, relaxed_hands

FACING_X = Rotation.from_euler("y", np.pi / 2.0)  # SMPL-X's frame (z forward) to the world (x forward)
_SPINE, _NECK = (3, 6, 9), (12, 15)


def read_opensim(path: Path, model: Path, proportions: Proportions, timeout_seconds: float, log: Path) -> Recording:
    """Read the coordinates of an OpenSim model as a recording of `proportions`.

    Args:
        path: .mot or .sto, in degrees or radians as its header says, with plain names or state paths as labels.
        model: .osim of the Rajagopal family.
        proportions: the body that is to move.
        timeout_seconds: for OpenSim.
        log: OpenSim's messages.

    Raises:
        BadInput: a file is missing or unusable, the two do not belong together, or the numbers cannot be in the units
            that the file says.
        ClipRejected: OpenSim crashed or hung.
    """
    storage, fps, motion = posed(path, model, timeout_seconds, log)
    scale = proportions.leg_length / leg_length(motion)
    poses = retarget(motion, proportions)
    hips = 0.5 * (_origins(motion, "femur_r") + _origins(motion, "femur_l"))
    pelvis_above_hips = proportions.joints[0] - proportions.joints[list(HIPS)].mean(axis=0)
    root = scale * hips + Rotation.from_rotvec(poses[:, SMPLX.root]).apply(pelvis_above_hips)
    attrs: dict[str, str | float] = {"root_scale": scale, "opensim_model": str(model)}
    return Recording(fps, root, poses, attrs=attrs, begin=float(storage.times[0]), notes=motion.notes)


def posed(path: Path, model: Path, timeout_seconds: float, log: Path) -> tuple[Storage, float, BodyMotion]:
    """Read coordinates and where they put the model's bodies: the table, its rate (Hz), and the bodies' motion.

    Raises:
        BadInput, ClipRejected: as `read_opensim`.
    """
    if not model.is_file():
        raise BadInput(model, "model", "no such file", "the .osim file of the clip", "check the path")
    storage = read_storage(path)
    fps = even_rate(path, "time", storage.times)
    columns = {coordinate_name(label): storage.values[:, i] for i, label in enumerate(storage.names)}
    columns = {name: values for name, values in columns.items() if name}
    motion = isolated(
        body_motion, model.absolute(), columns, storage.in_degrees, storage.simm, path,
        timeout_seconds=timeout_seconds, log=log,
    )  # fmt: skip
    return storage, fps, motion


def coordinate_name(label: str) -> str:
    """Return the coordinate that a column stands for, empty if none.

    Example:
        >>> [coordinate_name(label) for label in ("/jointset/hip_r/hip_flexion_r/value", "hip_flexion_r", "/a/b/speed")]
        ['hip_flexion_r', 'hip_flexion_r', '']
    """
    if not label.startswith("/"):
        return label
    *_, name, quantity = label.split("/")
    return name if quantity == "value" else ""


def leg_length(motion: BodyMotion) -> float:
    """Return thigh plus shank (m) of the model, mean of both sides."""
    at = dict(zip(BODIES, motion.rest_origins, strict=True))
    bones = [(at[f"{a}_{s}"], at[f"{b}_{s}"]) for s in "rl" for a, b in (("femur", "tibia"), ("tibia", "talus"))]
    return float(sum(np.linalg.norm(end - start) for start, end in bones) / 2.0)


def retarget(motion: BodyMotion, proportions: Proportions) -> np.ndarray:
    """Return poses (T, 156) in which the person's segments are turned as the model's."""
    turned = _segment_orientations(motion, proportions)
    frames = len(motion.origins)
    pose = np.zeros((frames, 22, 3))
    pelvis, torso = turned["pelvis"], turned["torso"]
    pose[:, 0] = pelvis.as_rotvec()
    for joints, lower, upper in ((_SPINE, pelvis, torso), (_NECK, torso, turned["head"])):
        pose[:, joints] = ((lower.inv() * upper).as_rotvec() / len(joints))[:, None]
    for side, s in enumerate("rl"):
        thigh, shank, foot, toes = (turned[f"{name}_{s}"] for name in ("femur", "tibia", "calcn", "toes"))
        chain = ((HIPS, pelvis, thigh), (KNEES, thigh, shank), (ANKLES, shank, foot), (FEET, foot, toes))
        for joints, parent, child in chain:
            pose[:, joints[side]] = (parent.inv() * child).as_rotvec()
        arm, forearm, hand = _arm(turned, s)
        collar = _collar(torso.inv() * arm, (-1.0, 1.0)[side])
        chest = torso * collar
        pose[:, COLLARS[side]] = collar.as_rotvec()
        for joints, parent, child in ((SHOULDERS, chest, arm), (ELBOWS, arm, forearm), (WRISTS, forearm, hand)):
            pose[:, joints[side]] = (parent.inv() * child).as_rotvec()
    return np.concatenate([pose.reshape(frames, -1), *relaxed_hands(frames)], axis=1)


def _segment_orientations(motion: BodyMotion, proportions: Proportions) -> dict[str, Rotation]:
    """Return what turns each of the person's segments from its rest pose into the world, by the model's body name."""
    at = dict(zip(BODIES, motion.rest_origins, strict=True))
    aligned = {}
    for side, s in enumerate("rl"):
        for bodies, ends, joints in (
            (("femur",), ("femur", "tibia"), (HIPS, KNEES)),
            (("tibia",), ("tibia", "talus"), (KNEES, ANKLES)),
            (("humerus",), ("humerus", "ulna"), (SHOULDERS, ELBOWS)),
            (("ulna", "radius", "hand"), ("ulna", "hand"), (ELBOWS, WRISTS)),
        ):
            theirs = at[f"{ends[1]}_{s}"] - at[f"{ends[0]}_{s}"]
            ours = FACING_X.apply(proportions.joints[joints[1][side]] - proportions.joints[joints[0][side]])
            aligned.update({f"{body}_{s}": shortest_arc(ours, theirs) for body in bodies})
    turned = {}
    for index, body in enumerate(BODIES):
        since_rest = motion.orientations[:, index] @ motion.rest_orientations[index].T
        turned[body] = Rotation.from_matrix(since_rest) * aligned.get(body, Rotation.identity()) * FACING_X
    return turned


def _arm(turned: dict[str, Rotation], s: str) -> tuple[Rotation, Rotation, Rotation]:
    """Return upper arm, forearm with half of the pronation, and hand."""
    ulna, radius = turned[f"ulna_{s}"], turned[f"radius_{s}"]
    pronation = (ulna.inv() * radius).as_rotvec()
    return turned[f"humerus_{s}"], ulna * Rotation.from_rotvec(0.5 * pronation), turned[f"hand_{s}"]


def _collar(arm: Rotation, outward: float) -> Rotation:
    """Return the collar bone's fraction of the arm's elevation from the T-pose; the arm's own twist is not shared."""
    rest = np.array([outward, 0.0, 0.0])
    posed = arm.apply(rest)
    axis = np.cross(rest, posed)
    sine = np.linalg.norm(axis, axis=1, keepdims=True)
    angle = np.arctan2(sine, (posed @ rest)[:, None])
    return Rotation.from_rotvec(COLLAR_FRACTION * angle * axis / np.maximum(sine, 1e-9))


def _origins(motion: BodyMotion, body: str) -> np.ndarray:
    return motion.origins[:, BODIES.index(body)]
