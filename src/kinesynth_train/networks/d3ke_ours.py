"""Our variant of D3KE: all frames of a window at once, one set of scales, and a cosine instead of two schedules.

What it shares with the published one (`d3ke`): a ResNeXt-50 per frame, the skeletal-model layer, a transformer over 243
frames of their estimates, two stages of training. What differs: the first view alone; unbounded angles, one set of
scales for the window; blocks that normalise before they act, with perceptrons of four times the width; no strided part;
estimates are made anew in every step; joint and mass centres; angles cost 0.06 per radian, the root's matrix 0.1; Adam
with ODAH's betas along half a cosine; pictures neither turned nor occluded.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from kinesynth.dataset import ShardDataset
from kinesynth_train.data import Batch
from kinesynth_train.losses import OwnWeights, own_losses
from kinesynth_train.networks.contract import Network, Prediction
from kinesynth_train.networks.frame_estimates import known_of, trained_parameters
from kinesynth_train.networks.heads import UPRIGHT, KinematicsHead
from kinesynth_train.networks.pretrained import load_weights
from kinesynth_train.networks.resnext import WEIGHTS_KIND, make_backbone, normalised
from kinesynth_train.networks.tokens import TransformerBlock, positional_encoding
from kinesynth_train.presets import Augment, Phase, Preset
from kinesynth_train.rotations import rotation_to_root, six_to_rotation
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton

Weights = OwnWeights


@dataclass(frozen=True)
class Shape:
    """Sizes of the network.

    Attributes:
        backbone: `resnext50`, or `small`.
        weights: file of a state_dict of torchvision's resnext50_32x4d; empty starts from noise.
        width: of the transformer's layers.
        layers: of the transformer.
        heads: of attention.
    """

    backbone: Literal["resnext50", "small"] = "resnext50"
    weights: str = ""
    width: int = 256
    layers: int = 3
    heads: int = 8


class D3keOurs(Network):
    """Angles of every frame and one set of scales, from the first view; the place of the pelvis is not predicted."""

    places = False

    def __init__(self, shape: Shape, weights: Weights, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
        super().__init__(weights, stats, skeleton)
        bodies, markers, coordinates = int(stats.bodies), int(stats.markers), len(stats.mean)
        self.weights_file = shape.weights
        self.backbone, features = make_backbone(shape.backbone)
        self.frame_head = RootedHead(features, stats)
        self.enter = nn.Linear(9 + 3 * (bodies + markers) + 3 * bodies + coordinates, shape.width)
        self.sequence = nn.Sequential(*(TransformerBlock(shape.width, shape.heads) for _ in range(shape.layers)))
        self.sequence_head = RootedHead(shape.width, stats)

    def start(self, labels: ShardDataset) -> None:  # noqa: ARG002
        """Read the backbone's file of weights, if there is one."""
        load_weights(self.backbone, self.weights_file, WEIGHTS_KIND)

    def forward(self, batch: Batch, stage: str) -> Prediction:
        """Return the prediction of a batch with crops (N, V, T, 4, S, S) and rotations (N, V, T, 3, 3).

        Stage `frame` ends with each frame for itself, and the scales from the mean of the frames.
        """
        camera = batch["rotations"][:, 0]
        if stage == "frame":
            self.backbone.train(self.training)
            return self._frames(batch["crops"][:, 0], camera)
        self.backbone.eval()
        with torch.no_grad():
            said = self._frames(batch["crops"][:, 0], camera)
            estimates = known_of(said, said.scales.flatten(2), camera, self.skeleton)
        entered = self.enter(estimates)
        features = self.sequence(entered + positional_encoding(entered.shape[1], entered.shape[2], entered))
        prediction: Prediction = self.sequence_head(features, features.mean(dim=1), camera)
        return prediction

    def trained_in(self, stage: str) -> list[nn.Parameter]:
        """Return the parameters that a stage trains: first what sees a frame, then what runs over frames."""
        return trained_parameters(self, stage)

    def losses(self, prediction: Prediction, batch: Batch) -> dict[str, Tensor]:
        """Return the terms of our own loss."""
        return own_losses(prediction, batch, self.skeleton, self.stats, self.weights)

    def _frames(self, crops: Tensor, camera: Tensor) -> Prediction:
        features = self.backbone(normalised(crops).flatten(0, 1)).unflatten(0, crops.shape[:2])  # (N, T, 2048)
        prediction: Prediction = self.frame_head(features, features.mean(dim=1), camera)
        return prediction


class RootedHead(nn.Module):
    """A `KinematicsHead` whose root turns by a rotation matrix, six numbers of it in the camera's frame."""

    root: Tensor
    root_axes: Tensor

    def __init__(self, features: int, stats: CoordinateStats) -> None:
        super().__init__()
        self.register_buffer("root", stats.root.clone())
        self.register_buffer("root_axes", stats.root_axes.clone())
        self.kinematics = KinematicsHead(features, stats)
        self.six = nn.Linear(features, 6)
        nn.init.normal_(self.six.weight, std=1e-3)
        with torch.no_grad():  # begin upright before the camera
            self.six.bias.copy_(torch.tensor(UPRIGHT)[:, :2].T.flatten())

    def forward(self, frames: Tensor, window: Tensor, camera: Tensor) -> Prediction:
        """Return the prediction of features (N, T, D) and (N, D), with cameras (N, T, 3, 3) from world to camera."""
        prediction: Prediction = self.kinematics(frames, window)
        six = self.six(frames).float()
        with torch.autocast(frames.device.type, enabled=False):  # else products of matrices are of half precision
            rotation = camera.mT @ six_to_rotation(six)
            turns = rotation_to_root(rotation, self.root_axes)
        angles = prediction.angles.index_copy(-1, self.root, turns)
        return prediction._replace(angles=angles, rotation=rotation)


def make(shape: Shape, weights: Weights, stats: CoordinateStats, skeleton: DatasetSkeleton) -> D3keOurs:
    """Return the untrained network."""
    return D3keOurs(shape, weights, stats, skeleton)


BETAS, CLIP = (0.5, 0.999), 1.0
AUGMENT = Augment(shift=0.05, stretch=0.1, recolour=True)
WEIGHTS = Weights(angle=0.06, rotation=0.1, scale=0.1, joints=1.0, markers=2.0, root_relative=True)
PRESETS = {
    "d3ke_ours": Preset(
        Shape(), WEIGHTS, crop=256, precision="bf16", augment=AUGMENT,
        phases=(
            Phase("frame", 1, 64, 5e-4, 3.33e-5, steps=60_000, betas=BETAS, clip_norm=CLIP),
            Phase("sequence", 243, 4, 1e-3, 5e-6, steps=40_000, betas=BETAS, clip_norm=CLIP),
        ),
    ),
    "d3ke_ours_tiny": Preset(
        Shape(backbone="small", width=64, layers=1, heads=4), WEIGHTS, crop=64, augment=AUGMENT,
        phases=(
            Phase("frame", 4, 4, 1e-3, 3e-4, steps=30, betas=BETAS, clip_norm=CLIP),
            Phase("sequence", 16, 4, 3e-3, 3e-4, steps=30, betas=BETAS, clip_norm=CLIP),
        ),
    ),
}  # fmt: skip
