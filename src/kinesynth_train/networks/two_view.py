"""A small network from two views to angles and scales: encoder per frame and view, fusion, convolutions over time."""

import torch
from torch import Tensor, nn

CAMERA_CODE = 15  # see `kinesynth_train.data.camera_code`
CHANNELS = (16, 32, 64, 96)
FEATURES = 128


class TwoViewNetwork(nn.Module):
    """Angles of every frame and one set of scales from crops of V views.

    Angles that turn freely leave as a point on the unit circle, all others as they are, in units of the training
    set's spread about its mean. Nothing keeps them within their limits but the loss.

    Args:
        views: V.
        mean: (J,) mean angles of the training set; circular for free ones.
        spread: (J,) their standard deviation.
        free: (J,) bool, angles without limits.
        bodies: B.
    """

    mean: Tensor
    spread: Tensor
    free: Tensor

    def __init__(self, views: int, mean: Tensor, spread: Tensor, free: Tensor, bodies: int) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("spread", spread)
        self.register_buffer("free", free)
        self.encoder = ViewEncoder()
        self.fuse = nn.Sequential(nn.Linear(views * FEATURES, FEATURES), nn.ReLU())
        self.over_time = nn.Sequential(*(TemporalBlock(dilation) for dilation in (1, 2, 4)))
        self.angle_head = _zeroed(nn.Linear(FEATURES, len(mean)))
        self.circle_head = _zeroed(nn.Linear(FEATURES, 2 * int(free.sum())))
        self.scale_head = _zeroed(nn.Linear(FEATURES, 3 * bodies))

    def forward(self, crops: Tensor, cameras: Tensor) -> tuple[Tensor, Tensor]:
        """Return angles (N, T, J) rad, m and scales (N, B, 3).

        Args:
            crops: (N, V, T, 4, S, S) colour and mask, 0 to 1.
            cameras: (N, V, T, CAMERA_CODE) where each crop looks.
        """
        per_view = self.encoder(crops.flatten(0, 2), cameras.flatten(0, 2)).unflatten(0, crops.shape[:3])  # N V T F
        fused = self.fuse(per_view.movedim(1, 2).flatten(2))  # N T F
        features = self.over_time(fused.mT).mT  # N T F
        scales = 1.0 + self.scale_head(features.mean(dim=1)).unflatten(-1, (-1, 3))
        return self._angles(features), scales

    def _angles(self, features: Tensor) -> Tensor:
        """Return (N, T, J) from the features of each frame."""
        angles: Tensor = self.mean + self.spread * self.angle_head(features)
        # The circle is turned so that an untrained head points at the mean.
        point = self.circle_head(features).unflatten(-1, (-1, 2)) + torch.tensor([1.0, 0.0], device=features.device)
        turned = self.mean[self.free] + torch.atan2(point[..., 1], point[..., 0])
        return angles.masked_scatter(self.free.expand_as(angles), turned)


class ViewEncoder(nn.Module):
    """Features of one crop: strided convolutions, and what the camera says."""

    def __init__(self) -> None:
        super().__init__()
        pairs = zip((4, *CHANNELS), CHANNELS, strict=False)
        self.convolutions = nn.Sequential(*(_convolution(*pair) for pair in pairs), nn.AdaptiveAvgPool2d(3))
        self.picture = nn.Linear(9 * CHANNELS[-1], FEATURES)
        self.camera = nn.Linear(CAMERA_CODE, FEATURES)

    def forward(self, crops: Tensor, cameras: Tensor) -> Tensor:
        """Return (N, FEATURES) of crops (N, 4, S, S) and camera codes (N, CAMERA_CODE)."""
        features: Tensor = self.picture(self.convolutions(crops).flatten(1)) + self.camera(cameras)
        return features.relu()


class TemporalBlock(nn.Module):
    """A residual convolution over time, which leaves the number of frames as it is."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(FEATURES, FEATURES, 3, padding=dilation, dilation=dilation, padding_mode="replicate"),
            nn.ReLU(),
            nn.Conv1d(FEATURES, FEATURES, 1),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return (N, FEATURES, T) of features (N, FEATURES, T)."""
        change: Tensor = self.layers(features)
        return features + change


def _convolution(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), nn.GroupNorm(8, outputs), nn.ReLU())


def _zeroed(layer: nn.Linear) -> nn.Linear:
    """Let a head begin at the training set's mean."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
