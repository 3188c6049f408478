"""Motion of a body's 22 joints as 263 numbers a frame, those of HumanML3D (Guo et al. 2022).

    0       turn of the heading to the next frame, rad
    1-2     way of the root over the floor to the next frame, m, across and along its heading
    3       height of the root above the floor
    4-66    places of the 21 other joints, from below the root, in its heading
    67-192  their rotations from their parents, two columns each
    193-258 ways of the 22 joints to the next frame, in the heading
    259-262 whether left ankle, left foot, right ankle, right foot stand

There the rate is 20 frames per second; here ways are scaled to that rate, so that numbers mean the same at any. The
floor is at the lowest joint. The last frame's ways are those of the one before.
"""

import torch
from torch import Tensor

RATE = 20.0
LEFT_HIP, RIGHT_HIP, LEFT_SHOULDER, RIGHT_SHOULDER = 1, 2, 16, 17
FEET = (7, 10, 8, 11)
STANDING_M2 = 0.002  # squared way of a joint to the next frame at that rate
NUMBERS = 263


def descriptors(rotations: Tensor, joints: Tensor, fps: float) -> Tensor:
    """Return the numbers (T, 263) of rotations (T, 22, 3, 3), the root's in the world, and joints (T, 22, 3) m.

    The world is y up.
    """
    joints = joints - joints.new_tensor([0.0, 1.0, 0.0]) * joints[..., 1].min()
    heading = headings(joints)
    cosine, sine = heading.cos()[:, None], heading.sin()[:, None]
    turn = to_next(torch.atan2(heading.diff().sin(), heading.diff().cos())[:, None], fps)
    way = to_next(joints.diff(dim=0), fps)
    below = joints[:, :1] * joints.new_tensor([1.0, 0.0, 1.0])
    positions, ways = (_turned(points, cosine, sine) for points in (joints - below, way))
    sixes = rotations[:, 1:, :, :2].mT.flatten(1)
    standing = way[:, FEET].square().sum(dim=-1) < STANDING_M2
    root = torch.cat([turn, ways[:, 0, [0, 2]], joints[:, 0, 1:2]], dim=1)
    return torch.cat([root, positions[:, 1:].flatten(1), sixes, ways.flatten(1), standing.to(joints)], dim=1)


def headings(joints: Tensor) -> Tensor:
    """Return where bodies face (T,), rad about y from z: across hips and shoulders, a quarter turn on."""
    across = joints[:, RIGHT_HIP] - joints[:, LEFT_HIP] + joints[:, RIGHT_SHOULDER] - joints[:, LEFT_SHOULDER]
    return torch.atan2(across[:, 2], -across[:, 0])


def to_next(changes: Tensor, fps: float) -> Tensor:
    """Return changes (T - 1, ...) as (T, ...) at the descriptors' rate; those of a single frame are none."""
    if not len(changes):
        return changes.new_zeros(1, *changes.shape[1:])
    return torch.cat([changes, changes[-1:]]) * (fps / RATE)


def _turned(points: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Return points (T, K, 3) turned about y so that their heading is along z."""
    x, y, z = points.unbind(dim=-1)
    return torch.stack([cosine * x - sine * z, y, sine * x + cosine * z], dim=-1)
