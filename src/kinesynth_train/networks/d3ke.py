"""D3KE (Bittner et al. 2023, "Towards single camera human 3D-kinematics", Sensors 23(1):341): one view, as published.

Section 3: a ResNeXt-50 per frame gives angles, scales and the pelvis' rotation matrix; a skeletal-model layer without
parameters turns them into joint centres and markers; then a network over 243 frames (LSTM, temporal convolutions or a
lifting transformer) takes all of these, from the pelvis, and gives them anew, with scales of each frame. First the
frames' network is trained, on pictures of both views, turned, moved, stretched and with things before the person; then
the one over frames, on the frames' estimates, which are computed once. Losses are weighed 1.0 joints, 2.0 markers, 0.1
scales, 0.06 angles.

From the released configuration, where the paper is silent: angles in degrees for the loss and kept within their limits
by a sigmoid, scales within a reach; six numbers of the matrix, in a camera turned towards the crop; three blocks that
keep all 243 frames and three that stride by 3, 9, 9 to one, both trained. The paper's own sizes are used where the two
differ (LSTM: 128). Frames' estimates are of unchanged pictures here, every other batch of windows is about another
frame than the middle one, and in use the first view is looked at.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn

from kinesynth.dataset import ShardDataset
from kinesynth_train.data import TIME_AXIS, Batch
from kinesynth_train.losses import PublishedWeights, published_losses
from kinesynth_train.networks.backbones import IMAGENET, FeatureBackbone, feature_backbone, start_backbone
from kinesynth_train.networks.contract import AT_ONCE, Network, Prediction
from kinesynth_train.networks.frame_estimates import known_of, trained_parameters
from kinesynth_train.networks.heads import UPRIGHT, BoundedHead
from kinesynth_train.networks.over_time import LiftingTransformer, Lstm, TemporalConvolutions
from kinesynth_train.networks.resnext import WEIGHTS_KIND, normalised
from kinesynth_train.occlusion import Occlusion, occluded
from kinesynth_train.presets import Augment, Phase, Preset
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton
from kinesynth_train.stretch import Estimate, Stretch
from kinesynth_train.windowing import random_frame, window_about_each

Weights = PublishedWeights
FRAMES_AT_ONCE = 64  # that the backbone sees at once, in use


@dataclass(frozen=True)
class Shape:
    """Sizes of the network.

    Attributes:
        backbone: `resnext50`, `efficientnet_lite0`, or `small`.
        weights: file of a state_dict of torchvision's resnext50_32x4d, read when a training begins; `imagenet`, of
            EfficientNet-Lite0, takes those of the package index; empty starts from noise.
        sequence: what runs over time; `none` leaves the frames' network.
        width: of its layers.
        layers: of the LSTM, or of the transformer's part that keeps all frames.
        hidden: channels within a block of the transformer.
        heads: of attention.
        strides: of the transformer's blocks that end in one frame.
        dilations: of the temporal convolutions of three frames; these five reach over 243.
        dropout: of the network over time.
        occlusion: of training pictures.
    """

    backbone: FeatureBackbone = "resnext50"
    weights: str = ""
    sequence: Literal["none", "lstm", "tcn", "transformer"] = "transformer"
    width: int = 256
    layers: int = 3
    hidden: int = 512
    heads: int = 8
    strides: tuple[int, ...] = (3, 9, 9)
    dilations: tuple[int, ...] = (1, 3, 9, 27, 81)
    dropout: float = 0.1
    occlusion: Occlusion = field(default_factory=Occlusion)


class D3ke(Network):
    """Angles and scales of every frame, from one view; the place of the pelvis is not predicted.

    In training each view of a window is a window of its own.
    """

    places = False
    first_of_each: Tensor

    def __init__(self, shape: Shape, weights: Weights, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
        super().__init__(weights, stats, skeleton)
        self.occlusion, self.weights_file = shape.occlusion, shape.weights
        self.backbone, features = feature_backbone(shape.backbone)
        self.frame_head = BoundedHead(features, stats, torch.tensor(UPRIGHT))
        points = int(stats.bodies) + int(stats.markers)
        self.register_buffer("first_of_each", stats.first_of_each, persistent=False)
        self.sequence = make_sequence(shape, 9 + 3 * points + stats.factors + len(stats.mean))
        if self.sequence is not None:
            self.heads = nn.ModuleList(
                BoundedHead(width, stats, torch.tensor(UPRIGHT)) for width in self.sequence.outputs
            )

    def forward(self, batch: Batch, stage: str) -> Prediction:
        """Return the prediction of a batch with rotations (N, V, T, 3, 3) and crops (N, V, T, 4, S, S) or estimates.

        Stage `frame` ends with each frame for itself.
        """
        views = slice(None) if self.training else slice(1)
        cameras = batch["rotations"][:, views].flatten(0, 1)
        if stage == "frame" or self.sequence is None:
            self.backbone.train(self.training)
            return self.frames(batch["crops"][:, views].flatten(0, 1), cameras)
        self.backbone.eval()
        if "estimates" in batch:
            estimates = batch["estimates"][:, views].flatten(0, 1)
        else:
            with torch.no_grad():
                estimates = self.estimates(self.frames(batch["crops"][:, views].flatten(0, 1), cameras), cameras)
        if not (self.training and isinstance(self.sequence, LiftingTransformer)):
            return self.over_time(estimates, cameras)
        return self._about(random_frame(estimates.shape[1] // 2, batch["frame_valid"]), estimates, cameras)

    def _about(self, frame: int, estimates: Tensor, cameras: Tensor) -> Prediction:
        """Return what is predicted from windows (N, T, E) laid about a frame, not always the middle one.

        The end of such a window is repeated, as it is in use for a clip's first and last frames.
        """
        count = estimates.shape[1]
        indices = (torch.arange(count, device=estimates.device) + frame - count // 2).clamp(0, count - 1)
        prediction = self.over_time(estimates[:, indices], cameras[:, indices])
        earlier = tuple(said._replace(frame=indices) for said in prediction.earlier)
        return prediction._replace(frame=frame, earlier=earlier)

    def frames(self, crops: Tensor, cameras: Tensor) -> Prediction:
        """Return what the frames' network predicts from crops (N, T, 4, S, S), with cameras (N, T, 3, 3)."""
        features = self.backbone(normalised(crops).flatten(0, 1)).unflatten(0, crops.shape[:2])
        prediction: Prediction = self.frame_head(features, cameras)
        return prediction

    def over_time(self, estimates: Tensor, cameras: Tensor) -> Prediction:
        """Return what the network over time predicts from frames' estimates (N, T, E); inner parts as `earlier`."""
        assert self.sequence is not None  # asked for only where there is one
        said = []
        for head, (features, frame) in zip(self.heads, self.sequence(estimates), strict=True):
            seen = cameras if frame is None else cameras[:, frame : frame + 1]
            said.append(head(features, seen)._replace(frame=frame))
        last: Prediction = said[-1]
        return last._replace(earlier=tuple(said[:-1]))

    def estimates(self, prediction: Prediction, cameras: Tensor) -> Tensor:
        """Return what a frame is known by (N, T, E), in the camera's frame and from the pelvis."""
        factors = prediction.scales.flatten(2)[..., self.first_of_each]
        return known_of(prediction, factors, cameras, self.skeleton)

    def start(self, labels: ShardDataset) -> None:  # noqa: ARG002
        """Read the backbone's file of weights, if there is one."""
        start_backbone(self.backbone, self.weights_file, WEIGHTS_KIND)

    def stores(self, stage: str) -> bool:
        """Return whether a stage trains what runs over time."""
        return stage != "frame" and self.sequence is not None

    def stored(self, batch: Batch) -> Tensor:
        """Return the estimates (V, T, E) of a clip's frames, with which what runs over time is trained."""
        return torch.stack([
            self._stretch_estimates(crops, cameras)
            for crops, cameras in zip(batch["crops"][0], batch["rotations"][0], strict=True)
        ])  # fmt: skip

    def _stretch_estimates(self, crops: Tensor, cameras: Tensor) -> Tensor:
        self.backbone.eval()
        return torch.cat([self.estimates(said, here)[0] for said, here in self._some_frames(crops, cameras)])

    def _some_frames(self, crops: Tensor, cameras: Tensor) -> Iterator[tuple[Prediction, Tensor]]:
        """Yield predictions of the frames' network for crops (T, ...), and cameras, some at a time as (1, T', ...)."""
        for few, here in zip(*(torch.split(array, FRAMES_AT_ONCE) for array in (crops, cameras)), strict=True):
            yield self.frames(few[None], here[None]), here[None]

    def augmented(self, batch: Batch) -> Batch:
        """Return the batch with things before the person."""
        if "crops" not in batch:
            return batch
        crops = batch["crops"]
        return {**batch, "crops": occluded(crops.flatten(0, 2), self.occlusion).reshape(crops.shape)}

    def trained_in(self, stage: str) -> list[nn.Parameter]:
        """Return the parameters that a stage trains: first what sees a frame, then what runs over frames."""
        return trained_parameters(self, stage)

    def fitting_windows(self, stage: str) -> tuple[str, Callable[[int], bool]]:
        """Return the one that the transformer's strides leave a single frame of."""
        if stage == "frame" or not isinstance(self.sequence, LiftingTransformer):
            return super().fitting_windows(stage)
        needed = self.sequence.window
        return f"{needed}, the product of its strides", lambda window: window == needed

    def losses(self, prediction: Prediction, batch: Batch) -> dict[str, Tensor]:
        """Return the terms; a batch's views are windows of their own."""
        views = len(prediction.angles) // len(batch["angles"])
        truth = {name: value.repeat_interleave(views, 0) for name, value in batch.items() if TIME_AXIS.get(name) != 1}
        return published_losses(prediction, truth, self.skeleton, self.stats, self.weights)

    def advance(self, fraction: float) -> None:
        """Let batch normalisation of the temporal convolutions follow ever more slowly, 0.1 to 0.001."""
        if isinstance(self.sequence, TemporalConvolutions):
            self.sequence.set_momentum(0.1 * 0.01**fraction)

    def estimate(self, stretch: Stretch, stage: str, window: int) -> Estimate:
        """Return what it predicts for each frame, from the window that it is the middle of, or from the whole."""
        crops, cameras = stretch.batch["crops"][0, 0], stretch.batch["rotations"][0, 0]
        if stage == "frame" or self.sequence is None:
            parts = [said[:2] for said, _ in self._some_frames(crops, cameras)]
            return Estimate(*(torch.cat(part, dim=1)[0] for part in zip(*parts, strict=True)))
        estimates = self._stretch_estimates(crops, cameras)
        if not isinstance(self.sequence, LiftingTransformer):
            angles, scales = (array[0] for array in self.over_time(estimates[None], cameras[None])[:2])
            return Estimate(angles, scales)
        about = window_about_each(estimates, window, window // 2), window_about_each(cameras, window, window // 2)
        said = [self.over_time(*few)[:2] for few in zip(*(torch.split(array, AT_ONCE) for array in about), strict=True)]
        return Estimate(*(torch.cat(part)[:, 0] for part in zip(*said, strict=True)))


def make_sequence(shape: Shape, inputs: int) -> Lstm | TemporalConvolutions | LiftingTransformer | None:
    """Return the network over time, if there is one."""
    if shape.sequence == "lstm":
        return Lstm(inputs, shape.width, shape.layers, shape.dropout if shape.layers > 1 else 0.0)
    if shape.sequence == "tcn":
        return TemporalConvolutions(inputs, shape.width, shape.dilations, shape.dropout)
    if shape.sequence == "transformer":
        return LiftingTransformer(
            inputs, shape.width, shape.hidden, shape.heads, shape.layers, shape.strides, shape.dropout
        )
    return None


def make(shape: Shape, weights: Weights, stats: CoordinateStats, skeleton: DatasetSkeleton) -> D3ke:
    """Return the untrained network."""
    return D3ke(shape, weights, stats, skeleton)


AUGMENT = Augment(shift=0.05, stretch=0.1, rotation_deg=20.0, recolour=True)  # kinds: the paper's; amounts: ours
FRAME_PHASES = (
    # Batches of 64 pictures: 32 frames in two views.
    Phase("frame", 1, 32, 5e-4, 3.33e-5, epochs=28, schedule="exponential", optimizer="adamw", weight_decay=1e-3),
    Phase("frame", 1, 32, 3.33e-6, 1e-6, epochs=2, schedule="exponential", optimizer="adamw", weight_decay=1e-3),
)
SEQUENCE_PHASE = Phase("sequence", 243, 64, 1e-3, 5e-6, epochs=50, schedule="exponential")  # 128 of one view


def _published(shape: Shape) -> Preset:
    return Preset(shape, Weights(), (*FRAME_PHASES, SEQUENCE_PHASE), crop=256, augment=AUGMENT, precision="bf16")


PRESETS = {
    "d3ke": _published(Shape()),
    "d3ke_lite": _published(Shape(backbone="efficientnet_lite0", weights=IMAGENET)),
    "d3ke_frame": Preset(
        Shape(sequence="none"), Weights(), FRAME_PHASES, crop=256, augment=AUGMENT, precision="bf16"
    ),
    "d3ke_lstm": _published(Shape(sequence="lstm", width=128)),
    "d3ke_tcn": _published(Shape(sequence="tcn", width=1024, dropout=0.25)),
    "d3ke_tiny": Preset(
        Shape(backbone="small", width=64, layers=1, hidden=128, heads=4, strides=(4, 4), dropout=0.0), Weights(),
        crop=64, augment=AUGMENT,
        phases=(
            Phase("frame", 4, 4, 1e-3, 1e-4, steps=12, schedule="exponential", optimizer="adamw", weight_decay=1e-3),
            Phase("sequence", 16, 8, 1e-3, 5e-5, steps=48, schedule="exponential"),
        ),
    ),
}  # fmt: skip
