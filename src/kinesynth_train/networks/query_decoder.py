"""Queries that look at a few places of several maps: the multi-scale deformable decoder of MQ-HMR.

Deformable attention is Zhu et al.'s (2021): each query has a place in the picture, and for each head and map some
offsets from it and weights, all linear in the query. Maps are sampled by `grid_sample`, level by level.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import grid_sample


class QueryDecoder(nn.Module):
    """From maps (N, C, H, W) and queries (N, Q, C) to what the queries found (N, Q, C).

    Args:
        width: C.
        queries: Q, how many are learned.
        layers: of self-attention, deformable attention and a perceptron.
        heads: of both attentions.
        levels: how many maps there are.
        points: places that a head looks at in a map.
        hidden: width within the perceptron.
    """

    def __init__(
        self, width: int, queries: int, layers: int, heads: int, levels: int, points: int, hidden: int
    ) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(queries, width))
        self.place = nn.Linear(width, 2)
        nn.init.xavier_uniform_(self.place.weight)
        nn.init.zeros_(self.place.bias)
        self.layers = nn.ModuleList(DecoderLayer(width, heads, levels, points, hidden) for _ in range(layers))

    def forward(self, maps: list[Tensor], queries: Tensor) -> Tensor:
        """Return the contents, which are nothing at first, after all layers."""
        positions = torch.sigmoid(self.place(queries))
        contents = torch.zeros_like(queries)
        for layer in self.layers:
            contents = layer(contents, queries, positions, maps)
        return contents


class DecoderLayer(nn.Module):
    """Attention among queries, to the maps, and a perceptron, each added to what came in and then normalised."""

    def __init__(self, width: int, heads: int, levels: int, points: int, hidden: int) -> None:
        super().__init__()
        self.own = nn.MultiheadAttention(width, heads, batch_first=True)
        self.look = DeformableAttention(width, heads, levels, points)
        self.perceptron = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))
        self.after_own, self.after_look, self.after_perceptron = (nn.LayerNorm(width) for _ in range(3))

    def forward(self, contents: Tensor, queries: Tensor, positions: Tensor, maps: list[Tensor]) -> Tensor:
        """Return contents (N, Q, C) of contents and queries (N, Q, C), which look about places (N, Q, 2)."""
        asking = contents + queries
        contents = self.after_own(contents + self.own(asking, asking, contents, need_weights=False)[0])
        contents = self.after_look(contents + self.look(contents + queries, positions, maps))
        normal: Tensor = self.after_perceptron(contents + self.perceptron(contents))
        return normal


class DeformableAttention(nn.Module):
    """The weighted mean of maps at some places about each query's own."""

    def __init__(self, width: int, heads: int, levels: int, points: int) -> None:
        super().__init__()
        self.heads, self.levels, self.points = heads, levels, points
        self.offsets = nn.Linear(width, heads * levels * points * 2)
        self.shares = nn.Linear(width, heads * levels * points)
        self.value, self.leave = nn.Linear(width, width), nn.Linear(width, width)
        for layer in (self.offsets, self.shares):
            nn.init.zeros_(layer.weight)
        nn.init.zeros_(self.shares.bias)
        with torch.no_grad():
            self.offsets.bias.copy_(_around(heads, levels, points).flatten())

    def forward(self, queries: Tensor, positions: Tensor, maps: list[Tensor]) -> Tensor:
        """Return (N, Q, C) of queries (N, Q, C) at positions (N, Q, 2), x and y between 0 and 1."""
        sizes = (self.heads, self.levels, self.points)
        offsets = self.offsets(queries).unflatten(-1, (*sizes, 2)).transpose(1, 2)  # (N, heads, Q, levels, points, 2)
        shares = self.shares(queries).unflatten(-1, (self.heads, -1)).softmax(dim=-1)
        shares = shares.unflatten(-1, sizes[1:]).transpose(1, 2)
        found = queries.new_zeros(*queries.shape[:2], self.heads, queries.shape[2] // self.heads).transpose(
            1, 2
        )  # (N, heads, Q, C / heads)
        for level, features in enumerate(maps):
            size = features.new_tensor([features.shape[3], features.shape[2]])
            there = positions[:, None, :, None] + offsets[:, :, :, level] / size  # in pixels of the map
            value = self.value(features.movedim(1, -1)).movedim(-1, 1)  # (N, C, H, W)
            value = value.reshape(len(features) * self.heads, -1, *features.shape[2:])
            grid = (2.0 * there - 1.0).flatten(0, 1).to(value.dtype)
            seen = grid_sample(value, grid, align_corners=False)  # (N heads, C / heads, Q, points)
            seen = seen.reshape(-1, self.heads, *seen.shape[1:]).movedim(2, -1)
            found = found + (shares[:, :, :, level, :, None] * seen).sum(dim=3)
        mixed: Tensor = self.leave(found.transpose(1, 2).flatten(2))
        return mixed


def _around(heads: int, levels: int, points: int) -> Tensor:
    """Return the offsets (heads, levels, points, 2) that are tried first: each head in its direction, ever farther."""
    turns = 2.0 * math.pi * torch.arange(heads) / heads
    rays = torch.stack([turns.cos(), turns.sin()], dim=-1)
    rays = rays / rays.abs().amax(dim=-1, keepdim=True)
    steps = torch.arange(1, points + 1)[:, None]
    return (rays[:, None, None] * steps).expand(heads, levels, points, 2)


class Readout(nn.Module):
    """Learned tokens, one for each thing to tell, that attend to the queries once: (N, R, C) of (N, Q, C)."""

    def __init__(self, width: int, tokens: int, heads: int) -> None:
        super().__init__()
        self.tokens = nn.Parameter(0.02 * torch.randn(tokens, width))
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.normal = nn.LayerNorm(width)

    def forward(self, contents: Tensor) -> Tensor:
        """Return what each token took."""
        asking = self.tokens.expand(len(contents), -1, -1)
        taken: Tensor = self.normal(asking + self.attention(asking, contents, contents, need_weights=False)[0])
        return taken
