"""A pose from keypoints in the picture: SKELify of HSMR (Xia et al. 2025), on the dataset's skeleton.

As published three terms: keypoints' distances in the picture, robust, over the person's size there; the shape's
distance from the mean; the exponential of how near angles are to their limits and beyond. From the release, where the
text is silent: exponentials are squared, the weights by stage, calls of L-BFGS with strong Wolfe conditions at a rate
of 1. Ours: sigma of the robust loss is 1 and not 100, at which nothing is robust; weights of shape and limits are a
hundredth of the release's, beside which keypoints would not count; a person's size in the picture is the spread of the
keypoints, not the trunk, which may point at the camera; the shape is the independent factors of the scales, as z-scores
over the training people; the camera's stage begins with the least-squares place of the pose.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from kinesynth_train.crops import project
from kinesynth_train.networks.coded_pose import CodedPose
from kinesynth_train.networks.heads import scales_of

SIGMA = 1.0  # of Geman and McClure's loss, in the person's sizes in the picture
PRIOR = 0.01  # of the release's weights of shape and limits, which leave keypoints no say in units of the person's size
MIN_SIZE = 0.1  # of the person in the picture, whose sides are 2
HELD = 1e-3  # of the place, so that keypoints that are all hidden leave it where it was


class Variables(NamedTuple):
    """What is sought, of F pictures: code (F, E), factors (F, U) as z-scores, place (F, 3) m of the pelvis."""

    code: Tensor
    factors: Tensor
    place: Tensor


class Stage(NamedTuple):
    """Calls of the optimizer, and the square roots of the weights of shape and limits; of `whole`, all is sought."""

    calls: int
    shape: float
    limits: float
    whole: bool = True


CAMERA = Stage(30, 0.0, 0.0, whole=False)
FULL = (CAMERA, Stage(30, 100.0, 404.0 * 1.7), Stage(30, 50.0, 404.0 * 1.7), Stage(30, 10.0, 57.4 * 1.7),
        Stage(30, 5.0, 4.78 * 1.7))  # fmt: skip
REFINER = (Stage(10, 5.0, 4.78 * 0.17),)


@dataclass(frozen=True)
class Seen:
    """What is known of F pictures.

    Attributes:
        points: (F, K, 2) the first keypoints in the crops, whose edges are at -1 and 1.
        confidence: (F, K) from 0 to 1.
        cameras: (F, 3, 3) rotations from the world.
        projections: (F, 3, 4) into the crops.
    """

    points: Tensor
    confidence: Tensor
    cameras: Tensor
    projections: Tensor

    def errors(self, keypoints: Tensor) -> Tensor:
        """Return the mean squared distances (F,) of keypoints (F, K, 3) m, by confidence."""
        off = (project(keypoints, self.projections) - self.points).square().sum(dim=-1)
        return (self.confidence * off).sum(dim=-1) / self.confidence.sum(dim=-1).clamp(min=1e-6)


class Skelify:
    """The fit to keypoints.

    Args:
        pose: of the skeleton.
        ties: (3B,) which factor each scale is.
        mean: (U,) of the factors, in units of 0.1 from 1.
        spread: (U,) likewise.
    """

    def __init__(self, pose: CodedPose, ties: Tensor, mean: Tensor, spread: Tensor) -> None:
        self._pose, self._ties, self._mean, self._spread = pose, ties, mean, spread
        definition = pose.skeleton.definition
        limited = torch.tensor(~definition.coordinate_free & ~definition.coordinate_translational)
        self._limited = (limited & torch.tensor(definition.coupled_to < 0)).to(ties.device)
        self._limited[pose.root] = False
        self._limits = pose.code.limits.to(ties.device)

    def scales(self, factors: Tensor) -> Tensor:
        """Return the scales (F, B, 3) of factors (F, U)."""
        return scales_of(self._mean + self._spread * factors, self._ties)

    def keypoints(self, found: Variables, seen: Seen) -> tuple[Tensor, Tensor]:
        """Return those of the joint and mass centres (F, K, 3) m that are seen, and the angles (F, J)."""
        angles = self._pose.angles(self._pose.matrices(found.code), seen.cameras, found.place)
        pose = self._pose.skeleton(angles[:, None], self.scales(found.factors)[:, None])
        return pose.keypoints[:, 0, : seen.points.shape[1]], angles

    def fit(self, start: Variables, seen: Seen, stages: tuple[Stage, ...] = FULL) -> Variables:
        """Return the variables that the stages end in; pictures do not know of one another."""
        found = start
        for stage in stages:
            if not stage.whole:
                found = found._replace(place=self.placed(found, seen))
            found = self._stage(found, seen, stage)
        return found

    def placed(self, found: Variables, seen: Seen) -> Tensor:
        """Return the positions (F, 3) m from which the keypoints lie best on those seen, by least squares."""
        points, _ = self.keypoints(found, seen)
        turn, shift = seen.projections[:, :, :3], seen.projections[:, :, 3]
        # x (m3 p + t3) = m1 p + t1 and so on, which is linear in p = offset + place.
        rows = torch.stack([turn[:, None, n] - seen.points[..., n, None] * turn[:, None, 2] for n in (0, 1)], dim=2)
        constant = torch.stack([shift[:, None, n] - seen.points[..., n] * shift[:, None, 2] for n in (0, 1)], dim=2)
        offsets = points - found.place[:, None]
        wanted = -constant - (rows @ offsets[..., None])[..., 0]
        weights = seen.confidence.repeat_interleave(2, dim=-1)[..., None]
        rows, wanted = rows.flatten(1, 2) * weights, (wanted.flatten(1, 2)[..., None] * weights)
        held = HELD * torch.eye(3, device=rows.device)
        normal, right = rows.mT @ rows + held, rows.mT @ wanted + held @ found.place[..., None]
        place: Tensor = torch.linalg.solve(normal, right)[..., 0]
        return place

    def _stage(self, start: Variables, seen: Seen, stage: Stage) -> Variables:
        free = [value.detach().clone().requires_grad_() for value in start]
        sought = free if stage.whole else [free[0], free[2]]
        optimizer = torch.optim.LBFGS(sought, lr=1.0, max_iter=stage.calls, line_search_fn="strong_wolfe")
        size = person_size(seen)

        def current() -> Variables:
            code, factors, place = free
            if not stage.whole:  # the root turns, all else keeps its pose
                code = torch.cat([code[:, :6], start.code[:, 6:]], dim=-1)
            return Variables(code, factors, place)

        def closure() -> Tensor:
            optimizer.zero_grad()
            cost = self.costs(current(), seen, size, stage).sum()
            torch.autograd.backward(cost)
            return cost

        with torch.enable_grad():
            optimizer.step(closure)  # type: ignore[no-untyped-call]
        end = Variables(*(value.detach() for value in current()))
        whole = torch.cat([value.flatten(1) for value in end], dim=1).isfinite().all(dim=1)[:, None]
        return Variables(*(value.where(whole, before) for value, before in zip(end, start, strict=True)))

    def costs(self, found: Variables, seen: Seen, size: Tensor, stage: Stage) -> Tensor:
        """Return the cost (F,) of each picture."""
        keypoints, angles = self.keypoints(found, seen)
        off = (project(keypoints, seen.projections) - seen.points).square().sum(dim=-1) / size[:, None].square()
        lies = (seen.confidence.square() * SIGMA**2 * off / (SIGMA**2 + off)).sum(dim=-1)
        shape = found.factors.square().sum(dim=-1)
        low, high = self._limits.T
        beyond = ((low - angles).exp() + (angles - high).exp()).square() * self._limited
        prior = stage.shape**2 * shape + stage.limits**2 * beyond.sum(dim=-1)
        total: Tensor = lies + PRIOR**2 * prior
        return total


def person_size(seen: Seen) -> Tensor:
    """Return the size (F,) of each person in the picture: the spread of the keypoints that are seen."""
    weights = seen.confidence[..., None] / seen.confidence.sum(dim=-1)[:, None, None].clamp(min=1e-6)
    middle = (weights * seen.points).sum(dim=1, keepdim=True)
    variance = (weights * (seen.points - middle).square()).sum(dim=(1, 2))
    size: Tensor = variance.sqrt().clamp(min=MIN_SIZE)
    return size
