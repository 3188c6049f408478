"""BioHuman's reasoning over time: poses and what was seen, one token each a frame, through gates and a transformer."""

import torch
from torch import Tensor, nn

from kinesynth_train.networks.tokens import positional_encoding


class PoseEncoder(nn.Module):
    """From a pose, its change and the change of that (N, T, 3 E) to features (N, T, C) that know their neighbours."""

    def __init__(self, inputs: int, width: int, heads: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.enter = nn.Linear(inputs, width)
        self.convolutions = nn.ModuleList(nn.Conv1d(width, width, 3, padding=1) for _ in range(2))
        self.transformer = transformer(width, heads, 4 * width, layers, dropout)

    def forward(self, motion: Tensor, padded: Tensor) -> Tensor:
        """Return the features; frames that are `padded` (N, T) are not looked at."""
        features = self.enter(motion)
        for convolution in self.convolutions:
            seen = features.masked_fill(padded[..., None], 0.0)
            features = features + nn.functional.gelu(convolution(seen.mT).mT)
        features = features + positional_encoding(features.shape[1], features.shape[2], features)
        encoded: Tensor = self.transformer(features, src_key_padding_mask=padded)
        return encoded


class Gate(nn.Module):
    """How much of what was seen is let in, number by number, by a perceptron that looks at both."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2 * width, width), nn.GELU(), nn.Linear(width, width))

    def forward(self, pose: Tensor, seen: Tensor) -> Tensor:
        """Return fractions (N, T, C) of (N, T, C) and (N, T, C)."""
        fractions: Tensor = torch.sigmoid(self.layers(torch.cat([pose, seen], dim=-1)))
        return fractions


class GatedFusion(nn.Module):
    """Equations 6 to 9: the input gate, tokens of poses and pictures in turn, a transformer, and the output gate."""

    def __init__(self, width: int, heads: int, hidden: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.into_pose = nn.Linear(width, width)
        self.input_gate, self.output_gate = Gate(width), Gate(width)
        self.kinds = nn.Parameter(0.02 * torch.randn(2, width))
        self.transformer = transformer(width, heads, hidden, layers, dropout)
        self.norm = nn.LayerNorm(width)

    def forward(self, pose: Tensor, seen: Tensor, padded: Tensor) -> Tensor:
        """Return each frame's state (N, T, C) of its pose's and its picture's features (N, T, C)."""
        pose = pose + self.input_gate(pose, seen) * self.into_pose(seen)
        positions = positional_encoding(pose.shape[1], pose.shape[2], pose)[:, None]
        tokens = (torch.stack([pose, seen], dim=2) + positions + self.kinds).flatten(1, 2)  # (N, 2 T, C), by turns
        mixed = self.transformer(tokens, src_key_padding_mask=padded.repeat_interleave(2, dim=1))
        pose, seen = mixed.unflatten(1, (-1, 2)).unbind(dim=2)
        state: Tensor = self.norm(pose + self.output_gate(pose, seen) * seen)
        return state


class PoseAlone(nn.Module):
    """The same without anything seen: the publication's two-stage ablation."""

    def __init__(self, width: int, heads: int, hidden: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.transformer = transformer(width, heads, hidden, layers, dropout)
        self.norm = nn.LayerNorm(width)

    def forward(self, pose: Tensor, padded: Tensor) -> Tensor:
        """Return each frame's state (N, T, C) of its pose's features (N, T, C)."""
        positions = positional_encoding(pose.shape[1], pose.shape[2], pose)
        state: Tensor = self.norm(self.transformer(pose + positions, src_key_padding_mask=padded))
        return state


def transformer(width: int, heads: int, hidden: int, layers: int, dropout: float) -> nn.TransformerEncoder:
    """Return layers that normalise before."""
    layer = nn.TransformerEncoderLayer(width, heads, hidden, dropout, "gelu", batch_first=True, norm_first=True)
    return nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
