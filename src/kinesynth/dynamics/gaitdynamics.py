"""The engine `gaitdynamics`: ground reaction from a published network, for users who have its weights.

Takes GaitDynamicsRefinement.pt, whose transformer turns 150 frames of motion into ground reaction (see
`gaitdynamics_features`). The network knows walking and running; it keeps no law of motion, so that what it leaves over
at the pelvis is reported like any other residual.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from kinesynth.dynamics.gaitdynamics_features import FORCE_COLUMNS, MOTION_COLUMNS, WINDOW
from kinesynth.errors import BadInput

WIDTH, HEADS, INNER_WIDTH, LAYERS = 192, 8, 512, 6
EXPECTED = "GaitDynamicsRefinement.pt as its authors publish it"
FIX = "download it again from github.com/stanfordnmbl/GaitDynamics"


class Normalizer:
    """Stands for the class of that name in the checkpoint; holds `scaler` and `cols_to_normalize`."""


class MinMaxScaler:
    """Stands for the class of that name in the checkpoint; holds `scale_` and `min_`, tensors."""


PUBLISHED_MODULES = ("__main__", "data.scaler", "model.scaler")


@dataclass(frozen=True)
class GaitNetwork:
    """The network and the scaling of its 63 columns: x * scale + offset is what it takes and gives."""

    transformer: "Transformer"
    scale: np.ndarray
    offset: np.ndarray

    def forces(self, motion: np.ndarray) -> np.ndarray:
        """Return the ground reaction's columns (N, 12) for the motion's (N, 51), both at 100 Hz.

        Windows follow each other; the last ends with the motion and counts where two overlap. A motion shorter than a
        window is followed by zeros.
        """
        scaled = motion * self.scale[MOTION_COLUMNS] + self.offset[MOTION_COLUMNS]
        padded = np.concatenate([scaled, np.zeros((max(0, WINDOW - len(scaled)), scaled.shape[1]))])
        starts = [*range(0, len(padded) - WINDOW, WINDOW), len(padded) - WINDOW]
        batch = torch.tensor(np.stack([padded[start : start + WINDOW] for start in starts]), dtype=torch.float32)
        with torch.inference_mode():
            windows = self.transformer(batch).numpy().astype(float)
        result = np.zeros((len(padded), len(FORCE_COLUMNS)))
        for start, window in zip(starts, windows, strict=True):
            result[start : start + WINDOW] = window
        return np.asarray((result[: len(motion)] - self.offset[FORCE_COLUMNS]) / self.scale[FORCE_COLUMNS])


def load_network(path: Path) -> GaitNetwork:
    """Read the published weights. Only tensors and plain values are unpickled.

    Raises:
        BadInput: the file is missing, damaged, or another network's.
    """
    if not path.is_file():
        raise BadInput(path, "file", "nothing", EXPECTED, "set grf.weights to your copy")
    stand_ins: list[Any] = [
        (kind, f"{module}.{kind.__name__}") for kind in (Normalizer, MinMaxScaler) for module in PUBLISHED_MODULES
    ]
    try:
        with torch.serialization.safe_globals(stand_ins):
            checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        transformer = Transformer()
        transformer.load_state_dict(_weights(checkpoint["ema_state_dict"]))
        scale, offset = _scaling(checkpoint["normalizer"])
    except Exception as error:  # torch raises whatever a damaged pickle leads to
        found = " ".join(str(error).split())[:160] or type(error).__name__
        raise BadInput(path, "checkpoint", found, EXPECTED, FIX) from error
    return GaitNetwork(transformer.eval(), scale, offset)


def _weights(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights without the prefix of training in parallel and without the rotary tables, which follow."""
    names = {name.removeprefix("module."): value for name, value in state.items()}
    return {name: value for name, value in names.items() if not name.endswith("rotary.freqs")}


def _scaling(normalizer: Any) -> tuple[np.ndarray, np.ndarray]:
    columns = np.asarray(normalizer.cols_to_normalize, dtype=int)
    total = len(MOTION_COLUMNS) + len(FORCE_COLUMNS)
    scale, offset = np.ones(total), np.zeros(total)
    scale[columns] = normalizer.scaler.scale_.double().numpy()
    offset[columns] = normalizer.scaler.min_.double().numpy()
    return scale, offset


class Transformer(nn.Module):
    """Six encoder layers over a window; its parameters have the published names."""

    def __init__(self) -> None:
        super().__init__()
        self.input_to_embedding = nn.Linear(len(MOTION_COLUMNS), WIDTH)
        self.encoder_layers = nn.Sequential(*[EncoderLayer() for _ in range(LAYERS)])
        self.embedding_to_output = nn.Linear(WIDTH, len(FORCE_COLUMNS))

    def forward(self, motion: Tensor) -> Tensor:
        """Return (W, 150, 12) for `motion` (W, 150, 51)."""
        return cast(Tensor, self.embedding_to_output(self.encoder_layers(self.input_to_embedding(motion))))


class EncoderLayer(nn.Module):
    """Self-attention whose queries and keys carry rotary positions over the full width, then a two-layer network."""

    def __init__(self) -> None:
        super().__init__()
        self.self_attn = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
        self.feed_forward = nn.ModuleDict({"fc1": nn.Linear(WIDTH, INNER_WIDTH), "fc2": nn.Linear(INNER_WIDTH, WIDTH)})
        self.norm1 = nn.LayerNorm(WIDTH)
        self.norm2 = nn.LayerNorm(WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        """Return (W, frames, 192) for x of that shape."""
        placed = rotary(x)
        x = self.norm1(x + self.self_attn(placed, placed, x, need_weights=False)[0])
        inner = torch.relu(self.feed_forward["fc1"](x))
        return cast(Tensor, self.norm2(x + self.feed_forward["fc2"](inner)))


def rotary(x: Tensor) -> Tensor:
    """Turn each pair of neighbouring channels of x (W, frames, C) by an angle that grows with the frame.

    Source: Su et al. 2021, "RoFormer: enhanced transformer with rotary position embedding", equation 34.
    """
    frames, channels = x.shape[-2:]
    speeds = 10000.0 ** (-torch.arange(0, channels, 2, dtype=torch.float32) / channels)
    angles = torch.arange(frames, dtype=torch.float32)[:, None] * speeds
    even, odd = x[..., ::2], x[..., 1::2]
    turned = torch.stack(
        [even * angles.cos() - odd * angles.sin(), odd * angles.cos() + even * angles.sin()], dim=-1
    )  # fmt: skip
    return turned.flatten(-2)
