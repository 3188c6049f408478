"""What networks end in: coordinates and scales, in units that suit the training set or within their limits."""

from dataclasses import replace

import torch
from torch import Tensor, nn

from kinesynth_train.networks.contract import Prediction
from kinesynth_train.rotations import root_to_rotation, rotation_to_root, six_to_rotation
from kinesynth_train.skeleton import CoordinateStats

SCALE_UNIT = 0.1  # body scales differ by about a tenth between people
SCALE_REACH = 0.4  # from 1, of a bounded scale: scaling itself refuses what is farther off
ROOT_UNIT = 0.1  # m, of the pelvis from the middle of points or markers
UPRIGHT = ((0.0, 0.0, -1.0), (0.0, -1.0, 0.0), (-1.0, 0.0, 0.0))  # the root, before a camera whose y points down
INSIDE = 1e-3  # fraction of a coordinate's range that its bounded mean stays from the limits


class ScaleHead(nn.Module):
    """From features (..., D) to scales (..., B, 3), by the factors that are independent in the training set."""

    ties: Tensor

    def __init__(self, features: int, stats: CoordinateStats, *, bounded: bool = False) -> None:
        super().__init__()
        self.register_buffer("ties", stats.ties.clone())
        self.factors = zeroed(nn.Linear(features, stats.factors))
        self._bounded = bounded

    def forward(self, features: Tensor) -> Tensor:
        """Return the scales, 1 at first."""
        factors = self.factors(features).float()
        factors = (
            SCALE_REACH * torch.tanh(factors * SCALE_UNIT / SCALE_REACH) if self._bounded else SCALE_UNIT * factors
        )
        scales: Tensor = 1.0 + factors[..., self.ties].unflatten(-1, (-1, 3))
        return scales


def scales_of(factors: Tensor, ties: Tensor) -> Tensor:
    """Return the scales (..., B, 3) of factors (..., U), in units from 1; `ties` (3B,) tells which one each is."""
    return (1.0 + SCALE_UNIT * factors[..., ties]).reshape(*factors.shape[:-1], -1, 3)


def factors_of(scales: Tensor, first_of_each: Tensor) -> Tensor:
    """Return the factors (..., U), in units from 1, of scales (..., B, 3), of which the first (U,) has each."""
    return (scales.flatten(-2)[..., first_of_each] - 1.0) / SCALE_UNIT


class CircleHead(nn.Module):
    """From features (..., D) to coordinates (..., J): some as a point on the unit circle, others as they are.

    Coordinates leave in units of the training set's spread about its mean; those on the circle are turned so that an
    untrained head points at the mean.
    """

    mean: Tensor
    spread: Tensor
    circled: Tensor

    def __init__(self, features: int, stats: CoordinateStats, circled: Tensor) -> None:
        super().__init__()
        for name, value in (("mean", stats.mean), ("spread", stats.spread), ("circled", circled)):
            self.register_buffer(name, value.clone())
        self.angles = zeroed(nn.Linear(features, len(stats.mean)))
        self.circle = zeroed(nn.Linear(features, 2 * int(circled.sum())))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return the coordinates, and the points (..., F, 2) as they came, not of length 1."""
        at_mean = self.mean[self.circled]
        offset = self.circle(features).unflatten(-1, (-1, 2)).float()
        cosine, sine = at_mean.cos(), at_mean.sin()
        x, y = 1.0 + offset[..., 0], offset[..., 1]
        circle = torch.stack([x * cosine - y * sine, x * sine + y * cosine], dim=-1)
        angles = self.mean + self.spread * self.angles(features).float()
        turned = torch.atan2(circle[..., 1], circle[..., 0])
        return angles.masked_scatter(self.circled.expand_as(angles), turned), circle


class KinematicsHead(nn.Module):
    """A head of our variants: the free coordinates on the circle, one set of scales for the window, no limits."""

    def __init__(self, features: int, stats: CoordinateStats, scale_features: int | None = None) -> None:
        super().__init__()
        self.angles = CircleHead(features, stats, stats.free)
        self.scales = ScaleHead(scale_features or features, stats)

    def forward(self, frames: Tensor, window: Tensor) -> Prediction:
        """Return the prediction of frame features (N, T, D) and window features (N, D')."""
        angles, circle = self.angles(frames)
        scales = self.scales(window)[:, None].expand(-1, angles.shape[1], -1, -1)
        return Prediction(angles, scales, circle=circle)


class BoundedHead(nn.Module):
    """From features (N, T, D) to coordinates within their limits, the root as a matrix, and scales of each frame.

    Inner coordinates are a sigmoid between their limits, the training set's mean at first. Where the root is, it does
    not predict: it leaves the mean.
    """

    low: Tensor
    high: Tensor
    bounded: Tensor
    mean: Tensor
    root: Tensor
    root_axes: Tensor

    def __init__(self, features: int, stats: CoordinateStats, upright: Tensor) -> None:
        super().__init__()
        bounded = (~stats.translational).index_fill(0, stats.root, False)
        low, high = stats.limits.T
        for name, value in (("low", low), ("high", high), ("bounded", bounded), ("mean", stats.mean),
                            ("root", stats.root), ("root_axes", stats.root_axes)):  # fmt: skip
            self.register_buffer(name, value.clone())
        self.angles, self.six = zeroed(nn.Linear(features, len(low))), zeroed(nn.Linear(features, 6))
        self.scales = ScaleHead(features, stats, bounded=True)
        fraction = ((stats.mean - low) / (high - low)).clamp(INSIDE, 1.0 - INSIDE)
        with torch.no_grad():
            self.angles.bias.copy_(torch.logit(fraction).where(bounded, 0.0))
            self.six.bias.copy_(upright[..., :2].T.flatten())

    def forward(self, features: Tensor, camera: Tensor | None = None) -> Prediction:
        """Return the prediction; the root's matrix comes in the frame of `camera` (N, T, 3, 3), if given."""
        fraction = torch.sigmoid(self.angles(features).float())
        angles = (self.low + (self.high - self.low) * fraction).where(self.bounded, self.mean)
        six = self.six(features).float()
        with torch.autocast(features.device.type, enabled=False):  # else products of matrices are of half precision
            rotation = six_to_rotation(six)
            if camera is not None:
                rotation = camera.mT @ rotation
            angles = angles.index_copy(-1, self.root, rotation_to_root(rotation, self.root_axes))
        return Prediction(angles, self.scales(features), rotation=rotation)


def about_middle(stats: CoordinateStats) -> CoordinateStats:
    """Return the stats with the pelvis' position relative to the middle of a frame's points or markers."""
    mean = stats.mean.index_fill(0, stats.root_place, 0.0)
    return replace(stats, mean=mean, spread=stats.spread.index_fill(0, stats.root_place, ROOT_UNIT))


def mean_rotation(stats: CoordinateStats) -> Tensor:
    """Return the rotation (3, 3) of the root at the training set's mean."""
    return root_to_rotation(stats.mean[stats.root], stats.root_axes)


def zeroed(layer: nn.Linear) -> nn.Linear:
    """Let a head begin at the training set's mean."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
