"""What runs over frames in D3KE: an LSTM, temporal convolutions, or the strided lifting transformer.

Each takes (N, T, inputs) and gives a list of (features (N, T', C), frame): all frames, or, of the strided transformer,
first all and then the middle one alone.
"""

import torch
from torch import Tensor, nn

Features = list[tuple[Tensor, int | None]]


class Lstm(nn.Module):
    """An LSTM that runs both ways."""

    def __init__(self, inputs: int, width: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.lstm = nn.LSTM(inputs, width, layers, batch_first=True, bidirectional=True, dropout=dropout)
        self.outputs = (2 * width,)

    def forward(self, sequence: Tensor) -> Features:
        """Return the features of all frames."""
        return [(self.lstm(sequence)[0], None)]


class TemporalConvolutions(nn.Module):
    """Dilated convolutions of three frames with batch normalisation and dropout (Pavllo et al. 2019).

    The ends are repeated, so that all frames stay; the published network yields those whose reach is inside.
    """

    def __init__(self, inputs: int, width: int, dilations: tuple[int, ...], dropout: float) -> None:
        super().__init__()
        self.first = _layer(inputs, width, dilations[0], dropout)
        self.blocks = nn.ModuleList(
            nn.Sequential(_layer(width, width, dilation, dropout), _layer(width, width, 0, dropout))
            for dilation in dilations[1:]
        )
        self.outputs = (width,)

    def forward(self, sequence: Tensor) -> Features:
        """Return the features of all frames."""
        features = self.first(sequence.mT)
        for block in self.blocks:
            features = features + block(features)
        return [(features.mT, None)]

    def set_momentum(self, momentum: float) -> None:
        """Set how fast batch normalisation follows."""
        for module in self.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.momentum = momentum


def _layer(inputs: int, width: int, dilation: int, dropout: float) -> nn.Sequential:
    """Return a convolution of three frames, of one where the dilation is 0, and what follows it."""
    if dilation:
        convolution = nn.Conv1d(
            inputs, width, 3, dilation=dilation, padding=dilation, padding_mode="replicate", bias=False
        )
    else:
        convolution = nn.Conv1d(inputs, width, 1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm1d(width, momentum=0.1), nn.ReLU(), nn.Dropout(dropout))


class LiftingTransformer(nn.Module):
    """The strided transformer (Li et al. 2022) with D3KE's sizes: all frames to all frames, then ever fewer to one.

    Args:
        inputs: of a frame.
        width: C.
        hidden: channels between the two convolutions of a block.
        heads: of attention.
        layers: of the part that keeps all frames.
        strides: of the blocks after it; their product is the window, 3 x 9 x 9 = 243.
        dropout: of what a block adds.
    """

    def __init__(
        self, inputs: int, width: int, hidden: int, heads: int, layers: int, strides: tuple[int, ...], dropout: float
    ) -> None:
        super().__init__()
        self.enter = nn.Linear(inputs, width)
        frames = 1
        for stride in strides:
            frames *= stride
        self.window = frames
        self.place = nn.Parameter(0.02 * torch.randn(frames, width))
        self.vanilla = nn.ModuleList(StridedBlock(width, hidden, heads, 1, dropout) for _ in range(layers))
        self.strided = nn.ModuleList(StridedBlock(width, hidden, heads, stride, dropout) for stride in strides)
        self.places = nn.ParameterList()
        for stride in strides:
            self.places.append(nn.Parameter(0.02 * torch.randn(frames, width)))
            frames //= stride
        self.outputs = (width, width)

    def forward(self, sequence: Tensor) -> Features:
        """Return the features of all frames, and those of the middle one."""
        if sequence.shape[1] != self.window:
            raise ValueError(f"{sequence.shape[1]} frames, expected {self.window}: the strides' product")
        features = self.enter(sequence) + self.place
        for block in self.vanilla:
            features = block(features)
        every = features
        for place, block in zip(self.places, self.strided, strict=True):
            features = block(features + place)
        return [(every, None), (features, self.window // 2)]


class StridedBlock(nn.Module):
    """Attention over time and two convolutions, each normalised after it is added; the second one strides.

    What is added to strided frames are those frames from the middle of each stride.
    """

    def __init__(self, width: int, hidden: int, heads: int, stride: int, dropout: float) -> None:
        super().__init__()
        self.stride = stride
        self.attention = nn.MultiheadAttention(width, heads, dropout=dropout, batch_first=True)
        self.after_attention, self.after_convolutions = nn.LayerNorm(width), nn.LayerNorm(width)
        size = 1 if stride == 1 else 3
        self.convolutions = nn.Sequential(
            nn.Conv1d(width, hidden, 1),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Conv1d(hidden, width, size, stride=stride, padding=size // 2),
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, sequence: Tensor) -> Tensor:
        """Return (N, T / stride, C) of (N, T, C)."""
        attended = self.attention(sequence, sequence, sequence, need_weights=False)[0]
        sequence = self.after_attention(sequence + self.dropout(attended))
        middle = slice(self.stride // 2, None, self.stride)
        changed = self.convolutions(sequence.mT).mT
        normal: Tensor = self.after_convolutions(sequence[:, middle] + self.dropout(changed))
        return normal
