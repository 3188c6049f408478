"""Metrics of networks that know where somebody is in the picture: PCK beside what all are measured by."""

from typing import Any, ClassVar

from torch import Tensor

from kinesynth_train.crops import project
from kinesynth_train.data import Batch
from kinesynth_train.metrics import Mean
from kinesynth_train.skeleton import DatasetSkeleton
from kinesynth_train.stretch import Estimate, Stretch
from kinesynth_train.tally import ROWS, Tally

PCK_FRACTIONS = (0.05, 0.1)  # of the longer side of the person's box
PCK_ROWS = {f"pck_{fraction:g}": f"PCK@{fraction:g}" for fraction in PCK_FRACTIONS}


class PictureErrors:
    """How many joint centres that are in the picture lie near where they are seen (HSMR), of one method."""

    def __init__(self) -> None:
        self._pck = {fraction: Mean() for fraction in PCK_FRACTIONS}

    def add(self, joints: Tensor, truth: Batch) -> None:
        """Add joint centres (T, B, 3) m in the world, as the first view sees them."""
        bodies, view = joints.shape[1], 0
        names = ("keypoints_2d", "visibility", "box_side", "projections")
        points, visibility, sides, projections = (truth[name][view] for name in names)
        off = off_in_boxes(project(joints, projections), points[:, :bodies], sides)
        seen = truth["counted"][:, None] & (visibility[:, :bodies] > 0)
        for fraction, mean in self._pck.items():
            mean.add((off <= fraction).float(), seen)

    def metrics(self) -> dict[str, float]:
        """Return the fractions by name."""
        return {f"pck_{fraction:g}": mean.total() for fraction, mean in self._pck.items()}


class KeypointTally(Tally):
    """The metrics of all, and those of joints in the picture."""

    rows: ClassVar[dict[str, str]] = ROWS | PCK_ROWS

    def __init__(self, skeleton: DatasetSkeleton, device: str) -> None:
        super().__init__(skeleton, device)
        self._picture = PictureErrors()

    def add(self, estimate: Estimate, stretch: Stretch) -> None:
        """Add an estimate of the frames that count, as the first view sees it."""
        super().add(estimate, stretch)
        pose = self._skeleton(estimate.angles[:, None], estimate.scales)
        self._picture.add(pose.joint_centres[:, 0], {name: value[0] for name, value in stretch.batch.items()})

    def metrics(self) -> dict[str, Any]:
        """Return the metrics by name."""
        return super().metrics() | self._picture.metrics()


def off_in_boxes(points: Tensor, truth: Tensor, sides: Tensor) -> Tensor:
    """Return distances (T, K) of points (T, K, 2) in the picture, in sides (T,) of the person's box."""
    distances: Tensor = (points - truth).norm(dim=-1) / sides[:, None]
    return distances
