"""Our variant of NeurIK: markers to the angles of all frames at once, or of the window's middle one.

What it shares with the published one (`neurik`): convolutions over a frame's markers, a transformer over 64 frames,
markers that are drawn with noise and gaps. What differs: whether a marker is there is an input; convolutions halve the
number of markers; places in time are sinusoidal; one set of scales for the window; the root is three angles; nothing
keeps angles within limits; weights 1 angle (rad), 1 scale, 1 joints and mass centres, 2 markers; cosine, no decay.
`neurik_any`, which ships, sees markers in the person's own frame and without convolutions: which way somebody faces, it
need not learn; and it learns from the sets of laboratories.
"""

from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn

from kinesynth.dataset import ShardDataset
from kinesynth_train.data import Batch
from kinesynth_train.losses import OwnWeights, own_losses
from kinesynth_train.networks.contract import Network, Prediction
from kinesynth_train.networks.heads import KinematicsHead, about_middle, mean_rotation, zeroed
from kinesynth_train.networks.marker_space import MarkerSpace
from kinesynth_train.networks.marker_windows import (
    about_mean,
    counterparts,
    estimate_each,
    estimate_overlapping,
    facing,
)
from kinesynth_train.networks.tokens import TransformerBlock, positional_encoding
from kinesynth_train.presets import Phase, Preset
from kinesynth_train.rotations import rotation_to_root, six_to_rotation
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton, all_angles, all_scales
from kinesynth_train.stretch import Estimate, Stretch
from kinesynth_train.virtual_markers import MarkerDraw, VirtualMarkers

Weights = OwnWeights
STRIDE = 2
POSES = 20_000  # of sampled bodies, by which the components of their markers are found


@dataclass(frozen=True)
class Shape:
    """Sizes of the network.

    Attributes:
        channels: of the convolutions over markers, each of which halves their number; none leaves them as they are.
        components: of all markers, along which a frame's are seen (`MarkerSpace`), instead of convolutions; 0 for none.
        hidden: of a perceptron on each frame's markers, instead of one linear layer; 0 for none.
        facing: whether markers are turned about the vertical into the frame of the person, and the root is a matrix.
        width: of a frame's features.
        layers: of the transformer.
        heads: of attention.
        window: frames that a middle frame is seen with when `output` is `centre`.
        output: all frames at once, or the middle one of each window.
        stored: whether the training's clips are kept in memory, which they must fit into.
        draw: how training markers are sampled.
    """

    channels: tuple[int, ...] = (64, 128, 256)
    components: int = 0
    hidden: int = 0
    facing: bool = False
    width: int = 256
    layers: int = 4
    heads: int = 8
    window: int = 64
    output: Literal["all", "centre"] = "all"
    stored: bool = False
    draw: MarkerDraw = field(default_factory=MarkerDraw)


class NeurikOurs(Network):
    """Angles of every frame and one set of scales, from markers in any place and of any orientation."""

    pictures = False
    stats_root: Tensor
    stats_root_axes: Tensor
    stats_root_place: Tensor
    pairs: Tensor

    def __init__(self, shape: Shape, weights: Weights, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
        super().__init__(weights, stats, skeleton)
        self.window, self.output, self._stored = shape.window, shape.output, shape.stored
        sizes = list(zip((4, *shape.channels), shape.channels, strict=False))
        self.spatial = nn.Sequential(
            *(nn.Sequential(nn.Conv1d(*size, 5, stride=STRIDE, padding=2), nn.GELU()) for size in sizes), nn.Flatten()
        )
        left = int(stats.markers)
        for _ in sizes:
            left = (left + STRIDE - 1) // STRIDE
        self.space = MarkerSpace(int(stats.markers), shape.components) if shape.components else None
        features = shape.components or left * (4, *shape.channels)[-1]
        self.enter = entrance(features, shape.hidden, shape.width)
        self.temporal = nn.Sequential(*(TransformerBlock(shape.width, shape.heads) for _ in range(shape.layers)))
        self.leave = nn.LayerNorm(shape.width)
        self.head = KinematicsHead(shape.width, about_middle(stats))
        self.six = None
        if shape.facing:
            self.six = zeroed(nn.Linear(shape.width, 6))
            with torch.no_grad():
                self.six.bias.copy_(mean_rotation(stats)[..., :2].T.flatten())
        self.register_buffer("pairs", counterparts(skeleton.definition.marker_names), persistent=False)
        self.virtual = VirtualMarkers(shape.draw, stats, skeleton)

    def forward(self, batch: Batch, stage: str) -> Prediction:  # noqa: ARG002
        """Return the prediction of a batch with markers (N, T, M, 3) m, those that are missing NaN."""
        seen = batch["markers"].isfinite().all(dim=-1, keepdim=True)
        relative, middle = about_mean(batch["markers"])
        turn = None if self.six is None else facing(batch["markers"], self.pairs)
        if turn is not None:
            relative = relative @ turn
        if self.space is None:
            inputs = torch.cat([relative, seen.float()], dim=-1).flatten(0, 1).mT  # (N T, 4, M)
            frames = self.enter(self.spatial(inputs)).unflatten(0, relative.shape[:2])
        else:
            along, apart = self.space(relative, seen[..., 0])
            frames, middle = (
                self.enter(along),
                middle + ((turn @ apart[..., None])[..., 0] if turn is not None else apart),
            )
        placed = frames + positional_encoding(frames.shape[1], frames.shape[2], frames)
        frames = self.leave(self.temporal(placed))
        window, frame = frames.mean(dim=1), None
        if self.output == "centre":
            frame = frames.shape[1] // 2
            frames, middle = frames[:, frame : frame + 1], middle[:, frame : frame + 1]
            turn = None if turn is None else turn[:, frame : frame + 1]
        prediction = self.head(frames, window)
        if turn is not None and self.six is not None:
            prediction = self._turned(prediction, turn @ six_to_rotation(self.six(frames)), turn)
        angles = prediction.angles.index_add(-1, self.stats_root_place, middle)
        said: Prediction = prediction._replace(angles=angles, frame=frame)
        return said

    def _turned(self, prediction: Prediction, rotation: Tensor, turn: Tensor) -> Prediction:
        """Return a prediction with the root's rotation in the world, its place turned there (both (N, T, 3, 3))."""
        root, place = self.stats_root, self.stats_root_place
        angles = prediction.angles.index_copy(-1, root, rotation_to_root(rotation, self.stats_root_axes))
        there = (turn @ angles[..., place, None])[..., 0]
        turned: Prediction = prediction._replace(angles=angles.index_copy(-1, place, there), rotation=rotation)
        return turned

    @torch.no_grad()
    def start(self, labels: ShardDataset) -> None:
        """Find the components of the markers of drawn bodies, seen nearly as the person faces."""
        if self.space is None:
            return
        angles, scales = (torch.tensor(each).float() for each in (all_angles(labels), all_scales(labels)))
        chosen = torch.randint(len(angles), (POSES,))
        _, _, pose = self.virtual.bodies(angles[chosen, None], scales[torch.randint(len(scales), (POSES,))])
        turn = facing(pose.markers, self.pairs) if self.six is not None else torch.eye(3).expand(POSES, 1, 3, 3)
        self.space.fit(((pose.markers - pose.joint_centres[:, :, :1]) @ turn)[:, 0])

    def augmented(self, batch: Batch) -> Batch:
        """Return the batch with markers of other bodies and poses, with errors and gaps."""
        sampled: Batch = self.virtual(batch)
        return sampled

    def stores(self, stage: str) -> bool:  # noqa: ARG002
        """Return whether it learns from clips that are read once."""
        return self._stored

    def stored(self, batch: Batch) -> Tensor:
        """Return what it needs of a clip beside its labels: nothing."""
        return batch["angles"].new_zeros(0, batch["angles"].shape[1], 0)

    def losses(self, prediction: Prediction, batch: Batch) -> dict[str, Tensor]:
        """Return the terms of our own loss."""
        return own_losses(prediction, batch, self.skeleton, self.stats, self.weights)

    def estimate(self, stretch: Stretch, stage: str, window: int) -> Estimate:
        """Return what it predicts for each frame, with output `centre` as the middle of a window of its own."""
        if self.six is not None and self.output == "all":
            return estimate_overlapping(self, stretch, stage, window)
        if self.output == "all":
            return super().estimate(stretch, stage, window)
        return estimate_each(self, stretch, stage, window, window // 2)


def entrance(features: int, hidden: int, width: int) -> nn.Module:
    """Return what makes a frame's features of its markers: a linear layer, or a perceptron."""
    if not hidden:
        return nn.Linear(features, width)
    return nn.Sequential(nn.Linear(features, hidden), nn.GELU(), nn.Linear(hidden, width))


def make(shape: Shape, weights: Weights, stats: CoordinateStats, skeleton: DatasetSkeleton) -> NeurikOurs:
    """Return the untrained network."""
    return NeurikOurs(shape, weights, stats, skeleton)


BETAS, CLIP = (0.5, 0.999), 1.0
WEIGHTS = Weights(angle=1.0, scale=1.0, joints=1.0, markers=2.0, root_relative=True)
PHASES = (Phase("sequence", 64, 64, 5e-4, 5e-6, steps=50_000, betas=BETAS, clip_norm=CLIP),)
LABORATORIES = MarkerDraw(most_missing=0.8, laboratory=0.7, hidden=0.05, placement_m=0.01)
ANGLES = Weights(angle=1.0, rotation=1.0, scale=1.0)
PRESETS = {
    "neurik_ours": Preset(Shape(), WEIGHTS, PHASES),
    "neurik_ours_centre": Preset(Shape(output="centre"), WEIGHTS, PHASES),
    "neurik_any": Preset(  # for any laboratory's markers; small enough to ship
        Shape((), 48, 256, True, 96, 2, 4, stored=True, draw=LABORATORIES), ANGLES,
        phases=(Phase("sequence", 16, 64, 2e-3, 2e-5, steps=2_400, warmup=100, betas=(0.9, 0.99), clip_norm=CLIP),),
    ),
    "neurik_ours_tiny": Preset(
        Shape(channels=(16, 32), width=96, layers=1, heads=4, window=16, draw=MarkerDraw(turn=0.5)), WEIGHTS,
        phases=(Phase("sequence", 16, 8, 3e-3, 1e-4, steps=60, betas=BETAS, clip_norm=CLIP),),
    ),
}  # fmt: skip
