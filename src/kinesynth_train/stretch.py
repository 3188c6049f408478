"""What is measured: consecutive frames of a clip, and what a method estimates of them."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import Tensor

from kinesynth.skeleton import SkeletonLayer
from kinesynth_train.data import Batch


class Estimate(NamedTuple):
    """What a method estimates of a stretch.

    Attributes:
        angles: (T, J) rad, m.
        scales: (T, B, 3), of each frame.
        markers: (T, M, 3) m, from methods that know where the subject's markers sit; else the dataset's skeleton's.
        activations: (T, A) of the muscles, from methods that know of any.
        body: (T, 22, 3, 3) rotations of SMPL-X's root, in the world, and of 21 joints, from methods that estimate them.
        joints: (T, B, 3) m, from methods that know nothing of the skeleton's angles and scales, which are NaN then.
        betas: (T, 10) of the body, likewise.
        dynamics: forces in the world and moments, from methods that estimate them, see `networks.dynamics_head`.
    """

    angles: Tensor
    scales: Tensor
    markers: Tensor | None = None
    activations: Tensor | None = None
    body: Tensor | None = None
    joints: Tensor | None = None
    betas: Tensor | None = None
    dynamics: Any = None


@dataclass(frozen=True)
class Stretch:
    """Consecutive frames of one clip.

    Attributes:
        batch: a batch of this one window, padded by nothing.
        layer: the subject's own skeleton, in float64.
        number: of the stretch, from which its noise follows.
        action: of the clip.
        subject: the person.
        detected: whether keypoints in the picture are a detector's, rather than labels.
    """

    batch: Batch
    layer: SkeletonLayer
    number: int
    action: str = ""
    subject: str = ""
    detected: bool = False

    @property
    def frames(self) -> int:
        """How many there are."""
        return self.batch["angles"].shape[1]

    @property
    def scales(self) -> Tensor:
        """The subject's true scales, once for every frame (T, B, 3)."""
        return self.batch["scales"].expand(self.frames, -1, -1)
