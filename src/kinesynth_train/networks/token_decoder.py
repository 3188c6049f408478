"""One learned token that asks a picture's tokens: the transformer head of HSMR (and of HMR2.0 before it).

The release sends a zero through a linear layer and adds a code of its place; the two biases together are a learned
token.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention


class TokenDecoder(nn.Module):
    """From a picture's tokens (F, P, C) to what the one token has learned of them (F, W).

    Args:
        context: C.
        width: W.
        layers: of self-attention, cross-attention and a perceptron.
        heads: of attention.
        head: width of a head.
        hidden: width within the perceptron.
    """

    def __init__(self, context: int, width: int, layers: int, heads: int, head: int, hidden: int) -> None:
        super().__init__()
        self.token = nn.Parameter(0.02 * torch.randn(1, 1, width))
        self.layers = nn.ModuleList(DecoderLayer(context, width, heads, head, hidden) for _ in range(layers))

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the features."""
        asking = self.token.expand(len(tokens), -1, -1)
        for layer in self.layers:
            asking = layer(asking, tokens)
        return asking[:, 0]


class DecoderLayer(nn.Module):
    """Self-attention, cross-attention and a perceptron, each normalised before and added to what came in."""

    def __init__(self, context: int, width: int, heads: int, head: int, hidden: int) -> None:
        super().__init__()
        self.before_self, self.before_cross, self.before_perceptron = (nn.LayerNorm(width) for _ in range(3))
        self.self_attention = Attention(width, width, heads, head)
        self.cross_attention = Attention(width, context, heads, head)
        self.perceptron = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))

    def forward(self, asking: Tensor, tokens: Tensor) -> Tensor:
        """Return (F, Q, W) of (F, Q, W)."""
        normal = self.before_self(asking)
        asking = asking + self.self_attention(normal, normal)
        asking = asking + self.cross_attention(self.before_cross(asking), tokens)
        changed: Tensor = asking + self.perceptron(self.before_perceptron(asking))
        return changed


class Attention(nn.Module):
    """Of some tokens to others, heads of a width of their own."""

    def __init__(self, width: int, context: int, heads: int, head: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, heads * head, bias=False)
        self.pair = nn.Linear(context, 2 * heads * head, bias=False)
        self.leave = nn.Linear(heads * head, width)

    def forward(self, asking: Tensor, tokens: Tensor) -> Tensor:
        """Return (F, Q, W) of (F, Q, W) and (F, P, C)."""
        query = self.query(asking).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        key, value = self.pair(tokens).unflatten(-1, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mixed: Tensor = self.leave(scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2))
        return mixed
