"""NeurIK, the inverse kinematics of BioPose (Koleini et al. 2025, arXiv:2501.07800): markers to angles and scales.

As published: markers of 64 frames, each through a linear layer to c channels, 1-D convolutions over a frame's markers
that keep M x c, flattened; a learnable code of each frame's place; a transformer of that width; the window's last
frame out (the ablation: all); trained with weights 1.0 joints, 2.0 markers, 0.1 scales, 0.06 angles in degrees. Angles
are kept within their limits. Silent in the paper, hence ours: c = 8 (a width of 824 with 103 markers, one head per
channel), three convolutions, four layers of 2048, dropout 0.1; markers from their mean, which also says where the
pelvis is; half of the batches end with an earlier frame, their first frame repeated, as a clip's first windows do.

BioPose learns from markers of meshes that another network has fitted, with that network's errors. Here they are drawn
about the true ones (`MarkerDraw`), so that its errors are of an easier problem.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn

from kinesynth_train.data import Batch
from kinesynth_train.losses import PublishedWeights, published_losses
from kinesynth_train.networks.contract import Network, Prediction
from kinesynth_train.networks.heads import BoundedHead, mean_rotation
from kinesynth_train.networks.marker_windows import about_mean, estimate_each
from kinesynth_train.presets import Phase, Preset
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton
from kinesynth_train.stretch import Estimate, Stretch
from kinesynth_train.virtual_markers import MarkerDraw, VirtualMarkers
from kinesynth_train.windowing import random_frame

Weights = PublishedWeights


@dataclass(frozen=True)
class Shape:
    """Sizes of the network.

    Attributes:
        channels: c.
        convolutions: over a frame's markers.
        layers: of the transformer.
        hidden: of its perceptrons.
        dropout: of the transformer.
        window: T.
        output: the last frame of each window, or all.
        draw: how training markers are sampled.
    """

    channels: int = 8
    convolutions: int = 3
    layers: int = 4
    hidden: int = 2048
    dropout: float = 0.1
    window: int = 64
    output: Literal["last", "all"] = "last"
    draw: MarkerDraw = field(default_factory=MarkerDraw)


class Neurik(Network):
    """Angles and scales of a frame, from the markers of those before it."""

    pictures = False
    stats_root_place: Tensor

    def __init__(self, shape: Shape, weights: Weights, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
        super().__init__(weights, stats, skeleton)
        self.window, self.output = shape.window, shape.output
        markers, channels = int(stats.markers), shape.channels
        width = markers * channels
        self.enter = nn.Linear(3, channels)
        self.spatial = nn.ModuleList(MarkerConvolution(channels) for _ in range(shape.convolutions))
        self.place = nn.Parameter(0.02 * torch.randn(shape.window, width))
        layer = nn.TransformerEncoderLayer(
            width, channels, shape.hidden, shape.dropout, "gelu", batch_first=True, norm_first=True
        )
        self.temporal = nn.TransformerEncoder(layer, shape.layers, nn.LayerNorm(width), enable_nested_tensor=False)
        self.head = BoundedHead(width, stats, mean_rotation(stats))
        self.virtual = VirtualMarkers(shape.draw, stats, skeleton)

    def forward(self, batch: Batch, stage: str) -> Prediction:  # noqa: ARG002
        """Return the prediction of a batch with markers (N, T, M, 3) m, those that are missing NaN."""
        markers, frame = batch["markers"], None
        if self.output == "last":
            frame = markers.shape[1] - 1
            if self.training:
                frame = random_frame(frame, batch["frame_valid"])
            markers = ending_with(markers, frame)
        features = self.temporal(self.spatial_features(about_mean(markers)[0]) + self.place[-markers.shape[1] :])
        ends = slice(None) if frame is None else slice(-1, None)
        prediction = self.head(features[:, ends])
        said: Prediction = prediction._replace(angles=self._placed(prediction, markers[:, ends]), frame=frame)
        return said

    def spatial_features(self, relative: Tensor) -> Tensor:
        """Return features (N, T, M c) of markers (N, T, M, 3) from their mean, missing ones 0."""
        features = self.enter(relative).flatten(0, 1).mT  # (N T, c, M)
        for convolution in self.spatial:
            features = convolution(features)
        flat: Tensor = features.flatten(1).reshape(*relative.shape[:2], -1)
        return flat

    def augmented(self, batch: Batch) -> Batch:
        """Return the batch with markers of other bodies and poses, with errors and gaps."""
        sampled: Batch = self.virtual(batch)
        return sampled

    def fitting_windows(self, stage: str) -> tuple[str, Callable[[int], bool]]:  # noqa: ARG002
        """Return those for which it has learnable places."""
        return f"at most {self.window}", lambda window: window <= self.window

    def losses(self, prediction: Prediction, batch: Batch) -> dict[str, Tensor]:
        """Return the terms, of the last frame or of all."""
        return published_losses(prediction, batch, self.skeleton, self.stats, self.weights)

    def estimate(self, stretch: Stretch, stage: str, window: int) -> Estimate:
        """Return what it predicts for each frame as the last of its window, which may begin before the clip."""
        if self.output == "all":
            return super().estimate(stretch, stage, window)
        return estimate_each(self, stretch, stage, window, window - 1)

    def _placed(self, prediction: Prediction, markers: Tensor) -> Tensor:
        """Return the angles with the pelvis where the skeleton's markers have the given ones' mean."""
        with torch.no_grad(), torch.autocast(markers.device.type, enabled=False):
            found = self.skeleton(prediction.angles, prediction.scales).markers
            seen = markers.isfinite().all(dim=-1, keepdim=True)
            apart = (markers - found).where(seen, 0.0).sum(dim=2) / seen.sum(dim=2).clamp(min=1)
        return prediction.angles.index_add(-1, self.stats_root_place, apart)


class MarkerConvolution(nn.Module):
    """A convolution over neighbouring markers, which keeps their number, added to what came in."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv1d(channels, channels, 3, padding=1), nn.BatchNorm1d(channels), nn.GELU())

    def forward(self, features: Tensor) -> Tensor:
        """Return (F, c, M) of (F, c, M)."""
        changed: Tensor = features + self.layers(features)
        return changed


def ending_with(markers: Tensor, frame: int) -> Tensor:
    """Return windows (N, T, M, 3) that end with an earlier frame; they begin with the first frame repeated."""
    first = markers[:, :1].expand(-1, markers.shape[1] - 1 - frame, -1, -1)
    return torch.cat([first, markers[:, : frame + 1]], dim=1)


def make(shape: Shape, weights: Weights, stats: CoordinateStats, skeleton: DatasetSkeleton) -> Neurik:
    """Return the untrained network."""
    return Neurik(shape, weights, stats, skeleton)


PHASES = (Phase("sequence", 64, 128, 1e-3, 5e-6, epochs=25, schedule="exponential", weight_decay=1e-3),)
PRESETS = {
    "neurik": Preset(Shape(), Weights(), PHASES),
    "neurik_all": Preset(Shape(output="all"), Weights(), PHASES),
    "neurik_tiny": Preset(
        Shape(channels=2, convolutions=2, layers=1, hidden=256, dropout=0.0, window=16, draw=MarkerDraw(turn=0.5)),
        Weights(),
        phases=(Phase("sequence", 16, 8, 1e-3, 1e-4, steps=60, schedule="exponential", weight_decay=0.0),),
    ),
}  # fmt: skip
