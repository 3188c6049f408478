"""HSMR that regresses Euler angles: the paper's ablation of the continuous code (Xia et al. 2025, table 5).

The head gives each of the skeleton's angles that follow no other as it is, the root's in the frame of the camera that
looks at the crop, and these are what the pose's loss is on; all else is HSMR's. How the loss was weighed the paper does
not say: here an angle costs twice its squared difference, which is what the published distance of matrices comes to
where the difference is small. Angles are not taken the short way round: that they jump is what is asked about.
"""

import torch
from torch import Tensor, nn

from kinesynth_train.data import Batch
from kinesynth_train.networks import hsmr
from kinesynth_train.networks.coded_pose import Matrices
from kinesynth_train.networks.contract import Prediction
from kinesynth_train.networks.heads import UPRIGHT, zeroed
from kinesynth_train.networks.hsmr import Hsmr, Shape, Weights
from kinesynth_train.rotations import root_to_rotation, rotation_to_root
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton

__all__ = ["PRESETS", "Shape", "Weights", "make"]


class HsmrEuler(Hsmr):
    """HSMR whose code is the angles themselves (E,), those of balls joint by joint, then those of hinges."""

    order: Tensor

    def __init__(self, shape: Shape, weights: Weights, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
        super().__init__(shape, weights, stats, skeleton)
        code = self.pose.code
        self.register_buffer("order", torch.cat([*(turns for turns, _ in code.balls), code.hinges]), persistent=False)
        upright = rotation_to_root(torch.tensor(UPRIGHT, device=stats.mean.device), stats.root_axes)
        angles = stats.mean.index_copy(-1, stats.root, upright)
        self.register_buffer("mean_code", angles[self.order], persistent=False)
        self.read_code = zeroed(nn.Linear(shape.width, len(self.order)))

    def matrices(self, code: Tensor) -> Matrices:
        """Return the pose of angles (..., E)."""
        angles = code.new_zeros(*code.shape[:-1], len(self.stats.mean)).index_copy(-1, self.order, code)
        return self.pose.matrices(self.pose.code.encode(angles))

    def pose_distances(self, prediction: Prediction, truth: Batch) -> tuple[Tensor, Tensor]:
        """Return twice the squared differences (N, T) of the root's angles and of all others, those that are valid."""
        assert prediction.code is not None  # as `prediction_of` makes it
        root, axes = self.stats.root, self.stats.root_axes
        seen = rotation_to_root(truth["rotations"] @ root_to_rotation(truth["angles"][..., root], axes), axes)
        wanted = truth["angles"].index_copy(-1, root, seen)[..., self.order]
        apart = 2.0 * (prediction.code - wanted).square() * truth["angle_valid"][..., self.order]
        return apart[..., :3].sum(dim=-1), apart[..., 3:].sum(dim=-1)


def make(shape: Shape, weights: Weights, stats: CoordinateStats, skeleton: DatasetSkeleton) -> HsmrEuler:
    """Return the untrained network."""
    return HsmrEuler(shape, weights, stats, skeleton)


PRESETS = {
    "hsmr_b_euler": hsmr.PRESETS["hsmr_b"],
    "hsmr_euler_tiny": hsmr.PRESETS["hsmr_tiny"],
}
