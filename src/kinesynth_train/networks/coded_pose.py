"""Poses by their continuous code: angles of it, and the matrices that losses compare.

The code is that of `rotations.RotationCode`, with the root's rotation in the frame of the camera that is turned to the
crop: what a network sees there looks the same wherever in the picture the crop was cut.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from kinesynth.skeleton import SkeletonDefinition
from kinesynth_train.networks.heads import UPRIGHT
from kinesynth_train.rotations import RotationCode, root_to_rotation, rotation_to_root
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton


class Matrices(NamedTuple):
    """A pose: rotations (..., R, 3, 3) of the joints of three angles, the root first, and points (..., H, 2)."""

    rotations: Tensor
    circles: Tensor

    def flat(self) -> Tensor:
        """Return all as numbers (..., 9 R + 2 H)."""
        return torch.cat([self.rotations.flatten(-3), self.circles.flatten(-2)], dim=-1)


class CodedPose(nn.Module):
    """What turns codes into poses of one dataset's skeleton; it has no parameters."""

    mean: Tensor
    root: Tensor
    root_axes: Tensor
    root_place: Tensor

    def __init__(self, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
        super().__init__()
        self.skeleton = skeleton
        self.code = code_of(skeleton.definition)
        for name in ("mean", "root", "root_axes", "root_place"):
            self.register_buffer(name, getattr(stats, name).clone(), persistent=False)

    def mean_code(self) -> Tensor:
        """Return the code (E,) of the training set's mean pose, upright before the camera, on the CPU."""
        with torch.device("cpu"):
            code = self.code.encode(self.mean.cpu())
            code[:6] = torch.tensor(UPRIGHT)[:, :2].T.flatten()
        return code

    def matrices(self, code: Tensor) -> Matrices:
        """Return the matrices of codes (..., E)."""
        return Matrices(*self.code.matrices(code))

    def canonical(self, pose: Matrices) -> Tensor:
        """Return the codes (..., E) of matrices: their first two columns, and points of length 1."""
        return torch.cat([pose.rotations[..., :2].mT.flatten(-3), pose.circles.flatten(-2)], dim=-1)

    def truth(self, angles: Tensor, cameras: Tensor) -> Matrices:
        """Return the matrices of angles (..., J), seen by cameras (..., 3, 3) from the world."""
        rotations, circles = self.code.matrices(self.code.encode(angles))
        root = cameras @ root_to_rotation(angles[..., self.root], self.root_axes)
        return Matrices(torch.cat([root[..., None, :, :], rotations[..., 1:, :, :]], dim=-3), circles)

    def angles(self, pose: Matrices, cameras: Tensor, place: Tensor) -> Tensor:
        """Return the angles (..., J), the pelvis in the world at `place` (..., 3).

        Of the two ways to write a rotation, the one within the limits, then the one nearer to the training set's mean.
        """
        angles = self.code.angles(*pose, near=self.mean)
        root = rotation_to_root(cameras.mT @ pose.rotations[..., 0, :, :], self.root_axes)
        angles = angles.index_copy(-1, self.root, root).index_copy(-1, self.root_place, place)
        return self.skeleton.layer.coupled(angles)

    def valid_numbers(self, angle_valid: Tensor) -> Tensor:
        """Return which of the matrices' numbers (..., 9 R + 2 H), as `flat` gives them, are valid."""
        balls, hinges = self.valid(angle_valid)
        return torch.cat([balls.repeat_interleave(9, dim=-1), hinges.repeat_interleave(2, dim=-1)], dim=-1)

    def valid(self, angle_valid: Tensor) -> tuple[Tensor, Tensor]:
        """Return which rotations (..., R) and points (..., H) are valid where angles (..., J) are."""
        balls = torch.stack([angle_valid[..., turns].all(dim=-1) for turns, _ in self.code.balls], dim=-1)
        return balls, angle_valid[..., self.code.hinges]


def code_of(definition: SkeletonDefinition) -> RotationCode:
    """Return the code of a skeleton whose root is its first joint of three angles."""
    with torch.device("cpu"):
        code = RotationCode.of(definition)
    root = definition.axis_coordinates[0, :3]
    assert set(code.balls[0][0].tolist()) == set(root.tolist())  # as every skeleton has it
    return code
