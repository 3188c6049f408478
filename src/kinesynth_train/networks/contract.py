"""What a network is to the trainer: what it reads, what it gives, what it costs, and how it is used."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from kinesynth.dataset import ShardDataset
from kinesynth_train.data import KINEMATIC_LABELS, Batch
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton
from kinesynth_train.stretch import Estimate, Stretch
from kinesynth_train.tally import Tally
from kinesynth_train.windowing import joined, window_starts, windows_of

AT_ONCE = 4  # windows that a network in use sees at once


class Prediction(NamedTuple):
    """What a network predicts for a batch.

    Attributes:
        angles: (N, T, J) rad, m.
        scales: (N, T, B, 3), of each frame, though most networks predict one set for the window.
        rotation: (N, T, 3, 3) of the root in the world, from networks that give a matrix rather than three angles.
        circle: (N, T, F, 2) cosine and sine of angles as they came, not of length 1, where a loss is on those.
        frame: where these T are not the window's frames, which of those they stand for: one, or (T,) indices.
        earlier: what inner parts of the network predict, if they are trained too.
        code: (N, T, E) continuous code of the angles, the root in the frame of the camera that looks at the crop.
        factors: (N, T, U) of the scales, in units of 0.1 from 1.
        activations: (N, T, A) of the muscles.
        dynamics: forces and moments, see `dynamics_head`.
        stage: of the training, where losses differ between stages.
    """

    angles: Tensor
    scales: Tensor
    rotation: Tensor | None = None
    circle: Tensor | None = None
    frame: int | Tensor | None = None
    earlier: tuple["Prediction", ...] = ()
    code: Tensor | None = None
    factors: Tensor | None = None
    activations: Tensor | None = None
    dynamics: Any = None
    stage: str = ""


class Network(nn.Module, ABC):
    """A network; each module of this package defines one, with its `Shape` and `Weights`, and names its `PRESETS`.

    Attributes:
        pictures: whether it looks at any; else it sees markers.
        labels: the shards' fields that its input and its losses need.
        better: the metric of its tally by which the best checkpoint is chosen, lowest.
        views: how many views it looks at, if it looks at pictures.
        places: whether it tells where the pelvis is.
        kinematics: whether it tells the skeleton's angles and scales.
    """

    pictures: ClassVar[bool] = True
    labels: ClassVar[tuple[str, ...]] = KINEMATIC_LABELS
    better: ClassVar[str] = "mae_angle_deg"
    views: ClassVar[int] = 1
    places: ClassVar[bool] = True
    kinematics: ClassVar[bool] = True

    def __init__(self, weights: Any, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
        super().__init__()
        self.weights, self.skeleton = weights, skeleton
        for name, tensor in stats.tensors().items():
            self.register_buffer(f"stats_{name}", tensor.clone(), persistent=False)

    @property
    def stats(self) -> CoordinateStats:
        """What it knows of the skeleton and the training set."""
        return CoordinateStats(**{name: getattr(self, f"stats_{name}") for name in CoordinateStats.names()})

    def start(self, labels: ShardDataset) -> None:
        """Do once, when a training begins, what a checkpoint makes up for later: nothing.

        Read a user's file of weights; note in buffers what labels of the training split are like.
        """

    def from_noise(self) -> str:
        """Return in words which part starts from noise though files of weights for it are usual; empty: none."""
        return ""

    def has_stage(self, stage: str) -> bool:  # noqa: ARG002
        """Return whether it was made with what a stage trains: yes."""
        return True

    @abstractmethod
    def forward(self, batch: Batch, stage: str) -> Any:
        """Return the prediction of a batch in a stage of the training: a `Prediction`, or what its losses take."""

    @abstractmethod
    def losses(self, prediction: Any, batch: Batch) -> dict[str, Tensor]:
        """Return the terms of the loss, and `total`, which is trained."""

    def trained_in(self, stage: str) -> list[nn.Parameter]:  # noqa: ARG002
        """Return the parameters that a stage trains: all."""
        return list(self.parameters())

    def rates(self, stage: str) -> list[tuple[float, list[nn.Parameter]]]:
        """Return what a stage trains in groups, each with a factor on the phase's learning rate: one group."""
        return [(1.0, self.trained_in(stage))]

    def fitting_windows(self, stage: str) -> tuple[str, Callable[[int], bool]]:  # noqa: ARG002
        """Return which windows a stage can take, in words and as a test: any."""
        return "any", lambda _: True

    def augmented(self, batch: Batch) -> Batch:
        """Return a training batch with its augmentation, sampled at every step by torch's own generator: none."""
        return batch

    def stores(self, stage: str) -> bool:  # noqa: ARG002
        """Return whether a stage learns from what `stored` makes of pictures rather than from them: no."""
        return False

    def stored(self, batch: Batch) -> Tensor:
        """Return what such a stage needs of a clip's pictures (V, T, E), so that they are looked at once."""
        raise NotImplementedError(f"{type(self).__name__} learns from pictures in every stage")

    def advance(self, fraction: float) -> None:
        """Take note of how much of a phase is done."""

    def estimate(self, stretch: Stretch, stage: str, window: int) -> Estimate:
        """Return what it predicts for a stretch in use, in windows that follow one another."""
        starts = window_starts(stretch.frames, window)
        some = (starts[first : first + AT_ONCE] for first in range(0, len(starts), AT_ONCE))
        parts = [self(windows_of(stretch.batch, few, window), stage)[:2] for few in some]
        angles, scales = (joined(torch.cat(part), starts, stretch.frames) for part in zip(*parts, strict=True))
        return Estimate(angles, scales)

    def baselines(self) -> dict[str, Callable[[Stretch], Estimate]]:
        """Return what its metrics are to be held against, beside what everybody's are: nothing."""
        return {}

    def tally(self, device: str) -> Tally:
        """Return what counts its metrics."""
        return Tally(self.skeleton, device)
