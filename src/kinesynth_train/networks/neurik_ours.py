"""Our variant of NeurIK: markers to the angles of all frames at once, or of the window's middle one.

What it shares with the published one (`neurik`): convolutions over a frame's markers, a transformer over 64 frames,
markers that are drawn with noise and gaps. What differs: whether a marker is there is told; convolutions halve the
number of markers; places in time are sinusoidal; one set of scales for the window; the root is three angles; nothing
keeps angles within limits; weights 1 angle (rad), 1 scale, 1 joints and mass centres, 2 markers; cosine, no decay.
"""

from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn

from kinesynth_train.data import Batch
from kinesynth_train.losses import OwnWeights, own_losses
from kinesynth_train.networks.contract import Network, Prediction
from kinesynth_train.networks.heads import KinematicsHead, about_middle
from kinesynth_train.networks.marker_windows import about_mean, estimate_each
from kinesynth_train.networks.tokens import TransformerBlock, positional_encoding
from kinesynth_train.presets import Phase, Preset
from kinesynth_train.skeleton import Anatomy, DatasetSkeleton
from kinesynth_train.stretch import Estimate, Stretch
from kinesynth_train.virtual_markers import MarkerDraw, VirtualMarkers

Weights = OwnWeights
STRIDE = 2


@dataclass(frozen=True)
class Shape:
    """Sizes of the network.

    Attributes:
        channels: of the convolutions over markers, each of which halves their number.
        width: of a frame's features.
        layers: of the transformer.
        heads: of attention.
        window: frames that a middle frame is seen with when `output` is `centre`.
        output: all frames at once, or the middle one of each window.
        draw: how training markers are drawn.
    """

    channels: tuple[int, ...] = (64, 128, 256)
    width: int = 256
    layers: int = 4
    heads: int = 8
    window: int = 64
    output: Literal["all", "centre"] = "all"
    draw: MarkerDraw = field(default_factory=MarkerDraw)


class NeurikOurs(Network):
    """Angles of every frame and one set of scales, from markers in any place and of any orientation."""

    pictures = False
    anatomy_root_place: Tensor

    def __init__(self, shape: Shape, weights: Weights, anatomy: Anatomy, skeleton: DatasetSkeleton) -> None:
        super().__init__(weights, anatomy, skeleton)
        self.window, self.output = shape.window, shape.output
        sizes = list(zip((4, *shape.channels), shape.channels, strict=False))
        self.spatial = nn.Sequential(
            *(nn.Sequential(nn.Conv1d(*size, 5, stride=STRIDE, padding=2), nn.GELU()) for size in sizes), nn.Flatten()
        )
        left = int(anatomy.markers)
        for _ in sizes:
            left = (left + STRIDE - 1) // STRIDE
        self.enter = nn.Linear(left * shape.channels[-1], shape.width)
        self.temporal = nn.Sequential(*(TransformerBlock(shape.width, shape.heads) for _ in range(shape.layers)))
        self.leave = nn.LayerNorm(shape.width)
        self.head = KinematicsHead(shape.width, about_middle(anatomy))
        self.virtual = VirtualMarkers(shape.draw, anatomy, skeleton)

    def forward(self, batch: Batch, stage: str) -> Prediction:  # noqa: ARG002
        """Return the prediction of a batch with markers (N, T, M, 3) m, those that are missing NaN."""
        seen = batch["markers"].isfinite().all(dim=-1, keepdim=True)
        relative, middle = about_mean(batch["markers"])
        inputs = torch.cat([relative, seen.float()], dim=-1).flatten(0, 1).mT  # (N T, 4, M)
        frames = self.enter(self.spatial(inputs)).unflatten(0, relative.shape[:2])
        placed = frames + positional_encoding(frames.shape[1], frames.shape[2], frames)
        frames = self.leave(self.temporal(placed))
        window, frame = frames.mean(dim=1), None
        if self.output == "centre":
            frame = frames.shape[1] // 2
            frames, middle = frames[:, frame : frame + 1], middle[:, frame : frame + 1]
        prediction = self.head(frames, window)
        angles = prediction.angles.index_add(-1, self.anatomy_root_place, middle)
        said: Prediction = prediction._replace(angles=angles, frame=frame)
        return said

    def drawn(self, batch: Batch) -> Batch:
        """Return the batch with markers of other bodies and poses, with errors and gaps."""
        drawn: Batch = self.virtual(batch)
        return drawn

    def losses(self, prediction: Prediction, batch: Batch) -> dict[str, Tensor]:
        """Return the terms of our own loss."""
        return own_losses(prediction, batch, self.skeleton, self.anatomy, self.weights)

    def estimate(self, stretch: Stretch, stage: str, window: int) -> Estimate:
        """Return what it predicts for each frame, with output `centre` as the middle of a window of its own."""
        if self.output == "all":
            return super().estimate(stretch, stage, window)
        return estimate_each(self, stretch, stage, window, window // 2)


def make(shape: Shape, weights: Weights, anatomy: Anatomy, skeleton: DatasetSkeleton) -> NeurikOurs:
    """Return the untrained network."""
    return NeurikOurs(shape, weights, anatomy, skeleton)


BETAS, CLIP = (0.5, 0.999), 1.0
WEIGHTS = Weights(angle=1.0, scale=1.0, joints=1.0, markers=2.0, root_relative=True)
PHASES = (Phase("sequence", 64, 64, 5e-4, 5e-6, steps=50_000, betas=BETAS, clip_norm=CLIP),)
PRESETS = {
    "neurik_ours": Preset(Shape(), WEIGHTS, PHASES),
    "neurik_ours_centre": Preset(Shape(output="centre"), WEIGHTS, PHASES),
    "neurik_any": Preset(  # for any laboratory's markers; small enough to ship
        Shape(channels=(16, 32, 48), width=64, layers=2, heads=4, draw=MarkerDraw(most_missing=0.8)), WEIGHTS,
        phases=(Phase("sequence", 64, 64, 2e-3, 2e-5, steps=20_000, betas=BETAS, clip_norm=CLIP),),
    ),
    "neurik_ours_tiny": Preset(
        Shape(channels=(16, 32), width=96, layers=1, heads=4, window=16, draw=MarkerDraw(turn=0.5)), WEIGHTS,
        phases=(Phase("sequence", 16, 8, 3e-3, 1e-4, steps=60, betas=BETAS, clip_norm=CLIP),),
    ),
}  # fmt: skip
