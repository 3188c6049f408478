"""What AMASS motions tell of a person's bones that the body's rest pose does not.

A body model has one rest pose, with feet that point ahead and collars as they were sculpted. People differ in both, and
whoever fitted the model to their markers had the ankles and the collars make up for it, by turns that stay all through
their motions. A skeleton's ankle and subtalar joint cannot turn the foot about the shank, nor need they: the shin is
twisted. And where arms hang, shoulders do.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from kinesynth.body.proportions import ANKLES, COLLARS, ELBOWS, SHOULDERS
from kinesynth.skeleton.tables import read_table
from kinesynth.subject_record import TibialTorsion

_HANGING = np.radians(45.0)  # of an upper arm from straight down on the trunk
_HANGING_SECONDS = 0.5  # of both arms together, or the collars are not told
_USUAL_TORSION, _SPREAD_OF_PEOPLE = np.radians(10.0), np.radians(8.75)
_TORSIONS = np.radians((-5.0, 30.0))
"""The thigh-foot angle of people, mean, standard deviation, and the range of two of these (Staheli et al. 1985)."""
_SPREAD_OF_POSES = np.radians(7.0)  # of what single poses tell of the torsion: knees and feet turn, too
_TO_OPENSIM = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])  # from left, up, ahead to ahead, up, right


@dataclass(frozen=True)
class Poses:
    """Poses (T, >= 66) rad of a motion, axis-angles of 22 joints, and its rate in Hz."""

    values: np.ndarray
    fps: float


def hanging_collar(motions: Sequence[Poses], joints: np.ndarray) -> np.ndarray | None:
    """Return the mean rotation (3,) rad of the left collar where the arms hang, None where they hardly do.

    Right collars count, mirrored.

    Args:
        motions: of one person.
        joints: (>= 22, 3) m, rest joints of the body that they are of.
    """
    found, seconds = [], 0.0
    for motion in motions:
        for collar, shoulder, elbow, mirror in zip(COLLARS, SHOULDERS, ELBOWS, ((1, -1, -1), (1, 1, 1)), strict=True):
            turn, arm = (Rotation.from_rotvec(_of_joint(motion.values, joint)) for joint in (collar, shoulder))
            direction = (turn * arm).apply(joints[elbow] - joints[shoulder])
            hangs = -direction[:, 1] > np.cos(_HANGING) * np.linalg.norm(direction, axis=1)
            found.append(turn.as_rotvec()[hangs] * mirror)
            seconds += float(hangs.sum()) / motion.fps
    if seconds < _HANGING_SECONDS:
        return None
    return np.asarray(Rotation.from_rotvec(np.concatenate(found)).mean().as_rotvec())


def tibial_torsion(motions: Sequence[Poses]) -> TibialTorsion:
    """Return the most probable torsion of each shin, given what people have and what the motions tell.

    In every frame the ankle's rotation is a turn about the shank, then turns about the skeleton's ankle and subtalar
    joint. The first's median is what the motions tell, the better the more the ankle moves: somebody who sits still for
    a minute has shown one pose.

    Args:
        motions: of one person, in terms of the body that is to move.
    """
    right, left = (_most_probable(motions, ankle, mirror) for ankle, mirror in zip(ANKLES, (1.0, -1.0), strict=True))
    return TibialTorsion(right, left)


def _most_probable(motions: Sequence[Poses], ankle: int, mirror: float) -> float:
    rotations = np.concatenate([_of_joint(motion.values, ankle) for motion in motions])
    seconds = sum(len(motion.values) / motion.fps for motion in motions)
    turns = turns_about_shank(rotations, mirror)
    variance = float(np.median(np.abs(turns - np.median(turns))) * 1.4826) ** 2
    moved = Rotation.from_rotvec(rotations)
    differs = float(np.mean((moved.mean().inv() * moved).magnitude() ** 2))
    poses = 1.0 + seconds * min(1.0, differs / _SPREAD_OF_POSES**2)
    told_by, usual_by = poses / max(variance, _SPREAD_OF_POSES**2), 1.0 / _SPREAD_OF_PEOPLE**2
    mean = (told_by * float(np.median(turns)) + usual_by * _USUAL_TORSION) / (told_by + usual_by)
    return float(np.clip(mean, *_TORSIONS))


def turns_about_shank(rotations: np.ndarray, mirror: float) -> np.ndarray:
    """Return by how much feet are turned outwards about the shank, (T,) rad, before ankle and subtalar joint turn them.

    The subtalar axis is the same in foot and talus: by how much it rises from the foot's plane towards the shank tells
    the ankle's angle, and where it points seen from above, less where the ankle alone would point it, the turn.

    Args:
        rotations: (T, 3) rad of the ankle, as axis-angles of the body model.
        mirror: 1 of right feet, -1 of left ones.
    """
    ankle, subtalar = (_pin_axis(joint) for joint in ("ankle_r", "subtalar_r"))
    turned = Rotation.from_rotvec(rotations @ _TO_OPENSIM.T * (mirror, mirror, 1.0)).apply(subtalar)
    # By Rodrigues, the height of the subtalar axis is along + across * cos(angle) + ahead * sin(angle).
    along = ankle[1] * (ankle @ subtalar)
    across, ahead = subtalar[1] - along, np.cross(ankle, subtalar)[1]
    reach, phase = np.hypot(across, ahead), np.arctan2(ahead, across)
    swing = np.arccos(np.clip((turned[:, 1] - along) / reach, -1.0, 1.0))
    candidates = []
    for angle in (phase + swing, phase - swing):
        bent = Rotation.from_rotvec(angle[:, None] * ankle).apply(subtalar)
        candidates.append(_bearing(turned) - _bearing(bent))
    turns = np.remainder(np.stack(candidates) + np.pi, 2.0 * np.pi) - np.pi
    return np.asarray(np.take_along_axis(turns, np.abs(turns).argmin(axis=0)[None], axis=0)[0])


def _bearing(directions: np.ndarray) -> np.ndarray:
    """Return where directions (T, 3) point seen from above, from ahead to the right, rad."""
    return np.asarray(np.arctan2(directions[:, 2], directions[:, 0]))


def _pin_axis(joint: str) -> np.ndarray:
    """Return the axis (3,) of a pin joint in its parent body, from the skeleton's table."""
    (row,) = (row for row in read_table("joints") if row["joint"] == joint)
    turns = [float(row[f"parent_r{axis}"]) for axis in "xyz"]
    return np.asarray(Rotation.from_euler("XYZ", turns).as_matrix()[:, 2])


def _of_joint(poses: np.ndarray, joint: int) -> np.ndarray:
    return poses[:, 3 * joint : 3 * joint + 3]
