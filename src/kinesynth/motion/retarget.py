"""Rotations recorded for one body's rest pose, re-expressed for another's.

SMPL-X's rotations count from its rest pose, where the bones do not lie as in the free body's: its collars rise by 26
degrees, its upper arms hang by 7 to 16, its feet point downwards by 5. Taken verbatim, the free body would drop its
shoulders by 8 cm. Here each limb segment is turned by what lies between the two rest poses first, so that its bones
point the same way in the world.
"""

import numpy as np
from scipy.spatial.transform import Rotation

from kinesynth.body.proportions import ANKLES, COLLARS, ELBOWS, FEET, HIPS, KNEES, PARENTS, SHOULDERS, WRISTS
from kinesynth.body.static_pose import hanging_collar_lift
from kinesynth.geometry.rotations import shortest_arc

# a segment's joint and the one at its far end. Trunk and head stay: their joints lie at different depths in different
# bodies and tell nothing of how the trunk is held. So do the hands, whose rest poses agree to 4 degrees.
_BONES = ((COLLARS, SHOULDERS), (SHOULDERS, ELBOWS), (ELBOWS, WRISTS), (HIPS, KNEES), (KNEES, ANKLES))
# a hinge's joint, its neighbours along the limb, and its axis in the rest pose
_HINGES = ((HIPS, KNEES, ANKLES, 0), (SHOULDERS, ELBOWS, WRISTS, 1))
_SAGITTAL = np.array([0.0, 1.0, 1.0])


def between_rests(ours: np.ndarray, theirs: np.ndarray, hanging: np.ndarray | None = None) -> Rotation:
    """Return 22 rotations that lay the segments of the rest pose `ours` parallel to those of `theirs`.

    Each is the smallest that does so. Knees and elbows bend by what `theirs` does about the hinge, but stay in line
    across it as in `ours`: no leg is bowed by the 14 degrees that SMPL-X's joint centres show. The foot turns in the
    sagittal plane only, and the toes with it: where the joint at the base of the toes lies across the foot is each
    body's own choice (SMPL-X's is nearer to the little toe), and does not tell where the foot points.

    Args:
        ours: (>= 22, 3) m, rest joints in SMPL-X's order.
        theirs: the same of the body that the motion was recorded for.
        hanging: (3,) rad, how its left collar is turned where the arms hang, if that is known: there ours lies as in
            the static pose.
    """
    theirs = _with_hinges_of(ours, theirs)
    turns = np.tile(np.eye(3), (22, 1, 1))
    for starts, ends in _BONES:
        for start, end in zip(starts, ends, strict=True):
            turns[start] = shortest_arc(ours[end] - ours[start], theirs[end] - theirs[start]).as_matrix()
    for collar, shoulder, at_rest in zip(COLLARS, SHOULDERS, _collars_where_arms_hang(hanging), strict=True):
        if at_rest is not None:
            bone = ours[shoulder] - ours[collar]
            lift = Rotation.from_rotvec([0.0, 0.0, np.sign(bone[0]) * hanging_collar_lift(bone)])
            turns[collar] = (at_rest.inv() * lift).as_matrix()
    for ankle, foot in zip(ANKLES, FEET, strict=True):
        turns[[ankle, foot]] = shortest_arc(
            _SAGITTAL * (ours[foot] - ours[ankle]), _SAGITTAL * (theirs[foot] - theirs[ankle])
        ).as_matrix()
    return Rotation.from_matrix(turns)


def re_expressed(
    poses: np.ndarray, ours: np.ndarray, theirs: np.ndarray, hanging: np.ndarray | None = None
) -> np.ndarray:
    """Return `poses` of the body `theirs` such that the segments of `ours` take the same directions.

    With D_j of `between_rests`, a segment's orientation in the world becomes G_j D_j, hence a joint's rotation
    D_parent^-1 R_j D_j. Fingers keep their rotations. A longer collar bone turns by less, so that the shoulder travels
    as far on the trunk as in `theirs`; the upper arm's orientation stays.

    Args:
        poses: (T, >= 66) rad, axis-angles of 22 joints, then fingers.
        ours: (>= 22, 3) m, rest joints.
        theirs: likewise.
        hanging: (3,) rad, as `between_rests`.
    """
    turns = between_rests(ours, theirs, hanging)
    poses = _with_travel_of_shoulders(poses, ours, theirs, hanging)
    result = poses.copy()
    for joint, parent in enumerate(PARENTS[1:], start=1):
        at = slice(3 * joint, 3 * joint + 3)
        result[:, at] = (turns[parent].inv() * Rotation.from_rotvec(poses[:, at]) * turns[joint]).as_rotvec()
    return result


def _with_travel_of_shoulders(
    poses: np.ndarray, ours: np.ndarray, theirs: np.ndarray, hanging: np.ndarray | None
) -> np.ndarray:
    """Return `poses` (T, >= 66) whose collars turn by less, as the collar bones are longer.

    Their turns count from where they lie when the arms hang, or else from the rest pose.
    """
    result = poses.copy()
    for collar, shoulder, at_rest in zip(COLLARS, SHOULDERS, _collars_where_arms_hang(hanging), strict=True):
        at, below = (slice(3 * joint, 3 * joint + 3) for joint in (collar, shoulder))
        longer = np.linalg.norm(ours[shoulder] - ours[collar]) / np.linalg.norm(theirs[shoulder] - theirs[collar])
        start = at_rest or Rotation.identity()
        turned = Rotation.from_rotvec(poses[:, at]) * start.inv()
        result[:, at] = (Rotation.from_rotvec(turned.as_rotvec() / longer) * start).as_rotvec()
        before, after = (Rotation.from_rotvec(each[:, at]) for each in (poses, result))
        result[:, below] = (after.inv() * before * Rotation.from_rotvec(poses[:, below])).as_rotvec()
    return result


def _collars_where_arms_hang(left: np.ndarray | None) -> tuple[Rotation | None, Rotation | None]:
    """Return the rotations of the right and the left collar there, None where they are not known."""
    if left is None:
        return None, None
    return Rotation.from_rotvec(left * [1.0, -1.0, -1.0]), Rotation.from_rotvec(left)


def _with_hinges_of(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Return `theirs` with knees and elbows moved along their axes to where `ours` has them in the limb."""
    result = theirs.copy()
    for *limb, axis in _HINGES:
        for start, hinge, end in zip(*limb, strict=True):
            result[hinge, axis] += _aside(ours[[start, hinge, end], axis]) - _aside(theirs[[start, hinge, end], axis])
    return result


def _aside(along_axis: np.ndarray) -> float:
    """Return how far the middle one of three coordinates is from the mean of the outer ones."""
    return float(along_axis[1] - (along_axis[0] + along_axis[2]) / 2.0)
