"""Attention over frames, in our variants."""

import torch
from torch import Tensor, nn


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


def positional_encoding(frames: int, width: int, like: Tensor) -> Tensor:
    """Return the sinusoidal code (T, C) of each frame's place (Vaswani et al. 2017)."""
    rates = torch.exp(torch.arange(0, width, 2, device=like.device) * (-torch.log(torch.tensor(1e4)) / width))
    phases = torch.arange(frames, device=like.device)[:, None] * rates
    return torch.stack([phases.sin(), phases.cos()], dim=-1).flatten(1)[:, :width].to(like.dtype)
