"""What every network ends in: coordinates and scales, in units that suit the training set."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from kinesynth_train.skeleton import Anatomy

SCALE_UNIT = 0.1  # body scales differ by about a tenth between people


class Prediction(NamedTuple):
    """What a network says of a window.

    Attributes:
        angles: (N, T, J) rad, m.
        scales: (N, B, 3), one set for the window.
        circle: (N, T, F, 2) cosine and sine of the free angles as they came, not of length 1.
        rotation: (N, T, 3, 3) of the root, from networks that give a matrix rather than three angles.
        only_centre: whether T is 1 and stands for the window's frame T // 2 alone.
    """

    angles: Tensor
    scales: Tensor
    circle: Tensor
    rotation: Tensor | None = None
    only_centre: bool = False


class KinematicsHead(nn.Module):
    """From features of frames to coordinates, and from features of the window to scales.

    Coordinates that turn freely leave as a point that is laid on the unit circle, turned so that an untrained head
    points at the training set's mean; all others in units of the training set's spread about its mean. Nothing keeps
    them within their limits but the loss.
    """

    mean: Tensor
    spread: Tensor
    free: Tensor

    def __init__(self, features: int, anatomy: Anatomy, scale_features: int | None = None) -> None:
        super().__init__()
        for name in ("mean", "spread", "free"):
            self.register_buffer(name, getattr(anatomy, name).clone())
        self.angles = zeroed(nn.Linear(features, len(anatomy.mean)))
        self.circle = zeroed(nn.Linear(features, 2 * int(anatomy.free.sum())))
        self.scales = zeroed(nn.Linear(scale_features or features, 3 * int(anatomy.bodies)))

    def forward(self, frames: Tensor, window: Tensor) -> Prediction:
        """Return the prediction of frame features (N, T, D) and window features (N, D')."""
        at_mean = self.mean[self.free]
        offset = self.circle(frames).unflatten(-1, (-1, 2)).float()  # (N, T, F, 2)
        cosine, sine = at_mean.cos(), at_mean.sin()
        x, y = 1.0 + offset[..., 0], offset[..., 1]
        circle = torch.stack([x * cosine - y * sine, x * sine + y * cosine], dim=-1)
        angles = self.mean + self.spread * self.angles(frames).float()
        turned = torch.atan2(circle[..., 1], circle[..., 0])
        angles = angles.masked_scatter(self.free.expand_as(angles), turned)
        scales = 1.0 + SCALE_UNIT * self.scales(window).float().unflatten(-1, (-1, 3))
        return Prediction(angles, scales, circle)


class TransformerBlock(nn.Module):
    """Attention over time and a two-layer perceptron, each normalised before and added to what came in."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.before_attention, self.before_perceptron = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.perceptron = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, sequence: Tensor) -> Tensor:
        """Return (N, T, C) of (N, T, C)."""
        normal = self.before_attention(sequence)
        sequence = sequence + self.attention(normal, normal, normal, need_weights=False)[0]
        changed: Tensor = sequence + self.perceptron(self.before_perceptron(sequence))
        return changed


def place_code(frames: int, width: int, like: Tensor) -> Tensor:
    """Return the sinusoidal code (T, C) of each frame's place (Vaswani et al. 2017)."""
    rates = torch.exp(torch.arange(0, width, 2, device=like.device) * (-torch.log(torch.tensor(1e4)) / width))
    phases = torch.arange(frames, device=like.device)[:, None] * rates
    return torch.stack([phases.sin(), phases.cos()], dim=-1).flatten(1)[:, :width].to(like.dtype)


def zeroed(layer: nn.Linear) -> nn.Linear:
    """Let a head begin at the training set's mean."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
