"""D3KE (Bittner et al. 2022, "Towards single camera human 3D-kinematics", Sensors 23(1):341): one view.

As published (section 3, method): a ResNeXt-50 per frame gives angles, scales and the pelvis' rotation matrix; a
skeletal-model layer without parameters turns them into joint centres and markers; then a network over 243 frames (LSTM,
temporal convolutions or a lifting transformer) takes all of these, root-relative, and gives them anew. It is trained in
two phases, the second on the frames' estimates as they are. Sizes are those of the released configuration (LSTM: 3
layers of 512, both ways; transformer: 3 layers of 256 with 8 heads). The transformer's strided part, which yields the
window's middle frame alone, is left out: all three give every frame.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from kinesynth_train.data import Batch
from kinesynth_train.networks.heads import KinematicsHead, Prediction, TransformerBlock, place_code
from kinesynth_train.skeleton import Anatomy, DatasetSkeleton, rotation_to_root, six_to_rotation

COLOUR_MEAN, COLOUR_SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, on which weights were trained


@dataclass(frozen=True)
class D3keShape:
    """Sizes of the network.

    Attributes:
        backbone: `resnext50`, or `small`, a ResNeXt with one block per stage and group normalisation, for tests.
        weights: file of a state_dict of torchvision's resnext50_32x4d; empty starts from noise.
        sequence: what runs over time.
        width: of its layers.
        layers: of the LSTM or the transformer.
        heads: of attention.
        dilations: of the temporal convolutions of three frames; these five reach over 243.
    """

    backbone: Literal["resnext50", "small"] = "resnext50"
    weights: str = ""
    sequence: Literal["lstm", "tcn", "transformer"] = "transformer"
    width: int = 256
    layers: int = 3
    heads: int = 8
    dilations: tuple[int, ...] = (1, 3, 9, 27, 81)


class D3ke(nn.Module):
    """Angles of every frame and one set of scales, from the first view; where the pelvis is, it does not say."""

    pictures = True
    colour_mean: Tensor
    colour_spread: Tensor

    def __init__(self, shape: D3keShape, anatomy: Anatomy, skeleton: DatasetSkeleton) -> None:
        super().__init__()
        self.skeleton = skeleton
        bodies, markers, coordinates = int(anatomy.bodies), int(anatomy.markers), len(anatomy.mean)
        self.backbone, features = make_backbone(shape)
        self.frame_head = RootedHead(features, anatomy)
        estimates = 9 + 3 * (bodies + markers) + 3 * bodies + coordinates
        self.sequence, features = make_sequence(shape, estimates)
        self.sequence_head = RootedHead(features, anatomy)
        for name, values in (("colour_mean", COLOUR_MEAN), ("colour_spread", COLOUR_SPREAD)):
            self.register_buffer(name, torch.tensor(values)[:, None, None])

    def forward(self, batch: Batch, stage: Literal["frame", "sequence"]) -> Prediction:
        """Return the prediction of a batch with crops (N, V, T, 4, S, S) and rotations (N, V, 3, 3).

        Stage `frame` ends with each frame for itself, and the scales from the mean of the frames.
        """
        camera = batch["rotations"][:, 0]
        if stage == "frame":
            self.backbone.train(self.training)
            return self._frames(batch["crops"][:, 0], camera)
        self.backbone.eval()
        with torch.no_grad():
            estimates = self._estimates(self._frames(batch["crops"][:, 0], camera), camera)
        features = self.sequence(estimates)
        prediction: Prediction = self.sequence_head(features, features.mean(dim=1), camera)
        return prediction

    def trained_in(self, stage: Literal["frame", "sequence"]) -> list[nn.Parameter]:
        """Return the parameters that a phase trains: first what sees a frame, then what runs over frames."""
        parts = (self.backbone, self.frame_head) if stage == "frame" else (self.sequence, self.sequence_head)
        return [parameter for part in parts for parameter in part.parameters()]

    def _frames(self, crops: Tensor, camera: Tensor) -> Prediction:
        colours = (crops[:, :, :3].float() / 255.0 - self.colour_mean) / self.colour_spread
        features = self.backbone(colours.flatten(0, 1)).unflatten(0, crops.shape[:2])  # (N, T, 2048)
        prediction: Prediction = self.frame_head(features, features.mean(dim=1), camera)
        return prediction

    def _estimates(self, prediction: Prediction, camera: Tensor) -> Tensor:
        """Return what a frame is known by (N, T, ...), in the camera's frame and from the pelvis."""
        assert prediction.rotation is not None  # a RootedHead gives one
        with torch.autocast(camera.device.type, enabled=False):
            pose = self.skeleton(prediction.angles, prediction.scales)
        points = torch.cat([pose.joint_centres, pose.markers], dim=2) - pose.joint_centres[:, :, :1]
        seen = points @ camera.mT[:, None]
        rotation = camera[:, None] @ prediction.rotation
        scales = prediction.scales.flatten(1)[:, None].expand(*prediction.angles.shape[:2], -1)
        return torch.cat([rotation.flatten(2), seen.flatten(2), scales, prediction.angles], dim=-1)


class RootedHead(nn.Module):
    """A `KinematicsHead` whose root turns by a rotation matrix, six numbers of it in the camera's frame."""

    root: Tensor
    root_axes: Tensor

    def __init__(self, features: int, anatomy: Anatomy) -> None:
        super().__init__()
        self.register_buffer("root", anatomy.root.clone())
        self.register_buffer("root_axes", anatomy.root_axes.clone())
        self.kinematics = KinematicsHead(features, anatomy)
        self.six = nn.Linear(features, 6)
        nn.init.normal_(self.six.weight, std=1e-3)
        with torch.no_grad():  # begin as somebody who stands upright before the camera, whose y points down
            self.six.bias.copy_(torch.tensor([0.0, 0.0, -1.0, 0.0, -1.0, 0.0]))

    def forward(self, frames: Tensor, window: Tensor, camera: Tensor) -> Prediction:
        """Return the prediction of features (N, T, D) and (N, D), with cameras (N, 3, 3) from world to camera."""
        prediction: Prediction = self.kinematics(frames, window)
        rotation = camera.mT[:, None] @ six_to_rotation(self.six(frames).float())
        turns = rotation_to_root(rotation, self.root_axes)
        angles = prediction.angles.index_copy(-1, self.root, turns)
        return prediction._replace(angles=angles, rotation=rotation)


class TemporalConvolutions(nn.Sequential):
    """Residual dilated convolutions of three frames (Pavllo et al. 2019), the ends repeated: all frames stay."""

    def __init__(self, inputs: int, width: int, dilations: tuple[int, ...]) -> None:
        super().__init__(nn.Linear(inputs, width), *(DilatedBlock(width, dilation) for dilation in dilations))


class DilatedBlock(nn.Module):
    """One of them."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.ReLU(),
            nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation, padding_mode="replicate"),
            nn.ReLU(),
            nn.Conv1d(width, width, 1),
        )

    def forward(self, sequence: Tensor) -> Tensor:
        """Return (N, T, C) of (N, T, C)."""
        changed: Tensor = sequence + self.layers(sequence.mT).mT
        return changed


class LiftingTransformer(nn.Module):
    """The encoder of the strided transformer (Li et al. 2022): attention of all frames to all frames."""

    def __init__(self, inputs: int, width: int, layers: int, heads: int) -> None:
        super().__init__()
        self.enter = nn.Linear(inputs, width)
        self.blocks = nn.Sequential(*(TransformerBlock(width, heads) for _ in range(layers)))

    def forward(self, sequence: Tensor) -> Tensor:
        """Return (N, T, C) of (N, T, inputs)."""
        entered = self.enter(sequence)
        changed: Tensor = self.blocks(entered + place_code(entered.shape[1], entered.shape[2], entered))
        return changed


class Lstm(nn.Module):
    """An LSTM that runs both ways."""

    def __init__(self, inputs: int, width: int, layers: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(inputs, width, layers, batch_first=True, bidirectional=True)

    def forward(self, sequence: Tensor) -> Tensor:
        """Return (N, T, 2 C) of (N, T, inputs)."""
        changed: Tensor = self.lstm(sequence)[0]
        return changed


def make_sequence(shape: D3keShape, inputs: int) -> tuple[nn.Module, int]:
    """Return the network over time, and how many features it gives a frame."""
    if shape.sequence == "lstm":
        return Lstm(inputs, shape.width, shape.layers), 2 * shape.width
    if shape.sequence == "tcn":
        return TemporalConvolutions(inputs, shape.width, shape.dilations), shape.width
    return LiftingTransformer(inputs, shape.width, shape.layers, shape.heads), shape.width


def make_backbone(shape: D3keShape) -> tuple[nn.Module, int]:
    """Return the network of a frame, (N, 3, S, S) to features, and how many of these there are."""
    from torchvision.models.resnet import Bottleneck, ResNet, resnext50_32x4d  # type: ignore[import-untyped]

    if shape.backbone == "small":
        network = ResNet(Bottleneck, [1, 1, 1, 1], groups=8, width_per_group=4, norm_layer=_group_norm)
    else:
        network = resnext50_32x4d()
    if shape.weights:
        network.load_state_dict(torch.load(shape.weights, map_location="cpu", weights_only=True))
    features = network.fc.in_features
    network.fc = nn.Identity()
    return network, features


def _group_norm(channels: int) -> nn.Module:
    return nn.GroupNorm(8, channels)
