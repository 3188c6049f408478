"""The vision transformer that HSMR looks at a picture with: ViTPose's (Xu et al. 2022), of 16 x 12 patches.

Parameters have the names of ViTPose's release, so that a file of its weights can be read. The class token's place is
added to every patch's, as there; there is no class token.
"""

from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

ROWS, COLUMNS = 16, 12  # patches of a picture of 256 x 192
PADDING = 2  # of the patches, as in the release


class VitSize(NamedTuple):
    """Width, layers, heads, the maximum fraction of samples that skip a layer, and patches down and across."""

    width: int
    layers: int
    heads: int
    drop: float
    patch: int = 16
    rows: int = ROWS
    columns: int = COLUMNS


SIZES = {
    "vit_h": VitSize(1280, 32, 16, 0.55),
    "vit_b": VitSize(768, 12, 12, 0.3),
    "vit_tiny": VitSize(96, 3, 3, 0.0, 8, 8, 6),  # of pictures of 64 x 48
}
VitName = Literal["vit_h", "vit_b", "vit_tiny"]


class Vit(nn.Module):
    """From pictures (N, 3, 16 R, 16 C) to tokens (N, R C, width)."""

    def __init__(self, size: VitSize) -> None:
        super().__init__()
        self.width = size.width
        self.patch_embed = PatchEmbedding(size.width, size.patch)
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + size.rows * size.columns, size.width))
        drops = torch.linspace(0.0, size.drop, size.layers, device="cpu").tolist()
        self.blocks = nn.ModuleList(Block(size.width, size.heads, drop) for drop in drops)
        self.last_norm = nn.LayerNorm(size.width, eps=1e-6)
        nn.init.trunc_normal_(self.pos_embed, std=0.02)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the tokens, row by row."""
        tokens = self.patch_embed.proj(pictures).flatten(2).mT + self.pos_embed[:, 1:] + self.pos_embed[:, :1]
        for block in self.blocks:
            tokens = block(tokens)
        normal: Tensor = self.last_norm(tokens)
        return normal


class PatchEmbedding(nn.Module):
    """A linear layer of each patch."""

    def __init__(self, width: int, patch: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, width, patch, patch, PADDING)


class Block(nn.Module):
    """Attention and a perceptron of four times the width, each normalised before and added to what came in."""

    def __init__(self, width: int, heads: int, drop: float) -> None:
        from torchvision.ops import StochasticDepth  # type: ignore[import-untyped]

        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.attn = Attention(width, heads)
        self.mlp = Perceptron(width)
        self.drop = StochasticDepth(drop, "row")

    def forward(self, tokens: Tensor) -> Tensor:
        """Return (N, P, C) of (N, P, C)."""
        tokens = tokens + self.drop(self.attn(self.norm1(tokens)))
        changed: Tensor = tokens + self.drop(self.mlp(self.norm2(tokens)))
        return changed


class Attention(nn.Module):
    """Every patch's to every other."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return (N, P, C) of (N, P, C)."""
        query, key, value = self.qkv(tokens).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mixed: Tensor = self.proj(scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2))
        return mixed


class Perceptron(nn.Module):
    """Two layers."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return (N, P, C) of (N, P, C)."""
        changed: Tensor = self.fc2(nn.functional.gelu(self.fc1(tokens)))
        return changed


def middle_columns(crops: Tensor) -> Tensor:
    """Return the middle three quarters (..., S, 3 S / 4) of square crops (..., S, S), which a transformer looks at."""
    edge = crops.shape[-1] // 8
    return crops[..., edge:-edge]
