"""Metrics of networks that know where somebody is in the picture: PCK beside what all are measured by."""

from typing import Any, ClassVar

from torch import Tensor

from kinesynth_train.crops import project
from kinesynth_train.metrics import Mean
from kinesynth_train.skeleton import DatasetSkeleton
from kinesynth_train.stretch import Estimate, Stretch
from kinesynth_train.tally import ROWS, Tally

PCK_SHARES = (0.05, 0.1)  # of the longer side of the person's box


class KeypointTally(Tally):
    """The metrics of all, and how many joint centres that are in the picture lie near where they are seen (HSMR)."""

    rows: ClassVar[dict[str, str]] = ROWS | {f"pck_{share:g}": f"PCK@{share:g}" for share in PCK_SHARES}

    def __init__(self, skeleton: DatasetSkeleton, device: str) -> None:
        super().__init__(skeleton, device)
        self._pck = {share: Mean() for share in PCK_SHARES}

    def add(self, estimate: Estimate, stretch: Stretch) -> None:
        """Add an estimate of the frames that count, as the first view sees it."""
        super().add(estimate, stretch)
        pose = self._skeleton(estimate.angles[:, None], estimate.scales)
        joints = pose.joint_centres[:, 0]
        truth = {name: stretch.batch[name][0, 0] for name in ("keypoints_2d", "visibility", "box_side", "projections")}
        bodies = joints.shape[1]
        off = off_in_boxes(project(joints, truth["projections"]), truth["keypoints_2d"][:, :bodies], truth["box_side"])
        seen = stretch.batch["counted"][0][:, None] & (truth["visibility"][:, :bodies] > 0)
        for share, mean in self._pck.items():
            mean.add((off <= share).float(), seen)

    def metrics(self) -> dict[str, Any]:
        """Return the metrics by name."""
        return super().metrics() | {f"pck_{share:g}": mean.total() for share, mean in self._pck.items()}


def off_in_boxes(points: Tensor, truth: Tensor, sides: Tensor) -> Tensor:
    """Return distances (T, K) of points (T, K, 2) in the picture, in sides (T,) of the person's box."""
    distances: Tensor = (points - truth).norm(dim=-1) / sides[:, None]
    return distances
