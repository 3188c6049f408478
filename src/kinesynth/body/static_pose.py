"""The static pose in which a subject is measured."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from kinesynth.body.model import BodyModel, SmplxPose, load_body
from kinesynth.body.virtual_markers import MarkerLayout, read_marker_vertices, resolve_markers
from kinesynth.subject_record import UNTWISTED, TibialTorsion

# SMPL-X's own frame (x left, y up, z forward) turned to the world (x forward, y up, z right).
FACING_FORWARD = np.array([0.0, np.pi / 2, 0.0])
COLLAR_ELEVATION = np.deg2rad(0.0)
ARM_ELEVATION = np.deg2rad(-62.0)
SMPLX_JOINTS = {
    "HJC": "hip",
    "KJC": "knee",
    "AJC": "ankle",
    "MTP": "foot",
    "SJC": "shoulder",
    "EJC": "elbow",
    "WJC": "wrist",
}


def static_pose(body: BodyModel, betas: np.ndarray, tibial_torsion: TibialTorsion = UNTWISTED) -> SmplxPose:
    """Return one frame of upright standing, facing along x, the arms hanging some 30 degrees off the trunk.

    In the T-pose the skeleton's shoulder flexion and rotation share one axis, and the shoulders are raised; here they
    are where standing people hold them, in the middle of what hanging and raised arms ask for. Elevations are those of
    the bones, because the rest poses of body models differ (SMPL-X's collars rise by 26 degrees). Knees point ahead,
    and feet outwards by as much as the shins are twisted.
    """
    joints = body.rest_joints(betas)
    body_pose = np.zeros((1, 21, 3))
    for side, sign in (("left", 1.0), ("right", -1.0)):
        collar, shoulder, elbow = (body.joint_names.index(f"{side}_{name}") for name in ("collar", "shoulder", "elbow"))
        lift_collar = hanging_collar_lift(joints[shoulder] - joints[collar])
        lift_arm = ARM_ELEVATION - _elevation(joints[elbow] - joints[shoulder])
        body_pose[0, collar - 1, 2] = sign * lift_collar
        body_pose[0, shoulder - 1, 2] = sign * (lift_arm - lift_collar)
        body_pose[0, body.joint_names.index(f"{side}_ankle") - 1, 1] = sign * getattr(tibial_torsion, side)
    rest = SmplxPose.rest(betas)
    return replace(rest, global_orient=FACING_FORWARD[None], body_pose=body_pose.reshape(1, 63))


def hanging_collar_lift(bone: np.ndarray) -> float:
    """Return by how much a collar bone (3,) rises, rad, from where it lies at rest to where the shoulders hang."""
    return float(COLLAR_ELEVATION - _elevation(bone))


def _elevation(bone: np.ndarray) -> float:
    """Return how far a bone (3,) of the rest pose points above the horizontal in the frontal plane, rad."""
    return float(np.arctan2(bone[1], abs(bone[0])))


def static_markers(
    body_path: Path, betas: np.ndarray, tibial_torsion: TibialTorsion = UNTWISTED
) -> dict[str, np.ndarray]:
    """Return each marker and joint centre of a subject in the static pose, (3,) m, standing on the floor.

    Raises:
        BadInput: the body model is unusable.
    """
    body = load_body(body_path)
    return static_points(body, resolve_markers(body), betas, tibial_torsion)


def user_markers(
    body_path: Path, betas: np.ndarray, table: Path, tibial_torsion: TibialTorsion = UNTWISTED
) -> dict[str, tuple[str, np.ndarray]]:
    """Return the body of each marker of a user's own table (`body.markers`), and its place (3,) m in the static pose.

    Raises:
        BadInput: the body model or the table is unusable.
    """
    body = load_body(body_path)
    layout = read_marker_vertices(table, body)
    points = static_points(body, layout, betas, tibial_torsion)
    return {name: (carrier, points[name]) for name, carrier in zip(layout.names, layout.bodies, strict=True)}


def static_points(
    body: BodyModel, layout: MarkerLayout, betas: np.ndarray, tibial_torsion: TibialTorsion = UNTWISTED
) -> dict[str, np.ndarray]:
    """Return the same of a body that is loaded and whose markers are resolved already."""
    vertices, joints = (posed[0] for posed in body.pose(static_pose(body, betas, tibial_torsion)))
    points = dict(zip(layout.names, layout.positions(vertices), strict=True))
    for name, joint in SMPLX_JOINTS.items():
        for side, word in (("R", "right"), ("L", "left")):
            points[side + name] = joints[body.joint_names.index(f"{word}_{joint}")]
    floor = np.array([0.0, vertices[:, 1].min(), 0.0])
    return {name: point - floor for name, point in points.items()}
