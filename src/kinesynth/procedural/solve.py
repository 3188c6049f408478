"""From a plan to a pose: legs by two-bone inverse kinematics, spine and shoulders by sharing, balance by shifting."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from kinesynth.body.forward_kinematics import forward_kinematics
from kinesynth.body.proportions import (
    ANKLES,
    COLLARS,
    ELBOWS,
    FEET,
    HIPS,
    KNEES,
    SHOULDERS,
    WRISTS,
    Proportions,
    centre_of_mass,
)
from kinesynth.procedural.plan import Plan, ball

_SPINE, _NECK, _HEAD = (3, 6, 9), 12, 15
# The clavicle rises by 11 to 15 degrees while the arm goes from hanging to overhead (Ludewig et al. 2004).
COLLAR_FRACTION = 0.09  # of the shoulder girdle in an elevation of the arm from the T-pose
_FARTHEST_REACH = 0.9995  # of the straight leg: the angle's slope is infinite at full extension
_UNLOCKED_KNEE = np.radians(7.0)
_MAX_MILLIMETRES_LOWER = 150
_RELAXED_FINGERS = np.radians([16.0, 24.0, 16.0] * 4 + [4.0, 8.0, 8.0])  # curl of index, middle, little, ring, thumb


@dataclass(frozen=True)
class Posed:
    """A solved plan.

    Attributes:
        pelvis: (T, 3) m.
        pose: (T, 22, 3) axis-angles.
        positions: (T, 22, 3) m.
        orientations: (T, 22, 3, 3).
        centre: (T, 3) m, the centre of mass.
    """

    pelvis: np.ndarray
    pose: np.ndarray
    positions: np.ndarray
    orientations: np.ndarray
    centre: np.ndarray


def solve(proportions: Proportions, plan: Plan) -> Posed:
    """Return the pose that carries out `plan`."""
    pose = np.zeros((len(plan.pelvis), 22, 3))
    pelvis = _turn(plan.pelvis_angles)
    pose[:, 0] = pelvis.as_rotvec()
    for joint in _SPINE:
        pose[:, joint] = _turn(plan.trunk / 3.0).as_rotvec()
    for joint in (_NECK, _HEAD):
        pose[:, joint] = _turn(plan.neck / 2.0).as_rotvec()
    for side in (0, 1):
        _pose_arm(plan, side, pose)
        _pose_leg(proportions, plan, pelvis, side, pose)
    positions, orientations = forward_kinematics(proportions.joints, plan.pelvis, pose)
    centre = centre_of_mass(proportions, positions, orientations)
    return Posed(plan.pelvis, pose, positions, orientations, centre)


def balanced(proportions: Proportions, plan: Plan, centre: np.ndarray, axes: tuple[int, ...] = (0, 2)) -> Plan:
    """Shift the pelvis until the centre of mass follows `centre` (T, 3) along `axes`; the feet stay where they are."""
    for _ in range(6):
        error = np.zeros_like(plan.pelvis)
        error[:, axes] = (centre - solve(proportions, plan).centre)[:, axes]
        plan = plan.but(pelvis=plan.pelvis + error)
    return plan


def centre_over_feet(proportions: Proportions, plan: Plan) -> np.ndarray:
    """Return where the centre of mass (T, 3) is at ease: between the feet, a third of the way from ankles to toes.

    The height is 0 and means nothing.
    """
    forward = np.mean([ball(proportions, side)[2] for side in (0, 1)])
    return np.asarray(plan.ankles.mean(axis=1) * [1.0, 0.0, 1.0] + [0.0, 0.0, 0.35 * forward])


def at_ease(proportions: Proportions, plan: Plan) -> Plan:
    """Balance a plan over both feet, as high as knees that are not locked allow."""
    centre = centre_over_feet(proportions, plan)
    return balanced(proportions, lowered(proportions, balanced(proportions, plan, centre), _UNLOCKED_KNEE), centre)


def lowered(proportions: Proportions, plan: Plan, straightest: float) -> Plan:
    """Lower the pelvis, by the same for all frames, until no knee is straighter than `straightest` (rad)."""
    for _ in range(_MAX_MILLIMETRES_LOWER):
        if min(knee_flexion(proportions, plan, side).min() for side in (0, 1)) >= straightest:
            break
        plan = plan.but(pelvis=plan.pelvis - np.array([0.0, 0.001, 0.0]))
    return plan


def relaxed_hands(frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Return left and right hand poses (T, 45) with the fingers a little curled."""
    curl = np.zeros((15, 3))
    curl[:, 2] = -_RELAXED_FINGERS
    left = np.tile(curl.ravel(), (frames, 1))
    return left, -left


def knee_flexion(proportions: Proportions, plan: Plan, side: int) -> np.ndarray:
    """Return the knee's flexion (T,) rad that the distance from hip to ankle asks for, least beyond the leg's reach."""
    thigh, shank = _leg_bones(proportions, side)
    hip = plan.pelvis + _turn(plan.pelvis_angles).apply(proportions.joints[HIPS[side]] - proportions.joints[0])
    return _flexion(thigh, shank, np.linalg.norm(plan.ankles[:, side] - hip, axis=1))


def _about(axis: str, angle: np.ndarray) -> Rotation:
    """Rotations by `angle` (T,) about one axis."""
    return Rotation.from_euler(axis, angle[:, None])


def _turn(angles: np.ndarray) -> Rotation:
    """Rotation from (T, 3): forward about x (left), to the right about z (forward), to the left about y (up)."""
    return Rotation.from_euler("YZX", angles[:, [2, 1, 0]])


def _pose_arm(plan: Plan, side: int, pose: np.ndarray) -> None:
    """Share the arm's rotation from the T-pose between collar bone and shoulder, and set elbow and wrist."""
    outward = (-1.0, 1.0)[side]
    flexion, abduction, inward = np.moveaxis(plan.shoulders[:, side], -1, 0)
    hanging = Rotation.from_rotvec([0.0, 0.0, -outward * np.pi / 2.0])
    elevation = Rotation.from_euler("XZ", np.stack([-flexion, outward * abduction], axis=1)) * hanging
    shoulder = elevation * _about("x", inward)
    collar = Rotation.from_rotvec(COLLAR_FRACTION * elevation.as_rotvec())
    pose[:, COLLARS[side]] = collar.as_rotvec()
    pose[:, SHOULDERS[side]] = (collar.inv() * shoulder).as_rotvec()
    pronation = plan.forearms[:, side]
    bend = _about("y", -outward * plan.elbows[:, side])
    pose[:, ELBOWS[side]] = (bend * _about("x", 0.5 * pronation)).as_rotvec()
    twist = _about("x", 0.5 * pronation)
    pose[:, WRISTS[side]] = (twist * _about("z", -outward * plan.wrists[:, side])).as_rotvec()


def _pose_leg(proportions: Proportions, plan: Plan, pelvis: Rotation, side: int, pose: np.ndarray) -> None:
    """Two bones with a hinge about the thigh's x axis; the hinge faces half-way between pelvis and foot."""
    outward = (-1.0, 1.0)[side]
    thigh, shank = _leg_bones(proportions, side)
    hip = plan.pelvis + pelvis.apply(proportions.joints[HIPS[side]] - proportions.joints[0])
    target = pelvis.inv().apply(plan.ankles[:, side] - hip)
    flexion = _flexion(thigh, shank, np.linalg.norm(target, axis=1))
    knee = _about("x", flexion)
    leg = thigh + knee.apply(shank)
    yaw = plan.pelvis_angles[:, 2]
    hinge = pelvis.inv().apply(_about("y", 0.5 * (yaw + outward * plan.foot_yaw[:, side])).apply([1, 0, 0]))
    turn = _frames(target, hinge) @ _frames(leg, np.broadcast_to([1.0, 0.0, 0.0], leg.shape)).transpose(0, 2, 1)
    thigh_turn = Rotation.from_matrix(turn)
    foot = Rotation.from_euler("YX", np.stack([outward * plan.foot_yaw[:, side], -plan.foot_pitch[:, side]], axis=1))
    pose[:, HIPS[side]] = thigh_turn.as_rotvec()
    pose[:, KNEES[side]] = knee.as_rotvec()
    pose[:, ANKLES[side]] = ((pelvis * thigh_turn * knee).inv() * foot).as_rotvec()
    pose[:, FEET[side]] = _about("x", -plan.toes[:, side]).as_rotvec()


def _leg_bones(proportions: Proportions, side: int) -> tuple[np.ndarray, np.ndarray]:
    hip, knee, ankle = proportions.joints[[HIPS[side], KNEES[side], ANKLES[side]]]
    return knee - hip, ankle - knee


def _flexion(thigh: np.ndarray, shank: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Solve |thigh + Rx(flexion) shank| = distance for the flexed solution, up to `_FARTHEST_REACH`."""
    constant = thigh @ thigh + shank @ shank + 2.0 * thigh[0] * shank[0]
    cosine = 2.0 * (thigh[1] * shank[1] + thigh[2] * shank[2])
    sine = 2.0 * (thigh[2] * shank[1] - thigh[1] * shank[2])
    swing = np.hypot(cosine, sine)
    farthest = _FARTHEST_REACH**2 * (constant + swing)
    return np.asarray(np.arccos((np.minimum(distance**2, farthest) - constant) / swing) + np.arctan2(sine, cosine))


def _frames(axis: np.ndarray, hinge: np.ndarray) -> np.ndarray:
    """Return right-handed frames (T, 3, 3) with the first column along `axis` and the second next to `hinge`."""
    first = axis / np.linalg.norm(axis, axis=1, keepdims=True)
    third = np.cross(first, hinge)
    third /= np.linalg.norm(third, axis=1, keepdims=True)
    return np.stack([first, np.cross(third, first), third], axis=2)
