"""From a vision transformer's tokens to maps of several sizes, as MQ-HMR's decoder looks at them."""

import math

import torch
from torch import Tensor, nn

from kinesynth_train.networks.vit import VitSize


class FeaturePyramid(nn.Module):
    """Maps (N, C, H, W) of one row of tokens: 1 x 1 to C channels, then doubled as often as a level's factor asks.

    Each level has a learned code of its own and sines of the places down and across.

    Args:
        size: of the transformer.
        width: C, a multiple of 4.
        factors: on the map's sides, powers of two.
    """

    def __init__(self, size: VitSize, width: int, factors: tuple[int, ...]) -> None:
        super().__init__()
        self.rows, self.columns = size.rows, size.columns
        self.enter = nn.Conv2d(size.width, width, 1)
        self.levels = nn.ModuleList(nn.Sequential(*_doublings(width, factor)) for factor in factors)
        self.codes = nn.Parameter(0.02 * torch.randn(len(factors), width))

    def forward(self, tokens: Tensor) -> list[Tensor]:
        """Return the maps of tokens (N, P, D), coarsest first."""
        coarse = self.enter(tokens.mT.reshape(*tokens.mT.shape[:2], self.rows, self.columns))
        return [self._placed(level(coarse), code) for level, code in zip(self.levels, self.codes, strict=True)]

    def _placed(self, level: Tensor, code: Tensor) -> Tensor:
        width, rows, columns = level.shape[1:]
        return level + code[:, None, None] + sines(width, rows, columns, level)


def _doublings(width: int, factor: int) -> list[nn.Module]:
    steps = round(math.log2(factor))
    if 2**steps != factor:
        raise ValueError(f"{factor}: a level's factor is a power of two")
    doubled = [nn.Sequential(nn.ConvTranspose2d(width, width, 2, 2), nn.GELU()) for _ in range(steps)]
    return [*doubled, nn.GroupNorm(1, width)]


def sines(width: int, rows: int, columns: int, like: Tensor) -> Tensor:
    """Return the code (C, H, W) of places: half of its channels tell the row, half the column (Carion et al. 2020)."""
    quarter = width // 4
    rates = 1e4 ** (-torch.arange(quarter, device=like.device) / quarter)
    halves = []
    for count in (rows, columns):
        positions = 2.0 * math.pi * (torch.arange(count, device=like.device) + 0.5) / count
        phases = positions[:, None] * rates
        halves.append(torch.cat([phases.sin(), phases.cos()], dim=-1))
    down = halves[0][:, None].expand(-1, columns, -1)
    across = halves[1][None].expand(rows, -1, -1)
    return torch.cat([down, across], dim=-1).movedim(-1, 0).to(like.dtype)
