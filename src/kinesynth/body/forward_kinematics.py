"""Where a pose puts the joints of a body."""

import numpy as np
from scipy.spatial.transform import Rotation

from kinesynth.body.joints import PARENTS


def forward_kinematics(joints: np.ndarray, pelvis: np.ndarray, pose: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pose the first 22 joints.

    Args:
        joints: (>= 22, 3) m, rest positions.
        pelvis: (T, 3) m, positions of the pelvis joint.
        pose: (T, 22, 3) rad, axis-angles, the pelvis first.

    Returns:
        positions (T, 22, 3) m and orientations (T, 22, 3, 3).
    """
    local = Rotation.from_rotvec(pose.reshape(-1, 3)).as_matrix().reshape(-1, 22, 3, 3)
    positions, orientations = np.empty(pose.shape), np.empty_like(local)
    positions[:, 0], orientations[:, 0] = pelvis, local[:, 0]
    for joint, parent in enumerate(PARENTS[1:22], start=1):
        orientations[:, joint] = orientations[:, parent] @ local[:, joint]
        positions[:, joint] = positions[:, parent] + orientations[:, parent] @ (joints[joint] - joints[parent])
    return positions, orientations
