"""The stacked hourglass (Newell, Yang, Deng 2016), which turns a picture into a map of features."""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

GROUPS = 8


class StackedHourglass(nn.Module):
    """A quarter of the picture's resolution, one map per stack, each fed by the picture's features and the last map.

    Args:
        inputs: channels of the picture.
        channels: C, of every map.
        stacks: S.
        depth: how often an hourglass halves the resolution.
    """

    def __init__(self, inputs: int, channels: int, stacks: int, depth: int) -> None:
        super().__init__()
        half = channels // 2
        self.stem = nn.Sequential(
            nn.Conv2d(inputs, half, 7, stride=2, padding=3),
            nn.GroupNorm(GROUPS, half),
            nn.ReLU(),
            Residual(half, channels),
            nn.MaxPool2d(2),
            Residual(channels, channels),
        )
        self.hourglasses = nn.ModuleList(Hourglass(channels, depth) for _ in range(stacks))
        self.outputs = nn.ModuleList(
            nn.Sequential(Residual(channels, channels), nn.Conv2d(channels, channels, 1)) for _ in range(stacks)
        )
        self.returns = nn.ModuleList(nn.Conv2d(channels, channels, 1) for _ in range(stacks - 1))

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the stacks' maps (N, S * C, H / 4, W / 4) of pictures (N, inputs, H, W)."""
        features = self.stem(pictures)
        maps: list[Tensor] = []
        for stack, (hourglass, output) in enumerate(zip(self.hourglasses, self.outputs, strict=True)):
            maps.append(output(hourglass(features)))
            if stack < len(self.returns):
                features = features + self.returns[stack](maps[-1])
        return torch.cat(maps, dim=1)


class Hourglass(nn.Module):
    """Down `depth` times by two and up again, with a branch at each resolution."""

    def __init__(self, channels: int, depth: int) -> None:
        super().__init__()
        self.branch = Residual(channels, channels)
        self.down = nn.Sequential(nn.MaxPool2d(2), Residual(channels, channels))
        self.inner = Hourglass(channels, depth - 1) if depth > 1 else Residual(channels, channels)
        self.up = Residual(channels, channels)

    def forward(self, features: Tensor) -> Tensor:
        """Return (N, C, H, W) of (N, C, H, W)."""
        low = self.up(self.inner(self.down(features)))
        joined: Tensor = self.branch(features) + interpolate(low, size=features.shape[-2:], mode="nearest")
        return joined


class Residual(nn.Module):
    """The bottleneck block of He et al. 2016, with group normalisation, as frames of one clip are no fair batch."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        middle = max(outputs // 2, GROUPS)
        self.layers = nn.Sequential(
            nn.GroupNorm(GROUPS, inputs), nn.ReLU(), nn.Conv2d(inputs, middle, 1),
            nn.GroupNorm(GROUPS, middle), nn.ReLU(), nn.Conv2d(middle, middle, 3, padding=1),
            nn.GroupNorm(GROUPS, middle), nn.ReLU(), nn.Conv2d(middle, outputs, 1),
        )  # fmt: skip
        self.skip = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Return (N, outputs, H, W) of (N, inputs, H, W)."""
        changed: Tensor = self.skip(features) + self.layers(features)
        return changed
