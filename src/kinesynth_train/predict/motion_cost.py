"""The cost of a motion seen in one view: what a single camera leaves open is decided by priors.

Points of the skeleton are drawn to their lines of sight; their depths, weakly, to those that a detector guesses;
coordinates to likely values, and their accelerations to zero; soles that hardly move to rest, and to the floor.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from kinesynth.skeleton import SkeletonDefinition
from kinesynth_train.predict.landmarks import priors, usual_accelerations
from kinesynth_train.predict.point_motion import PointMotion
from kinesynth_train.predict.refine import SightLines, towards
from kinesynth_train.predict.sequence import Chain
from kinesynth_train.predict.soles import REST_M_S, rests, soles, with_soles

DEPTH_OUTLIER_M = 0.15
LEAN_SPREAD = np.tan(np.radians(10.0))  # of the whole body towards the camera or away from it, in that guess: estimate
LEAN_ROUNDS = 3
FLOOR_SPREAD_M, FLOOR_OUTLIER_M = 0.02, 0.1  # of a sole that rests: shoes and the model's soles differ by as much


@dataclass(frozen=True, eq=False)
class Depths:
    """By how much farther points are than the middle of the hips, as a detector guesses it.

    Attributes:
        directions: (T, 3) unit vectors from the camera to the hips, in the world.
        metres: (T, M) along them.
        levers: (T, M) m, by how much the points are above the hips: a guess may lean as a whole.
        weights: (T, M) 1/m^2; zero where nothing is guessed.
    """

    directions: Tensor
    metres: Tensor
    levers: Tensor
    weights: Tensor

    def select(self, part: slice) -> "Depths":
        """Return those of some frames."""
        return Depths(self.directions[part], self.metres[part], self.levers[part], self.weights[part])


class MotionCost:
    """The cost of T frames in a row, as `minimize_chain` wants it."""

    def __init__(
        self,
        skeleton: SkeletonDefinition,
        lines: SightLines,
        depths: Depths,
        start: np.ndarray,
        fps: float,
        floor: float | None = None,
    ) -> None:
        """Prepare the cost of the frames of angles (T, J).

        Args:
            skeleton: of the person's size, with the M points as its markers.
            lines: of sight, of the M points.
            depths: of the M points.
            start: (T, J) rad and m.
            fps: frames per second.
            floor: m, its height, on which what rests at `start` is to lie; None where it is not known.
        """
        self._motion = PointMotion(with_soles(skeleton), start)
        self.free, self.bounds = self._motion.free, self._motion.bounds.numpy()
        self._lines, self._depths, self._fps, self._points = lines, depths, fps, len(skeleton.marker_names)
        self._radii = skeleton.contact_radii
        names = skeleton.marker_names
        self._hips = [names.index("RHip"), names.index("LHip")]
        mean, precision = priors(skeleton)
        self._likely, self._precision = mean[self.free], precision[self.free]
        self._jolt = (fps**2 / usual_accelerations(skeleton)[self.free]) ** 2
        self._floor = floor
        self._stands = rests(soles(skeleton, start), fps)

    def __call__(self, motion: np.ndarray) -> Chain:
        """Return the cost near a motion (T, P)."""
        points, slopes = self._motion(torch.tensor(motion), torch.arange(len(motion)))
        seen, soles = points[:, : self._points], points[:, self._points :].numpy()
        slopes_seen, slopes_soles = slopes[:, : 3 * self._points], slopes[:, 3 * self._points :].numpy()
        frames, width = motion.shape
        blocks = np.zeros((3, frames, width, width))
        cost, pull, stiffness = towards(seen, self._lines)
        gradient = (slopes_seen.mT @ pull.flatten(1)[..., None])[..., 0].numpy()
        stiff = (stiffness @ slopes_seen.reshape(*stiffness.shape[:3], -1)).flatten(1, 2)
        blocks[0] += (slopes_seen.mT @ stiff).numpy()
        total = float(cost.sum())
        total += self._add_depths(seen, slopes_seen, gradient, blocks)
        total += self._add_likely(motion, gradient, blocks)
        total += self._add_rest(soles, slopes_soles, gradient, blocks)
        total += self._add_floor(soles, slopes_soles, gradient, blocks)
        return Chain(total, gradient, blocks)

    def _add_depths(self, points: Tensor, slopes: Tensor, gradient: np.ndarray, blocks: np.ndarray) -> float:
        depths = self._depths
        along = (points * depths.directions[:, None]).sum(dim=-1)
        off = along - along[:, self._hips].mean(dim=1, keepdim=True) - depths.metres
        turned = (slopes.reshape(*points.shape, -1) * depths.directions[:, None, :, None]).sum(dim=2)
        turned = turned - turned[:, self._hips].mean(dim=1, keepdim=True)  # (T, M, P)
        lean = torch.zeros_like(off[:, :1])
        for _ in range(LEAN_ROUNDS):
            ratio = 1.0 / (1.0 + (off - lean * depths.levers).square() / DEPTH_OUTLIER_M**2)
            weight = depths.weights * ratio.square()
            stiffness = (weight * depths.levers.square()).sum(dim=1, keepdim=True) + LEAN_SPREAD**-2
            lean = (weight * off * depths.levers).sum(dim=1, keepdim=True) / stiffness
        off = off - lean * depths.levers
        ratio = 1.0 / (1.0 + off.square() / DEPTH_OUTLIER_M**2)
        by_lean = turned.mT @ (weight * depths.levers)[..., None]  # (T, P, 1)
        gradient += (turned.mT @ (weight * off)[..., None])[..., 0].numpy()
        blocks[0] += (turned.mT @ (weight[..., None] * turned) - by_lean @ by_lean.mT / stiffness[..., None]).numpy()
        return float((depths.weights * off.square() * ratio).sum() + (lean / LEAN_SPREAD).square().sum())

    def _add_likely(self, motion: np.ndarray, gradient: np.ndarray, blocks: np.ndarray) -> float:
        """Add what is likely of coordinates, and that they hardly jolt."""
        away = motion - self._likely
        jolt = motion[:-2] - 2 * motion[1:-1] + motion[2:]
        gradient += self._precision * away
        for place, fraction in enumerate((1.0, -2.0, 1.0)):
            gradient[place : len(motion) - 2 + place] += fraction * self._jolt * jolt
        diagonal = np.einsum("atpp->atp", blocks)
        diagonal[0] += self._precision
        for place, fraction in enumerate((1.0, 4.0, 1.0)):
            diagonal[0, place : len(motion) - 2 + place] += fraction * self._jolt
        for place in range(2):
            diagonal[1, place : len(motion) - 2 + place] -= 2.0 * self._jolt
        diagonal[2, : len(motion) - 2] += self._jolt
        return float((self._precision * away**2).sum() + (self._jolt * jolt**2).sum())

    def _add_rest(self, soles: np.ndarray, slopes: np.ndarray, gradient: np.ndarray, blocks: np.ndarray) -> float:
        """Add that what hardly moves under the soles rests."""
        moved = np.diff(soles, axis=0) * self._fps
        square = (moved**2).sum(axis=-1)
        ratio = 1.0 / (1.0 + square / REST_M_S**2)
        weight = np.repeat(ratio**2 / REST_M_S**2, 3, axis=1)[..., None] * self._fps  # (T-1, 3C, 1)
        pull = (weight * moved.reshape(len(moved), -1, 1)).transpose(0, 2, 1)
        before, after = slopes[:-1], slopes[1:]
        gradient[:-1] -= (pull @ before)[:, 0]
        gradient[1:] += (pull @ after)[:, 0]
        weight = weight * self._fps
        blocks[0, :-1] += before.transpose(0, 2, 1) @ (weight * before)
        blocks[0, 1:] += after.transpose(0, 2, 1) @ (weight * after)
        blocks[1, :-1] -= before.transpose(0, 2, 1) @ (weight * after)
        return float((square * ratio).sum() / REST_M_S**2)

    def _add_floor(self, soles: np.ndarray, slopes: np.ndarray, gradient: np.ndarray, blocks: np.ndarray) -> float:
        """Add that what rests lies on the floor, and that nothing is below it."""
        if self._floor is None:
            return 0.0
        above = soles[..., 1] - self._radii - self._floor
        fraction = np.where(above < 0, 1.0, self._stands) / FLOOR_SPREAD_M**2
        ratio = 1.0 / (1.0 + above**2 / FLOOR_OUTLIER_M**2)
        lifted = slopes.reshape(*soles.shape, -1)[:, :, 1]  # (T, C, P)
        weight = fraction * ratio**2
        gradient += ((weight * above)[:, None] @ lifted)[:, 0]
        blocks[0] += lifted.transpose(0, 2, 1) @ (weight[..., None] * lifted)
        return float((fraction * above**2 * ratio).sum())
