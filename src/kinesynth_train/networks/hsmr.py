"""HSMR (Xia et al. 2025, "Reconstructing humans with a biomechanically accurate skeleton", CVPR): one picture.

As published: a vision transformer encodes the picture, a transformer head with one query token gives a camera, a pose
in a continuous code, and a shape; the pose costs squared distances of matrices, the shape squared distances, the
keypoints L1 in space, from the pelvis, and in the picture.

Native to the dataset's OpenSim skeleton instead of SKEL: 82 numbers for the 41 angles that follow no other (seven
rotations of six numbers, twenty angles as points on the unit circle) for SKEL's 46; the independent scale factors for
ten betas; joint and mass centres, and at half the weight the markers, for 44 keypoints. The camera is the crop's own,
turned to its middle, for one of 5000 pixels, so that the pelvis' place in the world follows. Keypoints that are hidden
count half. From the release, where the text is silent: sizes of the head, weights, rates, batches, augmentation (but
for its extreme crops), 192 of 256 columns. Batches hold every view of a window, each as a picture of its own.

SKELify and the refinement of pseudo-labels are in `skelify` and `hsmr_refined`: the labels of the shards are exact.
"""

from dataclasses import asdict, dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from kinesynth.dataset import ShardDataset
from kinesynth_train.crops import project
from kinesynth_train.data import Batch
from kinesynth_train.keypoint_tally import KeypointTally
from kinesynth_train.losses import masked_mean, weighed
from kinesynth_train.networks.backbones import IMAGENET, TokenBackbone, start_backbone, token_backbone
from kinesynth_train.networks.coded_pose import CodedPose, Matrices
from kinesynth_train.networks.contract import Network, Prediction
from kinesynth_train.networks.crop_camera import placed
from kinesynth_train.networks.heads import factors_of, scales_of, zeroed
from kinesynth_train.networks.resnext import normalised
from kinesynth_train.networks.token_decoder import TokenDecoder
from kinesynth_train.networks.views import per_view
from kinesynth_train.networks.vit import middle_columns
from kinesynth_train.presets import Augment, Phase, Preset
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton
from kinesynth_train.stretch import Estimate, Stretch

WEIGHTS_KIND = "ViTPose, of this size"
PICTURES_AT_ONCE = 32  # in use


@dataclass(frozen=True)
class Shape:
    """Sizes of the network.

    Attributes:
        backbone: which vision transformer, or `efficientnet_lite0`.
        weights: file of its weights under ViTPose's names, read when a training begins; `imagenet`, of
            EfficientNet-Lite0, takes those of the package index; empty starts from noise.
        width: of the head's token.
        layers: of the head.
        heads: of its attention.
        head: width of one of these.
        hidden: width within its perceptrons.
    """

    backbone: TokenBackbone = "vit_h"
    weights: str = ""
    width: int = 1024
    layers: int = 6
    heads: int = 8
    head: int = 64
    hidden: int = 1024


@dataclass(frozen=True)
class Weights:
    """Of the terms, each a sum over what it is of; those of the release, but for the markers'.

    Attributes:
        keypoints_3d: L1, m from the pelvis.
        keypoints_2d: L1, in sides of the crop, times the confidence.
        markers: L1 of the skeleton's markers, m from the pelvis.
        orientation: squared distance of the root's matrix.
        body: of the other joints' matrices; of a point on the circle twice, which is that of its matrix.
        shape: squared distance of the factors of the scales, in units of 0.1.
    """

    keypoints_3d: float = 0.05
    keypoints_2d: float = 0.01
    markers: float = 0.025
    orientation: float = 0.002
    body: float = 0.001
    shape: float = 0.0005


class Reading(NamedTuple):
    """What the head reads off pictures: features (..., W), code (..., E), factors (..., U), camera s, x, y (..., 3)."""

    features: Tensor
    code: Tensor
    factors: Tensor
    camera: Tensor


class Hsmr(Network):
    """Angles, scales and the pelvis' place of single pictures; in training each view of a window is its own."""

    ties: Tensor
    first_of_each: Tensor
    mean_code: Tensor

    def __init__(self, shape: Shape, weights: Weights, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
        super().__init__(weights, stats, skeleton)
        self.shape = shape
        self.vit = token_backbone(shape.backbone)  # by an earlier name, under which checkpoints have it
        self.decoder = TokenDecoder(self.vit.width, shape.width, shape.layers, shape.heads, shape.head, shape.hidden)
        self.pose = CodedPose(stats, skeleton)
        mean = self.pose.mean_code()
        self.read_code = zeroed(nn.Linear(shape.width, len(mean)))
        self.read_factors = zeroed(nn.Linear(shape.width, stats.factors))
        self.read_camera = zeroed(nn.Linear(shape.width, 3))
        self.register_buffer("first_of_each", stats.first_of_each, persistent=False)
        self.register_buffer("ties", stats.ties.clone(), persistent=False)
        self.register_buffer("mean_code", mean, persistent=False)

    def start(self, labels: ShardDataset) -> None:  # noqa: ARG002
        """Read the backbone's file of weights, if there is one."""
        start_backbone(self.vit, self.shape.weights, WEIGHTS_KIND)

    def from_noise(self) -> str:
        """Return that the backbone does, for which the published rate is too low."""
        if self.shape.weights or self.shape.backbone == "vit_tiny":
            return ""
        given = IMAGENET if self.shape.backbone == "efficientnet_lite0" else "FILE, one of ViTPose's"
        return f"{self.shape.backbone} starts from noise; else give --weights {given}"

    def forward(self, batch: Batch, stage: str) -> Prediction:  # noqa: ARG002
        """Return the prediction of a batch with crops (N, V, T, 4, S, S), and cameras as `Windows` gives them.

        In training of all views (N V, T, ...), else of the first.
        """
        views = batch["crops"].shape[1] if self.training else 1
        seen = per_view({name: batch[name] for name in ("crops", "rotations", "projections")}, views)
        frames = seen["crops"].shape[:2]
        reading = self.read(self.look(seen["crops"].flatten(0, 1)))
        reading = Reading(*(value.reshape(*frames, -1) for value in reading))
        return self.prediction_of(reading, seen["rotations"], seen["projections"])

    def look(self, crops: Tensor) -> Tensor:
        """Return the tokens (F, P, C) of crops (F, 4, S, S)."""
        tokens: Tensor = self.vit(middle_columns(normalised(crops)))
        return tokens

    def read(self, tokens: Tensor) -> Reading:
        """Return what the head reads off tokens (F, P, C)."""
        features = self.decoder(tokens)
        code = self.mean_code + self.read_code(features).float()
        upright = features.new_tensor([1.0, 0.0, 0.0], dtype=torch.float32)  # two metres fill the crop, in its middle
        camera = upright + self.read_camera(features).float()
        return Reading(features, code, self.read_factors(features).float(), camera)

    def prediction_of(self, reading: Reading, cameras: Tensor, projections: Tensor) -> Prediction:
        """Return the prediction of a reading (N, T, ...), of cameras (N, T, 3, 3) and projections (N, T, 3, 4)."""
        with torch.autocast(cameras.device.type, enabled=False):
            pose = self.matrices(reading.code)
            angles = self.pose.angles(pose, cameras, placed(reading.camera, projections))
            scales = scales_of(reading.factors, self.ties)
            rotation = cameras.mT @ pose.rotations[..., 0, :, :]
        return Prediction(angles, scales, rotation=rotation, code=reading.code, factors=reading.factors)

    def matrices(self, code: Tensor) -> Matrices:
        """Return the pose of what the head gives for it (..., E)."""
        return self.pose.matrices(code)

    def losses(self, prediction: Prediction, batch: Batch) -> dict[str, Tensor]:
        """Return the terms; frames and angles that are not valid cost nothing."""
        truth = per_view(batch, len(prediction.angles) // len(batch["angles"]))
        seen, cameras = truth["frame_valid"], truth["rotations"]
        found = self.skeleton(prediction.angles, prediction.scales)
        wanted = self.skeleton(truth["angles"], truth["scales"])
        joints = truth["keypoints"]
        here, there = found.joint_centres[:, :, :1], joints[:, :, :1]
        in_space = ((found.keypoints - here - (joints - there)) @ cameras.mT).abs().sum(dim=(-2, -1))
        on_skin = found.markers - here - (wanted.markers - wanted.joint_centres[:, :, :1])
        apart = 0.5 * (project(found.keypoints, truth["projections"]) - truth["keypoints_2d"]).abs().sum(dim=-1)
        confidence = 0.5 * truth["visibility"]  # 1 visible, a half occluded, 0 outside
        orientation, body = self.pose_distances(prediction, truth)
        terms = {
            "keypoints_3d": masked_mean(in_space, seen),
            "keypoints_2d": masked_mean((confidence * apart).sum(dim=-1), seen),
            "markers": masked_mean((on_skin @ cameras.mT).abs().sum(dim=(-2, -1)), seen),
            "orientation": masked_mean(orientation, seen),
            "body": masked_mean(body, seen),
            "shape": masked_mean(self.shape_distances(prediction, truth), seen),
        }
        return weighed(terms, asdict(self.weights))

    def pose_distances(self, prediction: Prediction, truth: Batch) -> tuple[Tensor, Tensor]:
        """Return the squared distances (N, T) of the root's matrix and of all others, those that are valid."""
        assert prediction.code is not None  # as `prediction_of` makes it
        found = self.matrices(prediction.code)
        wanted = self.pose.truth(truth["angles"], truth["rotations"])
        balls, hinges = self.pose.valid(truth["angle_valid"])
        turned = (found.rotations - wanted.rotations).square().sum(dim=(-2, -1)) * balls
        circled = 2.0 * (found.circles - wanted.circles).square().sum(dim=-1) * hinges
        return turned[..., 0], turned[..., 1:].sum(dim=-1) + circled.sum(dim=-1)

    def shape_distances(self, prediction: Prediction, truth: Batch) -> Tensor:
        """Return the squared distances (N, T) of the scales' factors."""
        wanted = factors_of(truth["scales"], self.first_of_each)
        assert prediction.factors is not None  # as `prediction_of` makes them
        return (prediction.factors - wanted[:, None]).square().sum(dim=-1)

    def estimate(self, stretch: Stretch, stage: str, window: int) -> Estimate:  # noqa: ARG002
        """Return what it predicts for each picture of the first view; the stretch needs no labels."""
        parts = []
        for first in range(0, stretch.batch["crops"].shape[2], PICTURES_AT_ONCE):
            some = slice(first, first + PICTURES_AT_ONCE)
            few = {name: stretch.batch[name][:, :1, some] for name in ("crops", "rotations", "projections")}
            parts.append(self(few, stage)[:2])
        return Estimate(*(torch.cat(part, dim=1)[0] for part in zip(*parts, strict=True)))

    def tally(self, device: str) -> KeypointTally:
        """Return what counts its metrics: keypoints in the picture too."""
        return KeypointTally(self.skeleton, device)


def make(shape: Shape, weights: Weights, stats: CoordinateStats, skeleton: DatasetSkeleton) -> Hsmr:
    """Return the untrained network."""
    return Hsmr(shape, weights, stats, skeleton)


AUGMENT = Augment(shift=0.02, stretch=0.3, rotation_deg=30.0, rotated=0.6, flip=0.5, recolour=True)
BATCH = 39  # windows of a picture in two views, and eight of these a step: the release's eight processes of 78 pictures


def _published(shape: Shape, rate: float, warmup: int = 0) -> Preset:
    phase = Phase(
        "picture", 1, BATCH, rate, rate, epochs=100, schedule="constant", warmup=warmup,
        optimizer="adamw", weight_decay=1e-4, accumulate=8,
    )  # fmt: skip
    return Preset(shape, Weights(), (phase,), crop=256, aspect=0.75, augment=AUGMENT, precision="fp16")


TINY = Shape(backbone="vit_tiny", width=96, layers=2, heads=4, head=24, hidden=192)
PRESETS = {
    "hsmr": _published(Shape(), 1e-5),
    "hsmr_b": _published(Shape(backbone="vit_b"), 1e-5),
    "hsmr_b_noise": _published(Shape(backbone="vit_b"), 1e-4, warmup=5000),  # for those without a file of weights
    "hsmr_lite": _published(Shape(backbone="efficientnet_lite0", weights=IMAGENET), 1e-4, warmup=5000),
    "hsmr_tiny": Preset(
        TINY, Weights(), crop=64, aspect=0.75, augment=AUGMENT,
        phases=(Phase("picture", 4, 4, 1e-3, 1e-5, steps=60, optimizer="adamw", weight_decay=1e-4, clip_norm=1.0),),
    ),
}  # fmt: skip
