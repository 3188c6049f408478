"""Where a skeleton's points are, and by how much they move with each coordinate, for many frames at once."""

import numpy as np
import torch
from torch import Tensor

from kinesynth.kinematics.unit_twists import Twists, descendants
from kinesynth.skeleton import SkeletonDefinition, SkeletonLayer
from kinesynth_train.inverse_kinematics import search_limits


class PointMotion:
    """The markers of a skeleton as a function of its free coordinates, in T frames.

    Attributes:
        free: (P,) the coordinates that are searched: neither coupled to another one nor locked.
        bounds: (P, 2) their limits.
    """

    def __init__(self, skeleton: SkeletonDefinition, start: np.ndarray) -> None:
        """Prepare the frames of angles (T, J), whose other coordinates stay."""
        low, high = search_limits(skeleton).numpy().T
        self.free = np.flatnonzero((skeleton.coupled_to < 0) & (low < high))
        self.bounds = torch.tensor(np.stack([low, high], axis=1)[self.free])
        self._start, self._places = torch.tensor(start), torch.tensor(self.free)
        self._layer = SkeletonLayer(skeleton)
        self._twists = Twists(skeleton, self.free, np.unique(skeleton.marker_bodies))
        below = descendants(skeleton.parents)[np.ix_(self._twists.bodies.numpy(), skeleton.marker_bodies)]
        self._moves = torch.tensor(below, dtype=torch.float64)  # (D, M)

    def __call__(self, unknowns: Tensor, index: Tensor) -> tuple[Tensor, Tensor]:
        """Return the points (K, M, 3) m of frames (K,) at unknowns (K, P), and their slopes (K, 3M, P)."""
        angles = self._start[index].index_copy(1, self._places, unknowns)
        pose = self._layer(angles)
        twists = self._twists(angles, pose.transforms[..., :3, :].movedim(1, 0).contiguous())  # (D, K, 6)
        spin, speed = twists[:, :, None, :3], twists[:, :, None, 3:]
        moved = (speed + torch.linalg.cross(spin, pose.markers[None])) * self._moves[:, None, :, None]
        slopes = moved.flatten(2).permute(1, 2, 0)
        shape = (*slopes.shape[:2], len(self.free))
        return pose.markers, slopes.new_zeros(shape).index_add(2, self._twists.coordinates, slopes)
