"""Our variant of ODAH: lighter over time, with the mask as input and the pelvis' position as output.

What it shares with the published one (`odah`): a stacked hourglass per view, points where both masks agree, a frame's
features D = 102, resolutions in time 1, 1/2, 1/8. What differs: the mask is a fourth channel of the picture; points are
pooled by their mean and maximum instead of laid side by side; the U-Net is of tokens, a frame's 102 numbers being
mapped to 48 and attention going over time, where the published one is of D x T maps with attention over channels; the
pelvis' position is predicted, and positions in the loss are in the world; two angles are free, not nine; limits cost
in proportion to what is beyond them; the learning rate falls along a cosine, and pictures are moved and recoloured.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from kinesynth_train.data import Batch
from kinesynth_train.losses import OwnWeights, own_losses
from kinesynth_train.networks.contract import Network, Prediction
from kinesynth_train.networks.heads import KinematicsHead, about_middle
from kinesynth_train.networks.hourglass import StackedHourglass
from kinesynth_train.networks.token_unet import TokenUNet
from kinesynth_train.networks.two_views import VIEWS, agreed_points, frames_of, multiples_of, seen_at
from kinesynth_train.presets import Augment, Phase, Preset
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton

Weights = OwnWeights
PICTURE = 4  # red, green, blue, mask


@dataclass(frozen=True)
class Shape:
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
        temporal: false leaves the U-Net out; scales are still of all frames' mean.
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


class OdahOurs(Network):
    """Angles of every frame and one set of scales, from two views."""

    views = VIEWS
    stats_root_place: Tensor

    def __init__(self, shape: Shape, weights: Weights, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
        super().__init__(weights, stats, skeleton)
        self.points = shape.points
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
        near = about_middle(stats)
        self.frame_head = KinematicsHead(shape.frame_features, near)
        if shape.temporal:
            self.unet = TokenUNet(shape.frame_features, shape.channels, shape.blocks, shape.heads, shape.ratios)
            self.sequence_head = KinematicsHead(shape.channels[0], near, shape.channels[-1])

    def forward(self, batch: Batch, stage: str) -> Prediction:
        """Return the prediction of a batch with crops (N, V, T, 4, S, S) and projections (N, V, T, 3, 4).

        The first two views are used. Stage `frame` leaves the U-Net out: each frame for itself, and the scales from
        the mean of the frames.
        """
        windows, _, frames = batch["crops"].shape[:3]
        features, middle = (array.reshape(windows, frames, -1) for array in self.frame_features(*frames_of(batch)))
        if stage == "frame":
            prediction: Prediction = self.frame_head(features, features.mean(dim=1))
        else:
            prediction = self.sequence_head(*self.unet(features))
        return prediction._replace(angles=prediction.angles.index_add(-1, self.stats_root_place, middle))

    def frame_features(self, crops: Tensor, projections: Tensor) -> tuple[Tensor, Tensor]:
        """Return features (F, D) and the middle of the person (F, 3) m of frames' crops and projections (F, V, ...)."""
        maps = self.hourglass(crops.flatten(0, 1)).unflatten(0, crops.shape[:2])  # (F, V, S * C, H / 4, W / 4)
        points, middle = agreed_points(crops, projections, self.points, training=self.training)
        features = self.point(seen_at(points, middle, maps, projections))  # (F, N, 32) of (F, N, L)
        pooled = torch.cat([features.mean(dim=1), features.amax(dim=1)], dim=-1)
        return self.frame(pooled), middle

    def has_stage(self, stage: str) -> bool:
        """Return whether it has the U-Net, where the stage trains it."""
        return stage == "frame" or hasattr(self, "unet")

    def trained_in(self, stage: str) -> list[nn.Parameter]:
        """Return the parameters that a phase trains: frames' features in both, and the heads that it uses."""
        unused = ("unet.", "sequence_head.") if stage == "frame" else ("frame_head.",)
        return [parameter for name, parameter in self.named_parameters() if not name.startswith(unused)]

    def fitting_windows(self, stage: str) -> tuple[str, Callable[[int], bool]]:
        """Return those that the U-Net can halve as often as it does."""
        return multiples_of(() if stage == "frame" else self.unet.ratios)

    def losses(self, prediction: Prediction, batch: Batch) -> dict[str, Tensor]:
        """Return the terms of our own loss."""
        return own_losses(prediction, batch, self.skeleton, self.stats, self.weights)


def make(shape: Shape, weights: Weights, stats: CoordinateStats, skeleton: DatasetSkeleton) -> OdahOurs:
    """Return the untrained network."""
    return OdahOurs(shape, weights, stats, skeleton)


BETAS, CLIP = (0.5, 0.999), 1.0  # the position term is steep while the pelvis is still far off
AUGMENT = Augment(shift=0.05, stretch=0.1, recolour=True)
WEIGHTS = Weights(angle=1.0, scale=1.0, limits=1.0, joints=100.0)
TINY = Shape(
    hourglass_channels=16, hourglass_stacks=1, hourglass_depth=2, points=48, frame_features=64,
    channels=(64, 64), blocks=(1, 1), heads=(2, 2), ratios=(2,),
)  # fmt: skip
PRESETS = {
    "odah_ours": Preset(
        Shape(), WEIGHTS, crop=256, precision="bf16", augment=AUGMENT,
        phases=(
            Phase("frame", 8, 8, 1e-4, 1e-4, steps=40_000, betas=BETAS, clip_norm=CLIP),
            Phase("sequence", 64, 2, 1e-4, 1e-6, steps=60_000, betas=BETAS, clip_norm=CLIP, accumulate=4),
        ),
    ),
    "odah_ours_frame": Preset(
        Shape(temporal=False), WEIGHTS, crop=256, precision="bf16", augment=AUGMENT,
        phases=(Phase("frame", 8, 8, 1e-4, 1e-6, steps=100_000, betas=BETAS, clip_norm=CLIP),),
    ),
    "odah_ours_tiny": Preset(
        TINY, WEIGHTS, crop=64, augment=AUGMENT,
        phases=(
            Phase("frame", 8, 4, 3e-3, 3e-3, steps=24, betas=BETAS, clip_norm=CLIP),
            Phase("sequence", 16, 2, 3e-3, 3e-4, steps=36, betas=BETAS, clip_norm=CLIP),
        ),
    ),
}  # fmt: skip
