"""BioPose (Koleini et al. 2024, arXiv:2501.07800): from one view to the skeleton's angles and scales, by way of a mesh.

As published: MQ-HMR gives each picture a mesh, refined by the joints that were seen in it; virtual markers are read off
the mesh; NeurIK turns windows of them into angles and scales, having learned from just such markers, errors and all.
The first stage trains MQ-HMR (`mqhmr`), the second NeurIK (`neurik`) on the markers of clips that the first has looked
at once. Ours: scales are the median over a stretch; half of the windows have another body and pose (`MarkerDraw`), and
the mesh's errors on top.

The root is turned into the world by the camera. Markers count from their own mean, and the pelvis is where the
skeleton's markers lie best on the mesh's.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from kinesynth.dataset import ShardDataset
from kinesynth_train.data import Batch
from kinesynth_train.keypoint_tally import KeypointTally
from kinesynth_train.losses import PublishedWeights
from kinesynth_train.networks import mqhmr, mqhmr_shape, neurik
from kinesynth_train.networks.contract import Network
from kinesynth_train.networks.marker_windows import about_mean
from kinesynth_train.networks.mqhmr import MqHmr
from kinesynth_train.networks.neurik import Neurik
from kinesynth_train.networks.query_refinement import view_of
from kinesynth_train.networks.views import per_view
from kinesynth_train.presets import Phase, Preset
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton
from kinesynth_train.stretch import Estimate, Stretch
from kinesynth_train.virtual_markers import MarkerDraw

UNREFINED = "BioPose without refinement"
DRAW = MarkerDraw(share=0.5)


@dataclass(frozen=True)
class Shape:
    """Sizes of the networks.

    Attributes:
        front: of the network of single pictures; its own `weights` and `body` are not read.
        weights: file of its vision transformer's weights, read when a training begins; empty starts from noise.
        body: file of the shards' body, likewise; empty takes the free body's.
        inverse: of the network of markers.
        steps: of the refinement; 0 for none.
    """

    front: mqhmr_shape.Shape = field(default_factory=mqhmr_shape.Shape)
    weights: str = ""
    body: str = ""
    inverse: neurik.Shape = field(default_factory=partial(neurik.Shape, draw=DRAW))
    steps: int = 10


@dataclass(frozen=True)
class Weights:
    """Of the terms of both networks.

    Attributes:
        front: of MQ-HMR's.
        inverse: of NeurIK's.
    """

    front: mqhmr_shape.Weights = field(default_factory=mqhmr_shape.Weights)
    inverse: PublishedWeights = field(default_factory=PublishedWeights)


class BioPose(Network):
    """Angles, scales and the pelvis' place of every frame, from one view and what is seen in it.

    Stages: `picture` trains the front, `markers` the inverse kinematics. In training each view of a window is a window
    of its own.
    """

    labels: ClassVar[tuple[str, ...]] = MqHmr.labels

    def __init__(self, shape: Shape, weights: Weights, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
        super().__init__(weights, stats, skeleton)
        self.shape = shape
        front = replace(shape.front, weights=shape.weights, body=shape.body)
        self.front = MqHmr(front, weights.front, stats, skeleton)
        self.inverse = Neurik(shape.inverse, weights.inverse, stats, skeleton)

    def start(self, labels: ShardDataset) -> None:
        """Read the front's files."""
        self.front.start(labels)

    def from_noise(self) -> str:
        """Return what of the front does."""
        return self.front.from_noise()

    def forward(self, batch: Batch, stage: str) -> Any:
        """Return the front's prediction of a batch of pictures, or the inverse kinematics' of markers.

        Those are the batch's own, if they were drawn, else the estimates of its meshes (N, V, T, 3 M).
        """
        if stage == "picture":
            return self.front(batch, stage)
        return self.inverse(of_meshes(batch) if "estimates" in batch else batch, stage)

    def losses(self, prediction: Any, batch: Batch) -> dict[str, Tensor]:
        """Return the stage's terms."""
        if isinstance(prediction, mqhmr.MeshPrediction):
            return self.front.losses(prediction, batch)
        return self.inverse.losses(prediction, per_view(batch, len(prediction.angles) // len(batch["angles"])))

    def augmented(self, batch: Batch) -> Batch:
        """Return windows of markers, each view's apart, some of other bodies and poses, all with the meshes' errors."""
        if "estimates" not in batch:
            return batch
        found = of_meshes(batch)
        true = per_view(
            {name: value for name, value in batch.items() if name != "estimates"}, batch["estimates"].shape[1]
        )
        errors = about_mean(found["markers"])[0] - about_mean(true["markers"])[0]
        sampled: Batch = self.inverse.augmented(true)
        return {**sampled, "markers": sampled["markers"] + errors}

    def trained_in(self, stage: str) -> list[nn.Parameter]:
        """Return the parameters of the one network or of the other."""
        return list((self.front if stage == "picture" else self.inverse).parameters())

    def fitting_windows(self, stage: str) -> tuple[str, Callable[[int], bool]]:
        """Return those that the stage's network can take."""
        return (self.front if stage == "picture" else self.inverse).fitting_windows(stage)

    def stores(self, stage: str) -> bool:
        """Return whether a stage learns from meshes that were found once."""
        return stage != "picture"

    def stored(self, batch: Batch) -> Tensor:
        """Return the markers (V, T, 3 M) of a clip's meshes."""
        self.front.eval()
        views = range(batch["crops"].shape[1])
        points = [self.front.bodies(view_of(batch, view, detected=False), self.shape.steps).points for view in views]
        return torch.stack([markers[:, self.front.joints :].flatten(1) for markers in points])

    def estimate(self, stretch: Stretch, stage: str, window: int) -> Estimate:
        """Return what it predicts from the first view."""
        return self.front.estimate(stretch, stage, window) if stage == "picture" else self.chain(stretch, window)

    def chain(self, stretch: Stretch, window: int, steps: int | None = None) -> Estimate:
        """Return angles and scales by way of meshes that are refined in so many steps, else in those of its shape."""
        mesh = self.front.refined(stretch, self.shape.steps if steps is None else steps)
        assert mesh.markers is not None  # a mesh has them all
        markers = {"markers": mesh.markers[None], "angles": mesh.angles[None]}  # of the latter frames are counted alone
        said = self.inverse.estimate(replace(stretch, batch=markers), "markers", window)
        return said._replace(scales=said.scales.median(dim=0).values.expand_as(said.scales))

    def baselines(self) -> dict[str, Callable[[Stretch], Estimate]]:
        """Return itself without the refinement."""
        return {UNREFINED: partial(self.chain, window=self.shape.inverse.window, steps=0)} if self.shape.steps else {}

    def tally(self, device: str) -> KeypointTally:
        """Return what counts its metrics: keypoints in the picture too."""
        return KeypointTally(self.skeleton, device)


def of_meshes(batch: Batch) -> Batch:
    """Return a batch with estimates (N, V, T, 3 M) as windows of each view, with those as markers."""
    apart = per_view(batch, batch["estimates"].shape[1])
    markers = apart.pop("estimates")
    return {**apart, "markers": markers.reshape(*markers.shape[:2], -1, 3)}


def make(shape: Shape, weights: Weights, stats: CoordinateStats, skeleton: DatasetSkeleton) -> BioPose:
    """Return the untrained network."""
    return BioPose(shape, weights, stats, skeleton)


def _preset(shape: Shape, front: Preset, markers: Phase) -> Preset:
    phases = (*front.phases, replace(markers, stage="markers"))
    return Preset(
        shape, Weights(), phases, crop=front.crop, aspect=front.aspect, augment=front.augment, precision=front.precision
    )


FRONTS, INVERSES = mqhmr.PRESETS, neurik.PRESETS
TINY = Shape(front=mqhmr.TINY, inverse=replace(INVERSES["neurik_tiny"].shape, draw=replace(DRAW, turn=0.5)))
PRESETS = {
    # 128 windows of two views: 64 of them
    "biopose": _preset(Shape(), FRONTS["mqhmr"], replace(INVERSES["neurik"].phases[0], batch_size=64)),
    "biopose_tiny": _preset(TINY, FRONTS["mqhmr_tiny"], replace(INVERSES["neurik_tiny"].phases[0], batch_size=16)),
}
