"""How far the pose of an SMPL-X body is off, beside what activations are measured by."""

import math
from typing import Any, ClassVar

import torch
from torch import Tensor

from kinesynth_train.metrics import Mean
from kinesynth_train.muscle_tally import MuscleTally
from kinesynth_train.networks.pose_spaces import body_rotations
from kinesynth_train.skeleton import DatasetSkeleton
from kinesynth_train.stretch import Estimate, Stretch


class BodyTally(MuscleTally):
    """Also the RMSE of the pose's numbers, after BioHuman.

    There it is of SMPL's 72 numbers of rotation vectors, whose differences jump where a rotation passes half a turn;
    here it is of the 66 numbers of the rotation vectors that lead from each joint's true rotation to the one found.
    """

    rows: ClassVar[dict[str, str]] = MuscleTally.rows | {"pose_rmse_rad": "SMPL-X pose, RMSE, rad"}

    def __init__(self, skeleton: DatasetSkeleton, device: str) -> None:
        super().__init__(skeleton, device)
        self._squares = Mean()

    def add(self, estimate: Estimate, stretch: Stretch) -> None:
        """Add an estimate; one without a body leaves the pose out."""
        super().add(estimate, stretch)
        if estimate.body is not None:
            truth = body_rotations({name: stretch.batch[name][0] for name in ("global_orient", "body_pose")})
            turned = turn_between(truth, estimate.body)
            self._squares.add(turned.square() / 3.0, stretch.batch["counted"][0][:, None])

    def metrics(self) -> dict[str, Any]:
        """Return the metrics by name; that of the pose is none where no body was said."""
        mean = self._squares.total()
        return super().metrics() | {"pose_rmse_rad": None if math.isnan(mean) else math.sqrt(mean)}


def turn_between(first: Tensor, second: Tensor) -> Tensor:
    """Return the angles (...) rad by which rotations (..., 3, 3) must turn to become others."""
    product = first.mT @ second
    sine = torch.stack([product[..., 2, 1] - product[..., 1, 2], product[..., 0, 2] - product[..., 2, 0],
                        product[..., 1, 0] - product[..., 0, 1]], dim=-1).norm(dim=-1)  # fmt: skip
    return torch.atan2(sine, product.diagonal(dim1=-2, dim2=-1).sum(dim=-1) - 1.0)
