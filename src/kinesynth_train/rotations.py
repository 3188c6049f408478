"""Rotations of joints: from three coordinates to matrices and back, and the code of numbers that jumps nowhere.

Three coordinates in a row that turn about perpendicular axes are one rotation and may be written in many ways; a
network learns the matrix, six numbers of it, and the coordinates follow. One or two in a row are angles, a cosine and a
sine each.
"""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn

from kinesynth.skeleton import SkeletonDefinition

LOCKED = 1e-6  # how close to 1 the sine of a middle angle is where two axes are taken for one: 0.08 degrees


def rotation_to_root(rotation: Tensor, axes: Tensor) -> Tensor:
    """Return the three coordinates (..., 3) of rotations (..., 3, 3) about three perpendicular axes in turn.

    Args:
        rotation: R(a0, q0) R(a1, q1) R(a2, q2).
        axes: (3, 3) a0, a1, a2 as columns, a signed permutation of the unit axes or any orthonormal triad.
    """
    turned = axes.mT @ rotation @ axes
    sense = torch.linalg.det(axes)  # of a left-handed triad, the rotations run the other way
    middle = turned[..., 0, 2]
    second = torch.asin(middle.clamp(-1.0 + LOCKED, 1.0 - LOCKED))
    # Where the middle one is a quarter turn, the others turn about one axis: the first takes all.
    locked = middle.abs() > 1.0 - LOCKED
    sine, cosine = (
        turned[..., 2, 1].where(locked, -turned[..., 1, 2]),
        turned[..., 1, 1].where(locked, turned[..., 2, 2]),
    )
    first = torch.atan2(sine, cosine)
    third = torch.atan2((-turned[..., 0, 1]).masked_fill(locked, 0.0), turned[..., 0, 0].masked_fill(locked, 1.0))
    turns: Tensor = sense * torch.stack([first, second, third], dim=-1)
    return turns


def root_to_rotation(turns: Tensor, axes: Tensor) -> Tensor:
    """Return the rotations (..., 3, 3) that three coordinates (..., 3) make; undoes `rotation_to_root`."""
    sine, cosine = turns.sin()[..., None, None], turns.cos()[..., None, None]
    crossed = torch.linalg.cross(axes.T[:, None], torch.eye(3, device=axes.device)[None]).mT  # (3, 3, 3), axis by axis
    steps = torch.eye(3, device=axes.device) + sine * crossed + (1.0 - cosine) * crossed @ crossed  # Rodrigues
    rotation: Tensor = steps[..., 0, :, :] @ steps[..., 1, :, :] @ steps[..., 2, :, :]
    return rotation


def six_to_rotation(six: Tensor) -> Tensor:
    """Return rotations (..., 3, 3) of two columns each (..., 6), made orthonormal (Zhou et al. 2019, eq. 15)."""
    first = nn.functional.normalize(six[..., :3], dim=-1)
    second = six[..., 3:] - (first * six[..., 3:]).sum(dim=-1, keepdim=True) * first
    second = nn.functional.normalize(second, dim=-1)
    return torch.stack([first, second, torch.linalg.cross(first, second)], dim=-1)


def vector_to_rotation(vectors: Tensor) -> Tensor:
    """Return the rotations (..., 3, 3) of rotation vectors (..., 3) rad."""
    x, y, z = vectors.unbind(dim=-1)
    zero = torch.zeros_like(x)
    crossed = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=-1).reshape(*vectors.shape, 3)
    angle = vectors.norm(dim=-1)[..., None, None]
    # sin(a) / a and (1 - cos(a)) / a^2, which sinc gives at 0 too.
    once, twice = torch.sinc(angle / torch.pi), 0.5 * torch.sinc(angle / (2.0 * torch.pi)).square()
    rotation: Tensor = torch.eye(3, device=vectors.device) + once * crossed + twice * crossed @ crossed
    return rotation


def euler_branches(turns: Tensor) -> Tensor:
    """Return both ways (..., 2, 3) to write the rotations of three coordinates (..., 3) about perpendicular axes.

    (q0, q1, q2) and (q0 + pi, pi - q1, q2 + pi) are one rotation; `rotation_to_root` gives
    the one whose middle angle is within a quarter turn, which an arm that hangs at -100 degrees is not.
    """
    half = torch.pi
    other = torch.stack([turns[..., 0] + half, half - turns[..., 1], turns[..., 2] + half], dim=-1)
    return torch.stack([turns, _wrapped(other)], dim=-2)


def nearest_branch(turns: Tensor, limits: Tensor, before: Tensor | None = None) -> Tensor:
    """Return the way (..., 3) to write rotations that is less beyond the limits (3, 2), then nearer to `before`.

    Args:
        turns: (..., 3) as `rotation_to_root` gives them.
        limits: (3, 2) of the coordinates.
        before: (..., 3) what to stay near to, in the frame before or the truth; none: the middle of the limits.
    """
    ways = euler_branches(turns)
    excess = ((limits[:, 0] - ways).relu() + (ways - limits[:, 1]).relu()).sum(dim=-1)
    near = limits.mean(dim=-1) if before is None else before[..., None, :]
    cost = excess + 1e-3 * _wrapped(ways - near).abs().sum(dim=-1)
    chosen = cost.argmin(dim=-1)[..., None, None].expand(*cost.shape[:-1], 1, 3)
    return ways.gather(-2, chosen)[..., 0, :]


def _wrapped(angles: Tensor) -> Tensor:
    return torch.atan2(angles.sin(), angles.cos())


@dataclass(frozen=True)
class RotationCode:
    """The continuous code of a skeleton's angles: translations and followers are no part of it.

    Attributes:
        balls: per joint of three rotations, its coordinates (3,) and its axes (3, 3), as columns.
        hinges: (H,) the coordinates of all others.
        limits: (J, 2) of the coordinates.
    """

    balls: tuple[tuple[Tensor, Tensor], ...]
    hinges: Tensor
    limits: Tensor

    @classmethod
    def of(cls, definition: SkeletonDefinition) -> Self:
        """Return the code of a skeleton."""
        own = (definition.coupled_to < 0) & ~definition.coordinate_translational
        balls, taken = [], set()
        for body, coordinates in enumerate(definition.axis_coordinates[:, :3]):
            distinct = len(set(coordinates.tolist())) == 3 and (coordinates >= 0).all() and own[coordinates].all()
            if distinct:
                axes = torch.tensor(definition.axes[body, :3].T).float()
                balls.append((torch.tensor(coordinates), axes))
                taken |= set(coordinates.tolist())
        hinges = [index for index in range(len(own)) if own[index] and index not in taken]
        return cls(tuple(balls), torch.tensor(hinges), torch.tensor(definition.coordinate_ranges).float())

    @property
    def size(self) -> int:
        """The number of numbers."""
        return 6 * len(self.balls) + 2 * len(self.hinges)

    def encode(self, angles: Tensor) -> Tensor:
        """Return the code (..., size) of angles (..., J): two columns of each matrix, a cosine and a sine."""
        matrices = [root_to_rotation(angles[..., turns], axes.to(angles)) for turns, axes in self.balls]
        sixes = [matrix[..., :2].mT.flatten(-2) for matrix in matrices]
        hinges = angles[..., self.hinges]
        return torch.cat([*sixes, torch.stack([hinges.cos(), hinges.sin()], dim=-1).flatten(-2)], dim=-1)

    def matrices(self, code: Tensor) -> tuple[Tensor, Tensor]:
        """Return rotations (..., balls, 3, 3) and unit circles (..., H, 2) of a code, for a loss on them."""
        split = 6 * len(self.balls)
        rotations = six_to_rotation(code[..., :split].reshape(*code.shape[:-1], -1, 6))
        return rotations, nn.functional.normalize(code[..., split:].reshape(*code.shape[:-1], -1, 2), dim=-1)

    def angles(self, rotations: Tensor, circles: Tensor, near: Tensor | None = None) -> Tensor:
        """Return the angles (..., J) of rotations (..., balls, 3, 3) and unit circles (..., H, 2), all others 0.

        Of the two ways to write a rotation, the one that is within the limits; of two such, the one nearer to `near`
        (..., J).
        """
        angles = circles.new_zeros(*circles.shape[:-2], len(self.limits))
        limits = self.limits.to(circles)
        for rotation, (turns, axes) in zip(rotations.unbind(-3), self.balls, strict=True):
            plain = rotation_to_root(rotation, axes.to(circles))
            before = None if near is None else near[..., turns]
            angles[..., turns] = nearest_branch(plain, limits[turns], before)
        angles[..., self.hinges] = torch.atan2(circles[..., 1], circles[..., 0])
        return angles
