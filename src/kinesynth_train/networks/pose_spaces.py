"""How BioHuman describes a pose: numbers of the dataset's skeleton, or of the SMPL-X body as in the publication.

Each space turns the front-end's code into a first pose of its own by an adapter, which changes nothing at first, and
gives the matrices that losses compare, with the root in the frame of the camera that is turned to the crop.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import smooth_l1_loss

from kinesynth_train.data import Batch
from kinesynth_train.losses import masked_mean
from kinesynth_train.networks.coded_pose import CodedPose
from kinesynth_train.networks.heads import zeroed
from kinesynth_train.rotations import six_to_rotation, vector_to_rotation

BODY_JOINTS = 22  # SMPL-X's root and the 21 that body_pose turns
FACING = ((1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, -1.0))  # SMPL-X's root, upright and towards a camera


class PoseSpace(nn.Module, ABC):
    """Poses as numbers (..., E).

    Attributes:
        labels: of the shards, beside the skeleton's, that its truth needs.
        numbers: E.
    """

    labels: ClassVar[tuple[str, ...]] = ()
    numbers: int

    @abstractmethod
    def initial(self, code: Tensor) -> Tensor:
        """Return the first pose of the front-end's code."""

    @abstractmethod
    def flat(self, pose: Tensor) -> Tensor:
        """Return the numbers of its matrices (..., F)."""

    @abstractmethod
    def canonical(self, pose: Tensor) -> Tensor:
        """Return the pose (..., E) whose numbers are those of its matrices."""

    def body(self, pose: Tensor, cameras: Tensor) -> Tensor | None:  # noqa: ARG002
        """Return the SMPL-X body's rotations (T, 22, 3, 3), the root's in the world, if poses are of one: no."""
        return None

    @abstractmethod
    def truth(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the matrices' numbers (N, T, F) of a batch with a view each, and which of them are valid."""


class SkeletonSpace(PoseSpace):
    """The front-end's own code."""

    def __init__(self, pose: CodedPose, hidden: int) -> None:
        super().__init__()
        self.pose, self.numbers = pose, pose.code.size
        self.adapter = corrector(self.numbers, hidden, self.numbers)

    def initial(self, code: Tensor) -> Tensor:
        """Return the code, adapted."""
        adapted: Tensor = code + self.adapter(code)
        return adapted

    def canonical(self, pose: Tensor) -> Tensor:
        """Return the code of the matrices."""
        return self.pose.canonical(self.pose.matrices(pose))

    def flat(self, pose: Tensor) -> Tensor:
        """Return the numbers of rotations and of points on circles."""
        return self.pose.matrices(pose).flat()

    def truth(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the angles' matrices; valid where all of a joint's angles are."""
        valid = self.pose.valid_numbers(batch["angle_valid"]) & batch["frame_valid"][..., None]
        return self.pose.truth(batch["angles"], batch["rotations"]).flat(), valid


class BodySpace(PoseSpace):
    """Six numbers of the rotation of each of SMPL-X's first 22 joints."""

    labels: ClassVar[tuple[str, ...]] = ("smplx/global_orient", "smplx/body_pose")
    rest: Tensor

    def __init__(self, pose: CodedPose, hidden: int) -> None:
        super().__init__()
        self.numbers = 6 * BODY_JOINTS
        self.adapter = corrector(pose.code.size, hidden, self.numbers)
        resting = torch.eye(3)[None].repeat(BODY_JOINTS, 1, 1)
        resting[0] = torch.tensor(FACING)
        self.register_buffer("rest", resting[..., :2].mT.flatten(), persistent=False)

    def initial(self, code: Tensor) -> Tensor:
        """Return the pose at rest, adapted."""
        adapted: Tensor = self.rest + self.adapter(code)
        return adapted

    def rotations(self, pose: Tensor) -> Tensor:
        """Return the joints' rotations (..., 22, 3, 3)."""
        return six_to_rotation(pose.unflatten(-1, (BODY_JOINTS, 6)))  # type: ignore[no-untyped-call]

    def canonical(self, pose: Tensor) -> Tensor:
        """Return the first two columns of the rotations."""
        return self.rotations(pose)[..., :2].mT.flatten(-3)

    def body(self, pose: Tensor, cameras: Tensor) -> Tensor | None:
        """Return the rotations of poses (T, E), seen by cameras (T, 3, 3)."""
        found = self.rotations(pose)
        return torch.cat([(cameras.mT @ found[:, 0])[:, None], found[:, 1:]], dim=1)

    def flat(self, pose: Tensor) -> Tensor:
        """Return the rotations' numbers."""
        return self.rotations(pose).flatten(-3)

    def truth(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the fitted body's rotations; a frame is valid where it is one of the clip."""
        found = body_rotations(batch)
        root = batch["rotations"] @ found[..., 0, :, :]
        flat = torch.cat([root[..., None, :, :], found[..., 1:, :, :]], dim=-3).flatten(-3)
        return flat, batch["frame_valid"][..., None].expand_as(flat)


def pose_terms(space: PoseSpace, pose: Tensor, truth: Batch) -> dict[str, Tensor]:
    """Return what the matrices of poses (N, T, E), and their changes, cost where they are valid."""
    found = space.flat(pose)
    wanted, valid = space.truth(truth)
    apart = (found.diff(dim=1) - wanted.diff(dim=1)).abs()
    return {
        "pose": masked_mean(smooth_l1_loss(found, wanted, reduction="none"), valid),
        "pose_change": masked_mean(apart, valid[:, 1:] & valid[:, :-1]),
    }


def body_rotations(batch: Batch) -> Tensor:
    """Return the rotations (..., T, 22, 3, 3) of the labels' body, the root's from the world."""
    vectors = torch.cat([batch["global_orient"], batch["body_pose"]], dim=-1)
    return vector_to_rotation(vectors.reshape(*vectors.shape[:-1], BODY_JOINTS, 3))


def corrector(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    """Return two layers that correct nothing at first."""
    return nn.Sequential(nn.Linear(inputs, hidden), nn.GELU(), zeroed(nn.Linear(hidden, outputs)))
