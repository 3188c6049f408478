"""ODAH (Lin et al. 2024): two views, points that both agree on, and a transformer over time; as published.

"3D kinematics estimation from video with a biomechanical model and synthetic training data", arXiv:2402.13172, section
3 and 4.2: a stacked hourglass per view on 3 x 256 x 256; N = 500 points where both masks agree; a point's features, L =
1027: what the views' maps hold at its image (2 views, 2 stacks, 256 channels) and its place (3), mapped to 32; those of
all points, one after another, mapped to the frame's, D = 102; a U-Net on the map of D x T pixels, T = 64; one set of
scales. Nine angles turn freely for the loss, the pelvis' and the arms'; positions are from the pelvis, lambda 100.

Where the paper is silent: widths of the perceptrons (64, 512); points in the order of their depth before the first
camera, so that their places in the row mean something; places relative to where the middles of the masks meet, which
also stands for the pelvis' position, since the paper predicts none; group instead of batch normalisation, as frames of
one clip are no fair batch. The learning rate is printed as 1 x 5 x 10^-5: read as 5e-5, and constant.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from kinesynth_train.data import Batch
from kinesynth_train.losses import masked_mean, weighed
from kinesynth_train.metrics import counted_angles
from kinesynth_train.networks.contract import Network, Prediction
from kinesynth_train.networks.heads import CircleHead, ScaleHead
from kinesynth_train.networks.hourglass import StackedHourglass
from kinesynth_train.networks.hull import depths
from kinesynth_train.networks.restormer import TemporalUNet
from kinesynth_train.networks.two_views import VIEWS, agreed_points, frames_of, multiples_of, seen_at
from kinesynth_train.presets import Phase, Preset
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton

FREE = ("pelvis_", "arm_")  # what the names of the nine free angles begin with


@dataclass(frozen=True)
class Shape:
    """Sizes of the network.

    Attributes:
        hourglass_channels: of each stack's map.
        hourglass_stacks: how many maps a view has.
        hourglass_depth: halvings within a stack.
        points: N, per frame.
        point_hidden: width between a point's features and what they are mapped to.
        point_features: what they are mapped to.
        frame_hidden: width between all points' features and the frame's.
        frame_features: D.
        channels: of the U-Net, per level.
        blocks: transformer blocks, per level.
        heads: of attention, per level.
        ratios: r, between levels.
        temporal: false leaves the frame-only network (the publication's ablation), scales of each frame among it.
    """

    hourglass_channels: int = 256
    hourglass_stacks: int = 2
    hourglass_depth: int = 4
    points: int = 500
    point_hidden: int = 64
    point_features: int = 32
    frame_hidden: int = 512
    frame_features: int = 102
    channels: tuple[int, ...] = (48, 96, 384)
    blocks: tuple[int, ...] = (2, 4, 6)
    heads: tuple[int, ...] = (1, 2, 4)
    ratios: tuple[int, ...] = (2, 4)
    temporal: bool = True


@dataclass(frozen=True)
class Weights:
    """Of equation 1's terms.

    Attributes:
        angle: equations 2 and 3.
        bio: equation 4.
        scale: equation 5.
        position: lambda, of equation 6.
        mean_angles: the norms of equations 2 to 4 are sums over angles; true takes means, which weighs angles far less
            against positions. The paper's notation allows either.
    """

    angle: float = 1.0
    bio: float = 1.0
    scale: float = 1.0
    position: float = 100.0
    mean_angles: bool = False


class Odah(Network):
    """Angles of every frame and one set of scales, from two views."""

    views = VIEWS
    circled: Tensor
    constrained: Tensor
    stats_limits: Tensor
    stats_root_place: Tensor

    def __init__(self, shape: Shape, weights: Weights, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
        super().__init__(weights, stats, skeleton)
        self.points = shape.points
        self.hourglass = StackedHourglass(3, shape.hourglass_channels, shape.hourglass_stacks, shape.hourglass_depth)
        seen = VIEWS * shape.hourglass_stacks * shape.hourglass_channels + 3
        self.point = perceptron(seen, shape.point_hidden, shape.point_features)
        self.frame = perceptron(shape.points * shape.point_features, shape.frame_hidden, shape.frame_features)
        counted = counted_angles(skeleton.definition)
        named = torch.from_numpy(np.array([name.startswith(FREE) for name in skeleton.definition.coordinate_names]))
        self.register_buffer("circled", counted & named, persistent=False)
        self.register_buffer("constrained", counted & ~named, persistent=False)
        self.frame_angles = CircleHead(shape.frame_features, stats, counted & named)
        self.frame_scales = ScaleHead(shape.frame_features, stats)
        if shape.temporal:
            self.unet = TemporalUNet(shape.channels, shape.blocks, shape.heads, shape.ratios)
            self.angles = CircleHead(shape.channels[0] * shape.frame_features, stats, counted & named)
            self.scales = ScaleHead(shape.channels[-1], stats)

    def forward(self, batch: Batch, stage: str) -> Prediction:
        """Return the prediction of a batch with crops (N, V, T, 4, S, S) and projections (N, V, T, 3, 4).

        The first two views are used. Stage `frame` leaves the U-Net out: each frame for itself, its scales too.
        """
        windows, _, frames = batch["crops"].shape[:3]
        features, middle = (array.reshape(windows, frames, -1) for array in self.frame_features(*frames_of(batch)))
        if stage == "frame":
            angles, scales = self.frame_angles(features)[0], self.frame_scales(features)
        else:
            maps, window = self.unet(features)
            angles = self.angles(maps)[0]
            scales = self.scales(window)[:, None].expand(-1, frames, -1, -1)
        return Prediction(angles.index_copy(-1, self.stats_root_place, middle), scales)

    def frame_features(self, crops: Tensor, projections: Tensor) -> tuple[Tensor, Tensor]:
        """Return features (F, D) and the middle of the person (F, 3) m of frames' crops and projections (F, V, ...)."""
        maps = self.hourglass(crops[:, :, :3].flatten(0, 1)).unflatten(0, crops.shape[:2])  # (F, V, S C, H / 4, W / 4)
        points, middle = agreed_points(crops, projections, self.points, training=self.training)
        with torch.autocast(crops.device.type, enabled=False):
            points = in_depth(points, projections)
        features = self.point(seen_at(points, middle, maps, projections))  # (F, N, 32) of (F, N, L)
        return self.frame(features.flatten(1)), middle

    def has_stage(self, stage: str) -> bool:
        """Return whether it has the U-Net, where the stage trains it."""
        return stage == "frame" or hasattr(self, "unet")

    def trained_in(self, stage: str) -> list[nn.Parameter]:
        """Return the parameters that a stage trains: frames' features in both, and the heads that it uses."""
        unused = ("unet.", "angles.", "scales.") if stage == "frame" else ("frame_angles.", "frame_scales.")
        return [parameter for name, parameter in self.named_parameters() if not name.startswith(unused)]

    def fitting_windows(self, stage: str) -> tuple[str, Callable[[int], bool]]:
        """Return those that the U-Net can halve as often as it does."""
        return multiples_of(() if stage == "frame" else self.unet.ratios)

    def losses(self, prediction: Prediction, batch: Batch) -> dict[str, Tensor]:
        """Return the terms of equations 2 to 6; frames and angles that are not valid cost nothing."""
        seen, weights = batch["frame_valid"], self.weights
        found, wanted = self.skeleton(prediction.angles, prediction.scales), batch["keypoints"]
        positions = (found.keypoints - found.keypoints[:, :, :1]) - (wanted - wanted[:, :, :1])
        scales = (prediction.scales - batch["scales"][:, None]).abs().sum(dim=-1).mean(dim=-1)
        angle = self.angle_distances(prediction.angles, batch["angles"]) * batch["angle_valid"]
        bio = limit_distances(prediction.angles, self.stats_limits) * self.constrained
        count = (self.circled | self.constrained).sum() if weights.mean_angles else 1
        terms = {
            "angle": masked_mean(angle.sum(dim=-1) / count, seen),
            "bio": masked_mean(bio.sum(dim=-1) / count, seen),
            "scale": masked_mean(scales, seen),
            "position": masked_mean(positions.abs().sum(dim=-1).mean(dim=-1), seen),
        }
        return weighed(terms, asdict(weights))

    def angle_distances(self, angles: Tensor, truth: Tensor) -> Tensor:
        """Return equation 2's distances of the free angles, 3's of the constrained, 0 of all else (N, T, J)."""
        return circle_distances(angles, truth) * self.circled + (angles - truth).abs() * self.constrained


def perceptron(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    """Return two layers with a ReLU between."""
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, outputs))


def in_depth(points: Tensor, projections: Tensor) -> Tensor:
    """Return points (F, N, 3) in the order of their depth before the first of cameras (F, V, 3, 4)."""
    order = depths(points, projections[:, 0]).argsort(dim=1)
    return points.gather(1, order[..., None].expand_as(points))


def circle_distances(angles: Tensor, others: Tensor) -> Tensor:
    """Return the L1 distance of angles' points on the unit circle."""
    return (angles.cos() - others.cos()).abs() + (angles.sin() - others.sin()).abs()


def limit_distances(angles: Tensor, limits: Tensor) -> Tensor:
    """Return how far angles (..., J) that are beyond limits (J, 2) are from them on the unit circle, 0 within."""
    low, high = limits.T
    above = circle_distances(angles, high) * (angles >= high)
    below = circle_distances(angles, low) * (angles <= low)
    beyond: Tensor = above + below
    return beyond


def make(shape: Shape, weights: Weights, stats: CoordinateStats, skeleton: DatasetSkeleton) -> Odah:
    """Return the untrained network."""
    return Odah(shape, weights, stats, skeleton)


BETAS = (0.5, 0.999)
TINY = Shape(
    hourglass_channels=16, hourglass_stacks=1, hourglass_depth=2, points=48, point_hidden=32, point_features=16,
    frame_hidden=64, frame_features=32, channels=(8, 16), blocks=(1, 1), heads=(1, 2), ratios=(2,),
)  # fmt: skip
PRESETS = {
    # 14 epochs of 8 frames, 5 of 2 sequences, which is what section 4.2 says.
    "odah": Preset(
        Shape(), Weights(), crop=256, precision="bf16",
        phases=(
            Phase("frame", 1, 8, 5e-5, 5e-5, epochs=14, schedule="constant", betas=BETAS),
            Phase("sequence", 64, 2, 5e-5, 5e-5, epochs=5, schedule="constant", betas=BETAS),
        ),
    ),
    "odah_frame": Preset(
        Shape(temporal=False), Weights(), crop=256, precision="bf16",
        phases=(Phase("frame", 1, 8, 5e-5, 5e-5, epochs=19, schedule="constant", betas=BETAS),),
    ),
    "odah_frame_tiny": Preset(
        replace(TINY, temporal=False), Weights(), crop=64,
        phases=(Phase("frame", 8, 4, 2e-3, 2e-4, steps=60, betas=BETAS, clip_norm=20.0),),
    ),
    "odah_tiny": Preset(
        TINY, Weights(), crop=64,
        phases=(
            Phase("frame", 8, 4, 2e-3, 2e-3, steps=24, betas=BETAS, clip_norm=20.0),
            Phase("sequence", 16, 2, 2e-3, 2e-4, steps=36, betas=BETAS, clip_norm=20.0),
        ),
    ),
}  # fmt: skip
