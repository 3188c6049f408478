"""Blocks of Restormer (Zamir et al. 2022), and ODAH's U-Net of them, whose resolutions are in time alone.

ODAH (2024, section 3): a feature map of D x T pixels, all frames' features side by side; three levels of blocks with
attention between channels; going down, the number of frames shrinks and the channels grow by the same factor. Norms
have no offset, convolutions no bias, as Restormer's bias-free form has it.
"""

import torch
from torch import Tensor, nn

EXPANSION = 2.66  # of the gated perceptron, Restormer's


class TemporalUNet(nn.Module):
    """Blocks at full, 1/2 and 1/8 of the frame rate, down and up again.

    With ODAH's numbers (blocks 2, 4, 6; heads 1, 2, 4; channels 48, 96, 384; ratios 2, 4), D = 102, T = 64:

        (N, 48, 102, 64) 2 blocks -> (N, 96, 102, 32) 4 blocks -> (N, 384, 102, 8) 6 blocks -> 4 -> (N, 48, 102, 64) 2

    A step down is a convolution, then r neighbouring frames are laid into the channels; a step up undoes this. What
    goes up meets what went down at the same level, and a 1 x 1 convolution joins the two. What comes in is not added to
    what goes out.

    Args:
        channels: per level; each is the one before times the ratio.
        blocks: per level.
        heads: of attention, per level.
        ratios: r, between neighbouring levels; their product must divide T.
    """

    def __init__(
        self, channels: tuple[int, ...], blocks: tuple[int, ...], heads: tuple[int, ...], ratios: tuple[int, ...]
    ) -> None:
        super().__init__()
        self.ratios = ratios
        self.enter = nn.Conv2d(1, channels[0], 3, padding=1, bias=False)
        levels = list(zip(channels, blocks, heads, strict=True))
        self.down = nn.ModuleList(_blocks(*level) for level in levels)
        self.up = nn.ModuleList(_blocks(*level) for level in levels[:-1])
        self.shrink = nn.ModuleList(_convolution(fine) for fine in channels[:-1])
        self.grow = nn.ModuleList(_convolution(coarse) for coarse in channels[1:])
        self.join = nn.ModuleList(nn.Conv2d(2 * fine, fine, 1, bias=False) for fine in channels[:-1])

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return frame features (N, T, C0 * D) and the window's (N, C2), the lowest level's mean, of (N, T, D)."""
        level_map = self.enter(features.mT[:, None])  # (N, C, D, T)
        seen: list[Tensor] = []
        for level, ratio in enumerate(self.ratios):
            level_map = self.down[level](level_map)
            seen.append(level_map)
            level_map = folded(self.shrink[level](level_map), ratio)
        level_map = self.down[-1](level_map)
        window = level_map.mean(dim=(-2, -1))
        for level in reversed(range(len(self.ratios))):
            grown = unfolded(self.grow[level](level_map), self.ratios[level])
            level_map = self.up[level](self.join[level](torch.cat([grown, seen[level]], dim=1)))
        return level_map.movedim(-1, 1).flatten(2), window


def folded(level_map: Tensor, ratio: int) -> Tensor:
    """Return a map (N, C, D, T) with r neighbouring frames in the channels: (N, C r, D, T / r)."""
    apart = level_map.reshape(*level_map.shape[:-1], -1, ratio)
    return apart.movedim(-1, 2).flatten(1, 2)


def unfolded(level_map: Tensor, ratio: int) -> Tensor:
    """Return a map (N, C r, D, T) as (N, C, D, T r); undoes `folded`."""
    apart = level_map.reshape(len(level_map), -1, ratio, *level_map.shape[2:])
    return apart.movedim(2, -1).flatten(-2)


class RestormerBlock(nn.Module):
    """Attention between channels, then a gated perceptron over neighbours; each is added to what came in."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.before_attention, self.before_perceptron = ChannelNorm(channels), ChannelNorm(channels)
        self.attention, self.perceptron = ChannelAttention(channels, heads), GatedPerceptron(channels)

    def forward(self, level_map: Tensor) -> Tensor:
        """Return (N, C, D, T) of (N, C, D, T)."""
        level_map = level_map + self.attention(self.before_attention(level_map))
        changed: Tensor = level_map + self.perceptron(self.before_perceptron(level_map))
        return changed


class ChannelNorm(nn.Module):
    """Normalisation of each pixel's channels, without offset: divided by their standard deviation, weighed."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, level_map: Tensor) -> Tensor:
        """Return (N, C, D, T) of (N, C, D, T)."""
        variance = level_map.var(dim=1, keepdim=True, unbiased=False)
        return level_map / (variance + 1e-5).sqrt() * self.weight[:, None, None]


class ChannelAttention(nn.Module):
    """Multi-Dconv-head transposed attention: how alike channels are over all pixels says how they are mixed."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.temperature = nn.Parameter(torch.ones(heads, 1, 1))
        self.enter = nn.Sequential(
            nn.Conv2d(channels, 3 * channels, 1, bias=False),
            nn.Conv2d(3 * channels, 3 * channels, 3, padding=1, groups=3 * channels, bias=False),
        )
        self.leave = nn.Conv2d(channels, channels, 1, bias=False)

    def forward(self, level_map: Tensor) -> Tensor:
        """Return (N, C, D, T) of (N, C, D, T)."""
        query, key, value = (
            part.unflatten(1, (self.heads, -1)).flatten(3) for part in self.enter(level_map).chunk(3, dim=1)
        )  # (N, heads, C / heads, D T)
        alike = nn.functional.normalize(query, dim=-1) @ nn.functional.normalize(key, dim=-1).mT
        mixed = (alike * self.temperature).softmax(dim=-1) @ value
        left: Tensor = self.leave(mixed.flatten(1, 2).unflatten(-1, level_map.shape[-2:]))
        return left


class GatedPerceptron(nn.Module):
    """Gated-Dconv feed-forward: two halves, each pixel with its neighbours; the GELU of one weighs the other."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = int(EXPANSION * channels)
        self.enter = nn.Sequential(
            nn.Conv2d(channels, 2 * hidden, 1, bias=False),
            nn.Conv2d(2 * hidden, 2 * hidden, 3, padding=1, groups=2 * hidden, bias=False),
        )
        self.leave = nn.Conv2d(hidden, channels, 1, bias=False)

    def forward(self, level_map: Tensor) -> Tensor:
        """Return (N, C, D, T) of (N, C, D, T)."""
        gate, value = self.enter(level_map).chunk(2, dim=1)
        left: Tensor = self.leave(nn.functional.gelu(gate) * value)
        return left


def _blocks(channels: int, count: int, heads: int) -> nn.Sequential:
    return nn.Sequential(*(RestormerBlock(channels, heads) for _ in range(count)))


def _convolution(channels: int) -> nn.Conv2d:
    return nn.Conv2d(channels, channels, 3, padding=1, bias=False)
