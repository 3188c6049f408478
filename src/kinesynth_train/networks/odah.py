"""ODAH (Lin et al. 2024): two views, points that both agree on, and a transformer over time.

"3D kinematics estimation from video with a biomechanical model and synthetic training data", arXiv:2402.13172. Figures
as published (section 3): stacked hourglass features per view; N = 500 points where both masks agree; the features of a
point, L = 1027, are what the views' maps hold at its image (2 views, 2 stacks, 256 channels) and its place (3), mapped
to 32; the features of a frame, D = 102; a transformer U-Net over T = 64 frames. Ours are: points are pooled by their
mean and maximum; places and the pelvis' position are relative to where the middles of the masks meet; the frame-only
network and the first phase of training have heads of their own.
"""

from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import grid_sample

from kinesynth_train.crops import project
from kinesynth_train.data import Batch
from kinesynth_train.networks.heads import KinematicsHead, Prediction
from kinesynth_train.networks.hourglass import StackedHourglass
from kinesynth_train.networks.hull import hull_middle, sample_hull
from kinesynth_train.networks.temporal_unet import TemporalUNet
from kinesynth_train.skeleton import Anatomy, DatasetSkeleton

PICTURE = 4  # red, green, blue, mask
VIEWS = 2
ROOT_UNIT = 0.1  # m, of the pelvis from the middle of the points
TEST_SEED = 0  # points are the same whenever a network is measured


@dataclass(frozen=True)
class OdahShape:
    """Sizes of the network.

    Attributes:
        hourglass_channels: of each stack's map.
        hourglass_stacks: how many maps a view has.
        hourglass_depth: halvings within a stack.
        points: N, per frame.
        point_features: what a point's features are mapped to.
        frame_features: D.
        channels: of the U-Net, per resolution.
        blocks: transformer blocks, per resolution.
        heads: of attention, per resolution.
        ratios: r, between resolutions.
        temporal: false leaves the frame-only network (the publication's ablation).
    """

    hourglass_channels: int = 256
    hourglass_stacks: int = 2
    hourglass_depth: int = 4
    points: int = 500
    point_features: int = 32
    frame_features: int = 102
    channels: tuple[int, ...] = (48, 96, 384)
    blocks: tuple[int, ...] = (2, 4, 6)
    heads: tuple[int, ...] = (1, 2, 4)
    ratios: tuple[int, ...] = (2, 4)
    temporal: bool = True


class Odah(nn.Module):
    """Angles of every frame and one set of scales, from two views."""

    pictures = True
    root_place: Tensor

    def __init__(self, shape: OdahShape, anatomy: Anatomy, skeleton: DatasetSkeleton) -> None:  # noqa: ARG002
        super().__init__()
        self.points = shape.points
        self.register_buffer("root_place", anatomy.root_place.clone())
        self.hourglass = StackedHourglass(
            PICTURE, shape.hourglass_channels, shape.hourglass_stacks, shape.hourglass_depth
        )
        seen = VIEWS * shape.hourglass_stacks * shape.hourglass_channels + 3
        self.point = nn.Sequential(
            nn.Linear(seen, 2 * shape.point_features),
            nn.ReLU(),
            nn.Linear(2 * shape.point_features, shape.point_features),
        )
        self.frame = nn.Sequential(nn.ReLU(), nn.Linear(2 * shape.point_features, shape.frame_features))
        near = about_middle(anatomy)
        self.frame_head = KinematicsHead(shape.frame_features, near)
        if shape.temporal:
            self.unet = TemporalUNet(shape.frame_features, shape.channels, shape.blocks, shape.heads, shape.ratios)
            self.sequence_head = KinematicsHead(shape.channels[0], near, shape.channels[-1])

    def forward(self, batch: Batch, stage: Literal["frame", "sequence"]) -> Prediction:
        """Return the prediction of a batch with crops (N, V, T, 4, S, S) and projections (N, V, T, 3, 4).

        The first two views are used. Stage `frame` leaves the U-Net out: each frame for itself, and the scales from
        the mean of the frames.
        """
        crops = batch["crops"][:, :VIEWS].float() / 255.0
        projections = batch["projections"][:, :VIEWS]
        windows, _, frames = crops.shape[:3]
        per_frame = (array.transpose(1, 2).flatten(0, 1) for array in (crops, projections))
        features, middle = (array.reshape(windows, frames, -1) for array in self.frame_features(*per_frame))
        if stage == "frame":
            prediction: Prediction = self.frame_head(features, features.mean(dim=1))
        else:
            prediction = self.sequence_head(*self.unet(features))
        return prediction._replace(angles=prediction.angles.index_add(-1, self.root_place, middle))

    def frame_features(self, crops: Tensor, projections: Tensor) -> tuple[Tensor, Tensor]:
        """Return features (F, D) and the middle of the person (F, 3) m of frames' crops and projections (F, V, ...)."""
        maps = self.hourglass(crops.flatten(0, 1)).unflatten(0, crops.shape[:2])  # (F, V, S * C, H / 4, W / 4)
        with torch.autocast(crops.device.type, enabled=False):
            middle = hull_middle(crops[:, :, 3], projections)
            points = sample_hull(crops[:, :, 3], projections, middle, self.points, self._generator(crops.device))
        at_points = []
        for view in range(VIEWS):
            places = project(points, projections[:, view])[:, None]  # (F, 1, N, 2)
            at_points.append(grid_sample(maps[:, view].float(), places, align_corners=False)[:, :, 0].mT)
        features = self.point(torch.cat([*at_points, points - middle[:, None]], dim=-1))  # (F, N, 32) of (F, N, L)
        pooled = torch.cat([features.mean(dim=1), features.amax(dim=1)], dim=-1)
        return self.frame(pooled), middle

    def trained_in(self, stage: Literal["frame", "sequence"]) -> list[nn.Parameter]:
        """Return the parameters that a phase trains: frames' features in both, and the heads that it uses."""
        unused = ("unet.", "sequence_head.") if stage == "frame" else ("frame_head.",)
        return [parameter for name, parameter in self.named_parameters() if not name.startswith(unused)]

    def _generator(self, device: torch.device) -> torch.Generator | None:
        return None if self.training else torch.Generator(device).manual_seed(TEST_SEED)


def about_middle(anatomy: Anatomy) -> Anatomy:
    """Return the anatomy with the pelvis' position relative to the middle of a frame's points."""
    mean = anatomy.mean.index_fill(0, anatomy.root_place, 0.0)
    return replace(anatomy, mean=mean, spread=anatomy.spread.index_fill(0, anatomy.root_place, ROOT_UNIT))
