"""A transformer U-Net of tokens, one a frame, whose resolutions are in time alone: our variant of ODAH's."""

import torch
from torch import Tensor, nn

from kinesynth_train.networks.tokens import TransformerBlock, positional_encoding


class TokenUNet(nn.Module):
    """Blocks of attention at full, 1/2 and 1/8 of the frame rate, down and up again.

    With ODAH's numbers (blocks 2, 4, 6; heads 1, 2, 4; channels 48, 96, 384; ratios 2, 4) and T = 64:

        (N, 64, 48) 2 blocks -> (N, 32, 96) 4 blocks -> (N, 8, 384) 6 blocks -> (N, 32, 96) 4 -> (N, 64, 48) 2

    A step down lays r frames side by side and maps them linearly, a step up undoes this; what is to go up meets what
    went down at the same rate, and a linear layer joins the two.

    Args:
        features: D, of a frame.
        channels: per resolution.
        blocks: per resolution.
        heads: per resolution.
        ratios: r, between neighbouring resolutions; their product must divide T.
    """

    def __init__(
        self,
        features: int,
        channels: tuple[int, ...],
        blocks: tuple[int, ...],
        heads: tuple[int, ...],
        ratios: tuple[int, ...],
    ) -> None:
        super().__init__()
        self.ratios = ratios
        self.enter = nn.Linear(features, channels[0])
        levels = list(zip(channels, blocks, heads, strict=True))
        self.down = nn.ModuleList(_blocks(*level) for level in levels)
        self.up = nn.ModuleList(_blocks(*level) for level in levels[:-1])
        steps = list(zip(ratios, channels[:-1], channels[1:], strict=True))
        self.shrink = nn.ModuleList(nn.Linear(ratio * fine, coarse) for ratio, fine, coarse in steps)
        self.grow = nn.ModuleList(nn.Linear(coarse, ratio * fine) for ratio, fine, coarse in steps)
        self.join = nn.ModuleList(nn.Linear(2 * fine, fine) for _, fine, _ in steps)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return frame features (N, T, C0) and the window's (N, C2), the mean at the lowest rate, of (N, T, D)."""
        sequence = self.enter(features)
        sequence = sequence + positional_encoding(sequence.shape[1], sequence.shape[2], sequence)
        seen: list[Tensor] = []
        for level, ratio in enumerate(self.ratios):
            sequence = self.down[level](sequence)
            seen.append(sequence)
            sequence = self.shrink[level](sequence.unflatten(1, (-1, ratio)).flatten(2))
        sequence = self.down[-1](sequence)
        window = sequence.mean(dim=1)
        for level in reversed(range(len(self.ratios))):
            grown = self.grow[level](sequence).unflatten(2, (self.ratios[level], -1)).flatten(1, 2)
            sequence = self.up[level](self.join[level](torch.cat([grown, seen[level]], dim=-1)))
        return sequence, window


def _blocks(channels: int, count: int, heads: int) -> nn.Sequential:
    return nn.Sequential(*(TransformerBlock(channels, heads) for _ in range(count)))
