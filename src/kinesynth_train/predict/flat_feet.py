"""Feet that rest lie flat: places under a sole that do not move are level with each other.

A detector tells heel and toes to some centimetres, which is ten degrees of the ankle. Each foot is held level by
itself, wherever it rests, so that neither stairs nor a world that is a little tilted matter. Whoever stands on tiptoe
is farther from level than the loss (Geman and McClure's) reaches.
"""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from kinesynth.geometry.levenberg_marquardt import Quadratic
from kinesynth.skeleton import SkeletonDefinition
from kinesynth_train.predict.point_motion import PointMotion
from kinesynth_train.predict.soles import rests, soles

SPREAD_M = 0.007  # two degrees over the length of a foot: shoes have heels, and the skeleton's soles are no shoe's
OUTLIER_M = 0.03


class FlatFeet:
    """The cost of soles that rest and are not level, in T frames.

    Attributes:
        free: (P,) the coordinates that are searched.
    """

    def __init__(self, skeleton: SkeletonDefinition, start: np.ndarray) -> None:
        """Prepare the frames of angles (T, J); no sole rests before `look` has been called."""
        under = replace(
            skeleton,
            marker_names=skeleton.contact_names,
            marker_bodies=skeleton.contact_bodies,
            marker_places=skeleton.contact_places,
        )
        self._skeleton, self._motion = skeleton, PointMotion(under, start)
        self.free = self._motion.free
        self._radii = torch.tensor(skeleton.contact_radii)
        sides = [[name.endswith(side) for name in skeleton.contact_names] for side in ("_r", "_l")]
        self._feet = torch.tensor(sides, dtype=torch.float64)  # (2, C)
        self._rest = torch.zeros(len(start), len(skeleton.contact_names), dtype=torch.float64)

    def look(self, angles: np.ndarray, fps: float) -> None:
        """Take what rests in a motion (T, J) for what rests."""
        self._rest = torch.tensor(rests(soles(self._skeleton, angles), fps))

    def quadratic(self, unknowns: Tensor, index: Tensor) -> Quadratic:
        """Return cost, gradient and Gauss-Newton matrix at unknowns (K, P) of the frames (K,)."""
        points, slopes = self._motion(unknowns, index)
        rest = self._rest[index][:, None] * self._feet  # (K, 2, C)
        share = rest / rest.sum(dim=-1, keepdim=True).clamp(min=1e-9)
        heights = points[..., 1] - self._radii
        rise = slopes[:, 1::3]  # (K, C, P), of the heights
        off = heights[:, None] - (share * heights[:, None]).sum(dim=-1, keepdim=True)  # (K, 2, C) from the foot's mean
        ratio = 1.0 / (1.0 + (off / OUTLIER_M).square())
        # Heel and toes count as two observations, however many places there are under a sole.
        weight = rest * 2.0 / self._feet.sum(dim=-1, keepdim=True) / SPREAD_M**2
        cost = (weight * off.square() * ratio).sum(dim=(1, 2))
        pull = weight * ratio.square()
        tilt = rise[:, None] - (share @ rise)[:, :, None]  # (K, 2, C, P)
        gradient = (tilt * (pull * off)[..., None]).sum(dim=(1, 2))
        matrix = torch.einsum("kfcp,kfc,kfcq->kpq", tilt, pull, tilt)
        return Quadratic(cost, gradient, matrix)
