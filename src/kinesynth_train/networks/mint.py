"""MinT, BioHuman's baseline: a cascade from video to a body's motion, and from that alone to muscles.

Meshes of pictures, found once by MQ-HMR, which stands for PromptHMR; their motion as 263 numbers a frame
(`motion_descriptors`); a transformer of 16 layers from 28 frames of these to 112 activations, after the public training
of Muscles in Time (Schneider et al. 2024): width 256, batches of 128, 2e-4 that drops after 200 000 of 300 000 steps,
smooth L1 of activations and at half the weight of their changes. Ours: heads, widths of perceptrons, batch
normalisation of the numbers, a sigmoid at the end.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import smooth_l1_loss

from kinesynth.dataset import ShardDataset
from kinesynth_train.data import Batch
from kinesynth_train.losses import masked_mean, weighed
from kinesynth_train.mesh_muscle_tally import MeshMuscleTally
from kinesynth_train.motion_descriptors import NUMBERS, descriptors
from kinesynth_train.muscle_tally import MUSCLE_LABELS
from kinesynth_train.networks import mqhmr, mqhmr_shape
from kinesynth_train.networks.contract import Network
from kinesynth_train.networks.mqhmr import MeshPrediction, MqHmr, in_world
from kinesynth_train.networks.query_refinement import view_of
from kinesynth_train.networks.views import per_view
from kinesynth_train.presets import Phase, Preset
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton
from kinesynth_train.stretch import Estimate, Stretch
from kinesynth_train.windowing import joined, window_starts

RESTING_LOGIT = -2.944  # of an activation of 0.05, that an untrained head gives


@dataclass(frozen=True)
class Shape:
    """Sizes of the networks.

    Attributes:
        front: of the network of single pictures; its own `weights` and `body` are not read.
        weights: file of its vision transformer's weights, read when a training begins; empty starts from noise.
        body: file of the shards' body, likewise; empty takes the free body's.
        width: of the transformer.
        layers: likewise.
        heads: of attention.
        hidden: width within its perceptrons.
        dropout: likewise.
        window: T.
    """

    front: mqhmr_shape.Shape = field(default_factory=mqhmr_shape.Shape)
    weights: str = ""
    body: str = ""
    width: int = 256
    layers: int = 16
    heads: int = 8
    hidden: int = 1024
    dropout: float = 0.1
    window: int = 28


@dataclass(frozen=True)
class Weights:
    """Of the terms.

    Attributes:
        activation: smooth L1.
        activation_change: of the changes from frame to frame, likewise.
        front: MQ-HMR's.
    """

    activation: float = 1.0
    activation_change: float = 0.5
    front: mqhmr_shape.Weights = field(default_factory=mqhmr_shape.Weights)


class Activations(NamedTuple):
    """What is predicted of motion: activations (N, T, A)."""

    activations: Tensor


class Mint(Network):
    """Activations of every frame from one view, by way of a mesh. Stages: `picture` and `motion`."""

    labels: ClassVar[tuple[str, ...]] = (*MqHmr.labels, *MUSCLE_LABELS)
    better: ClassVar[str] = "muscle_nrmse"
    kinematics: ClassVar[bool] = False

    def __init__(self, shape: Shape, weights: Weights, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
        super().__init__(weights, stats, skeleton)
        self.shape, muscles = shape, len(skeleton.definition.muscle_names)
        self.front = MqHmr(replace(shape.front, weights=shape.weights, body=shape.body), weights.front, stats, skeleton)
        self.normal = nn.BatchNorm1d(NUMBERS)
        self.enter = nn.Linear(NUMBERS, shape.width)
        self.place = nn.Parameter(0.02 * torch.randn(shape.window, shape.width))
        layer = nn.TransformerEncoderLayer(
            shape.width, shape.heads, shape.hidden, shape.dropout, "gelu", batch_first=True, norm_first=True
        )
        last = nn.LayerNorm(shape.width)
        self.transformer = nn.TransformerEncoder(layer, shape.layers, last, enable_nested_tensor=False)
        self.leave = nn.Linear(shape.width, muscles)
        nn.init.constant_(self.leave.bias, RESTING_LOGIT)

    def start(self, labels: ShardDataset) -> None:
        """Read the front's files."""
        self.front.start(labels)

    def from_noise(self) -> str:
        """Return what of the front does."""
        return self.front.from_noise()

    def forward(self, batch: Batch, stage: str) -> MeshPrediction | Activations:
        """Return the front's prediction of pictures, or activations of the estimates' motion (N, V, T, 263)."""
        if stage == "picture":
            return self.front(batch, stage)  # type: ignore[no-any-return]
        views = batch["estimates"].shape[1] if self.training else 1
        seen = per_view({name: batch[name] for name in ("estimates", "frame_valid")}, views)
        return Activations(self.muscles(seen["estimates"], ~seen["frame_valid"]))

    def muscles(self, motion: Tensor, padded: Tensor) -> Tensor:
        """Return activations (N, T, A) of motion (N, T, 263), frames `padded` (N, T) apart."""
        tokens = self.enter(self.normal(motion.flatten(0, 1)).reshape(motion.shape)) + self.place[: motion.shape[1]]
        state = self.transformer(tokens, src_key_padding_mask=padded)
        return torch.sigmoid(self.leave(state).float())

    def losses(self, prediction: MeshPrediction | Activations, batch: Batch) -> dict[str, Tensor]:
        """Return the stage's terms; activations that are not valid cost nothing."""
        if isinstance(prediction, MeshPrediction):
            return self.front.losses(prediction, batch)
        found = prediction.activations
        truth = per_view(batch, len(found) // len(batch["activations"]))
        wanted, valid = truth["activations"], truth["activation_valid"]
        off = smooth_l1_loss(found, wanted, reduction="none").mean(dim=-1)
        change = smooth_l1_loss(found.diff(dim=1), wanted.diff(dim=1), reduction="none").mean(dim=-1)
        terms = {
            "activation": masked_mean(off, valid),
            "activation_change": masked_mean(change, valid[:, 1:] & valid[:, :-1]),
        }
        return weighed(terms, {name: weight for name, weight in asdict(self.weights).items() if name in terms})

    def trained_in(self, stage: str) -> list[nn.Parameter]:
        """Return the front's parameters, or all others."""
        front = stage == "picture"
        return [p for name, p in self.named_parameters() if name.startswith("front.") == front]

    def fitting_windows(self, stage: str) -> tuple[str, Callable[[int], bool]]:
        """Return those for which it has learnable places."""
        if stage == "picture":
            return self.front.fitting_windows(stage)
        return f"at most {self.shape.window}", lambda window: window <= self.shape.window

    def stores(self, stage: str) -> bool:
        """Return whether a stage learns from motion that was found once."""
        return stage != "picture"

    def stored(self, batch: Batch) -> Tensor:
        """Return the motion (V, T, 263) of a clip in each view."""
        self.front.eval()
        views = range(batch["crops"].shape[1])
        found = [(view, self.front.bodies(view_of(batch, view, detected=False), 0)) for view in views]
        return torch.stack([self.motion_of(said, batch, view) for view, said in found])

    def motion_of(self, said: MeshPrediction, batch: Batch, view: int) -> Tensor:
        """Return the motion (T, 263) of bodies (T, ...) that a view's pictures show."""
        turned = in_world(said.rotations, batch["rotations"][0, view])
        own = self.front.body.points(turned, said.betas)[:, :1]
        joints = self.front.body.joints(turned, said.betas) - own + said.points[:, :1]
        return descriptors(turned, joints, float(batch["fps"][0]))

    def estimate(self, stretch: Stretch, stage: str, window: int) -> Estimate:
        """Return what it predicts from the first view, in windows that follow one another."""
        said = self.front.bodies(view_of(stretch.batch, 0, stretch.detected), 0)
        mesh = self.front.estimate_of(said, stretch)
        if stage == "picture":
            return mesh
        motion: Any = self.motion_of(said, stretch.batch, 0)
        starts = window_starts(len(motion), window)
        indices = (starts[:, None] + torch.arange(window)).to(motion.device)
        working = self.muscles(motion[indices.clamp(max=len(motion) - 1)], indices >= len(motion))
        return mesh._replace(activations=joined(working, starts, len(motion)))

    def tally(self, device: str) -> MeshMuscleTally:
        """Return what counts its metrics: those of the mesh and of activations."""
        return MeshMuscleTally(self.skeleton, device, self.front.body)


def make(shape: Shape, weights: Weights, stats: CoordinateStats, skeleton: DatasetSkeleton) -> Mint:
    """Return the untrained network."""
    return Mint(shape, weights, stats, skeleton)


def _preset(shape: Shape, front: Preset, *motion: Phase) -> Preset:
    return replace(front, shape=shape, weights=Weights(), phases=(*front.phases, *motion))


FRONTS = mqhmr.PRESETS
TINY = Shape(front=mqhmr.TINY, width=64, layers=2, heads=4, hidden=256, dropout=0.0, window=16)
PRESETS = {
    "mint": _preset(
        Shape(), FRONTS["mqhmr"],  # 128 windows of two views: 64 of them
        Phase("motion", 28, 64, 2e-4, 2e-4, steps=200_000, schedule="constant"),
        Phase("motion", 28, 64, 2e-5, 2e-5, steps=100_000, schedule="constant"),
    ),
    "mint_tiny": _preset(TINY, FRONTS["mqhmr_tiny"], Phase("motion", 16, 16, 1e-3, 1e-5, steps=60)),
}  # fmt: skip
