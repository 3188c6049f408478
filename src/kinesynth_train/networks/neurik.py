"""NeurIK, the inverse kinematics of BioPose (Koleini et al. 2024, arXiv:2501.07800): markers to angles and scales.

As published (section 3, NeurIK): a spatial network of 1-D convolutions over a frame's markers, a transformer over 64
frames, angles under anatomical limits and body scales; trained on virtual markers with noise and with markers missing,
to give either every frame or the window's middle one. Sizes are ours. Needs no pictures.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from kinesynth_train.data import Batch
from kinesynth_train.networks.heads import KinematicsHead, Prediction, TransformerBlock, place_code
from kinesynth_train.networks.odah import about_middle
from kinesynth_train.skeleton import Anatomy, DatasetSkeleton

STRIDE = 2


@dataclass(frozen=True)
class NeurikShape:
    """Sizes of the network.

    Attributes:
        channels: of the convolutions over markers, each of which halves their number.
        width: of a frame's features.
        layers: of the transformer.
        heads: of attention.
        window: frames that a middle frame is seen with when `output` is `centre`.
        output: all frames at once, or the middle one of each window.
    """

    channels: tuple[int, ...] = (64, 128, 256)
    width: int = 256
    layers: int = 4
    heads: int = 8
    window: int = 64
    output: Literal["all", "centre"] = "all"


class Neurik(nn.Module):
    """Angles of every frame and one set of scales, from markers in any place and of any orientation."""

    pictures = False
    root_place: Tensor

    def __init__(self, shape: NeurikShape, anatomy: Anatomy, skeleton: DatasetSkeleton) -> None:  # noqa: ARG002
        super().__init__()
        self.window, self.output = shape.window, shape.output
        self.register_buffer("root_place", anatomy.root_place.clone())
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

    def forward(self, batch: Batch, stage: Literal["frame", "sequence"]) -> Prediction:  # noqa: ARG002
        """Return the prediction of a batch with markers (N, T, M, 3) m, those that are missing NaN.

        With output `centre`, training gives the middle frame alone, and the network in use all frames, each as the
        middle of a window of its own whose ends are repeated.
        """
        markers = batch["markers"]
        seen = markers.isfinite().all(dim=-1, keepdim=True)
        markers = markers.where(seen, 0.0)
        middle = markers.sum(dim=2) / seen.sum(dim=2).clamp(min=1)  # (N, T, 3)
        relative = (markers - middle[:, :, None]) * seen
        inputs = torch.cat([relative, seen.float()], dim=-1).flatten(0, 1).mT  # (N T, 4, M)
        frames = self.enter(self.spatial(inputs)).unflatten(0, markers.shape[:2])
        if self.output == "centre" and not self.training:
            frames, window = self._each_as_middle(frames)
        else:
            frames = self._over_time(frames)
            window = frames.mean(dim=1)
            if self.output == "centre":
                half = frames.shape[1] // 2
                frames, middle = frames[:, half : half + 1], middle[:, half : half + 1]
        prediction: Prediction = self.head(frames, window)
        angles = prediction.angles.index_add(-1, self.root_place, middle)
        return prediction._replace(angles=angles, only_centre=self.output == "centre" and self.training)

    def trained_in(self, stage: Literal["frame", "sequence"]) -> list[nn.Parameter]:  # noqa: ARG002
        """Return the parameters that a phase trains: all."""
        return list(self.parameters())

    def _over_time(self, frames: Tensor) -> Tensor:
        placed = frames + place_code(frames.shape[1], frames.shape[2], frames)
        changed: Tensor = self.leave(self.temporal(placed))
        return changed

    def _each_as_middle(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Return features (N, T, C), each from the middle of its window, and their windows' mean (N, C)."""
        half = self.window // 2
        ends = [frames[:, :1].expand(-1, half, -1), frames, frames[:, -1:].expand(-1, self.window - half - 1, -1)]
        windows = torch.cat(ends, dim=1).unfold(1, self.window, 1).mT  # (N, T, window, C)
        changed = self._over_time(windows.flatten(0, 1)).reshape(windows.shape)
        return changed[:, :, half], changed.mean(dim=(1, 2))
