"""BioHuman (2026): from video to motion and muscle activations, in one network.

As published: a network of single pictures gives each frame a pose and what it saw; a residual adapter corrects the
pose; poses with their first and second differences are encoded over time; a gate lets what was seen into that; tokens
of poses and pictures alternate in a transformer; a second gate fuses them; two heads give a correction of the pose and
112 activations. The picture's encoder is frozen, the rest of that network learns on at a rate of its own; core losses
first, then those of amplitude too. Labels that are not valid cost nothing.

Native to the dataset's skeleton: the front-end is `hsmr` instead of PromptHMR (an encoder, a head, a camera alike), a
pose is its 74 numbers instead of 72 of SMPL (`biohuman_smplx`: six for each of the fitted body's first 22 joints, with
the adapter's correction of the pose at rest to start from, since the front-end predicts none), and its features are the
head's token, the scales' factors and the camera.
Ours, where the paper is silent or its formulas are lost: all widths, depths, rates, epochs and weights of losses;
smooth L1 for the pose's matrices and L1 for everything else; and that the front-end's own losses go on, without which
nothing would hold scales and camera. In use, windows overlap by a quarter and fade into one another.
"""

from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from kinesynth.dataset import ShardDataset
from kinesynth_train.body_tally import BodyTally
from kinesynth_train.data import KINEMATIC_LABELS, Batch
from kinesynth_train.dynamics_tally import DynamicsTally
from kinesynth_train.losses import weighed
from kinesynth_train.muscle_tally import MuscleTally
from kinesynth_train.networks import dynamics_head, hsmr
from kinesynth_train.networks.biohuman_shape import Shape, Weights
from kinesynth_train.networks.contract import Network, Prediction
from kinesynth_train.networks.dynamics_head import Dynamics, DynamicsHead, dynamics_terms, learned_moments
from kinesynth_train.networks.gated_fusion import GatedFusion, PoseAlone, PoseEncoder
from kinesynth_train.networks.hsmr import Hsmr, Reading
from kinesynth_train.networks.mean_activation import MEAN_ACTIVATION, mean_activations, mean_estimate
from kinesynth_train.networks.muscle_losses import amplitude_terms, core_terms
from kinesynth_train.networks.pose_spaces import BodySpace, PoseSpace, SkeletonSpace, corrector, pose_terms
from kinesynth_train.networks.views import per_view
from kinesynth_train.presets import Augment, Phase, Preset
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton
from kinesynth_train.stretch import Estimate, Stretch
from kinesynth_train.windowing import faded, window_starts

PICTURES_AT_ONCE = 64  # that the frozen encoder sees at once
RESTING = 0.05  # activation that an untrained head gives


class BioHuman(Network):
    """Angles, scales, the pelvis' place and activations of every frame, from one view.

    Stages: `picture` trains the front-end, `core` and `final` all but its encoder. In training each view of a window is
    a window of its own.
    """

    labels: ClassVar[tuple[str, ...]] = (*KINEMATIC_LABELS, "activations", "quality/activation_valid")
    better: ClassVar[str] = "muscle_nrmse"
    mean_activation: Tensor
    learned: Tensor

    def __init__(self, shape: Shape, weights: Weights, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
        super().__init__(weights, stats, skeleton)
        self.shape = shape
        self.front = Hsmr(replace(shape.front, weights=shape.weights), weights.front_terms, stats, skeleton)
        space = SkeletonSpace if shape.pose == "skeleton" else BodySpace
        self.space: PoseSpace = space(self.front.pose, shape.adapter)
        more = dynamics_head.LABELS if shape.dynamics else ()
        self.labels = (*type(self).labels, *self.space.labels, *more)  # type: ignore[misc]
        numbers, muscles = self.space.numbers, len(skeleton.definition.muscle_names)
        self.encoder = PoseEncoder(3 * numbers, shape.width, shape.heads, shape.encoder_layers, shape.dropout)
        sizes = (shape.width, shape.heads, shape.hidden, shape.layers, shape.dropout)
        if shape.visual:
            self.seen = nn.Linear(shape.front.width + stats.factors + 3, shape.width)
            self.fusion = GatedFusion(*sizes)
        else:
            self.alone = PoseAlone(*sizes)
        self.correction = corrector(shape.width, shape.width, numbers)
        leave = nn.Linear(shape.width, muscles)
        nn.init.constant_(leave.bias, float(np.log(RESTING / (1.0 - RESTING))))
        self.muscles = nn.Sequential(nn.Linear(shape.width, shape.width), nn.GELU(), leave)
        if shape.dynamics:
            self.dynamics = DynamicsHead(shape.width, len(skeleton.definition.coordinate_names))
            self.register_buffer("learned", learned_moments(skeleton), persistent=False)
        self.register_buffer("mean_activation", torch.zeros(muscles))

    def start(self, labels: ShardDataset) -> None:
        """Read the encoder's file of weights, if there is one, and note each muscle's mean in the training split."""
        self.front.start(labels)
        self.mean_activation.copy_(torch.from_numpy(mean_activations(labels)))

    def from_noise(self) -> str:
        """Return what of the front does."""
        return self.front.from_noise()

    def forward(self, batch: Batch, stage: str) -> Prediction:
        """Return the prediction of a batch as `Windows` gives it, or with its pictures' tokens as estimates.

        In training of all views (N V, T, ...), else of the first.
        """
        self.front.vit.train(self.training and stage == "picture")
        if stage == "picture":
            return self.front(batch, stage)._replace(stage=stage)  # type: ignore[no-any-return]
        pictures = "estimates" if "estimates" in batch else "crops"
        views = batch[pictures].shape[1] if self.training else 1
        here = {name: batch[name] for name in (pictures, "rotations", "projections", "frame_valid")}
        seen = per_view(here, views)
        tokens = self.tokens(seen["crops"]) if pictures == "crops" else seen["estimates"]
        reading = self.read(tokens)
        pose, activations, dynamics = self.over_time(reading, ~seen["frame_valid"])
        cameras = seen["rotations"], seen["projections"]
        first = self.front.prediction_of(reading, *cameras)
        said = first if self.shape.pose == "smplx" else self.front.prediction_of(reading._replace(code=pose), *cameras)
        predicted = {"activations": activations, "dynamics": dynamics}
        return said._replace(code=pose, stage=stage, earlier=(first,), **predicted)  # type: ignore[arg-type]

    @torch.no_grad()
    def tokens(self, crops: Tensor) -> Tensor:
        """Return what the frozen encoder sees in crops (N, T, 4, S, S), flat (N, T, P C)."""
        some = torch.split(crops.flatten(0, 1), PICTURES_AT_ONCE)
        return torch.cat([self.front.look(few).flatten(1) for few in some]).reshape(*crops.shape[:2], -1)

    def read(self, tokens: Tensor) -> Reading:
        """Return what the front-end's head reads off tokens (N, T, P C), its code made canonical."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.shape.visual):
            reading = self.front.read(tokens.reshape(tokens.shape[0] * tokens.shape[1], -1, self.front.vit.width))
            reading = Reading(*(value.reshape(*tokens.shape[:2], -1) for value in reading))
            with torch.autocast(tokens.device.type, enabled=False):
                return reading._replace(code=self.front.pose.canonical(self.front.pose.matrices(reading.code)))

    def over_time(self, reading: Reading, padded: Tensor) -> tuple[Tensor, Tensor, Dynamics | None]:
        """Return corrected poses (N, T, E) and activations (N, T, A) of a reading, frames `padded` (N, T) apart.

        And forces and moments, where there is a head for them.
        """
        pose = self.space.initial(reading.code)
        change = with_first(pose.diff(dim=1))
        motion = torch.cat([pose, change, with_first(change.diff(dim=1))], dim=-1)
        features = self.encoder(motion, padded)
        if self.shape.visual:
            seen = self.seen(torch.cat([reading.features, reading.factors, reading.camera], dim=-1))
            state = self.fusion(features, seen, padded)
        else:
            state = self.alone(features, padded)
        dynamics = self.dynamics(state) if self.shape.dynamics else None
        return (pose + self.correction(state)).float(), torch.sigmoid(self.muscles(state).float()), dynamics

    def losses(self, prediction: Prediction, batch: Batch) -> dict[str, Tensor]:
        """Return the stage's terms."""
        if prediction.stage == "picture":
            return self.front.losses(prediction, batch)
        truth = per_view(batch, len(prediction.angles) // len(batch["angles"]))
        found, wanted, valid = prediction.activations, truth["activations"], truth["activation_valid"]
        assert found is not None  # as `forward` makes it, and the next
        assert prediction.code is not None
        terms = {**pose_terms(self.space, prediction.code, truth), **core_terms(found, wanted, valid)}
        if prediction.stage == "final":
            terms |= amplitude_terms(found, wanted, valid)
        if prediction.dynamics is not None:
            terms |= dynamics_terms(prediction.dynamics, truth, self.learned)
        if self.shape.visual:
            terms["front"] = self.front.losses(prediction.earlier[0], batch)["total"]
        return weighed(terms, asdict(self.weights))

    def trained_in(self, stage: str) -> list[nn.Parameter]:
        """Return the front-end's parameters, or all but its encoder's, of the two-stage ablation none of its."""
        if stage == "picture":
            return list(self.front.parameters())
        return [parameter for _, group in self.rates(stage) for parameter in group]

    def rates(self, stage: str) -> list[tuple[float, list[nn.Parameter]]]:
        """Return the front-end's head at its own rate, and the rest."""
        if stage == "picture":
            return [(1.0, self.trained_in(stage))]
        named = [(name, parameter) for name, parameter in self.named_parameters() if not name.startswith("front.vit.")]
        front = [parameter for name, parameter in named if name.startswith("front.")]
        rest = [parameter for name, parameter in named if not name.startswith("front.")]
        return [(self.shape.front_rate, front), (1.0, rest)] if self.shape.visual else [(1.0, rest)]

    def stores(self, stage: str) -> bool:
        """Return whether a stage learns from pictures that were encoded once."""
        return self.shape.stored and stage != "picture"

    def stored(self, batch: Batch) -> Tensor:
        """Return the tokens (V, T, P C) of a clip's pictures."""
        self.front.vit.eval()
        return self.tokens(batch["crops"][0])

    def estimate(self, stretch: Stretch, stage: str, window: int) -> Estimate:
        """Return what it predicts from the first view, in windows that overlap by a quarter and fade into one another.

        The stretch needs no labels.
        """
        if stage == "picture":
            return self.front.estimate(stretch, stage, window)
        self.front.vit.eval()
        reading = self.read(self.tokens(stretch.batch["crops"][:, 0]))
        overlap = window // 4
        frames = stretch.batch["crops"].shape[2]
        starts: list[int] = window_starts(frames, window, overlap).tolist()
        poses, activations, dynamics = [], [], []
        for start in starts:
            part = Reading(*(value[:, start : start + window] for value in reading))
            padded = part.code.new_zeros(part.code.shape[:2], dtype=torch.bool)
            pose, working, forces = self.over_time(part, padded)
            dynamics.append(forces)
            poses.append(self.space.canonical(pose)[0])
            activations.append(working[0])
        pose, working = (faded(parts, starts, frames, overlap) for parts in (poses, activations))
        cameras = stretch.batch["rotations"][:, 0], stretch.batch["projections"][:, 0]
        body = self.space.body(pose, cameras[0][0])
        said = self.front.prediction_of(reading if body is not None else reading._replace(code=pose[None]), *cameras)
        whole = None
        if self.shape.dynamics:
            parts = (faded([each[0] for each in few], starts, frames, overlap) for few in zip(*dynamics, strict=True))
            whole = dynamics_head.in_world(Dynamics(*parts), cameras[0][0])
        return Estimate(said.angles[0], said.scales[0], activations=working, body=body, dynamics=whole)

    def baselines(self) -> dict[str, Callable[[Stretch], Estimate]]:
        """Return each muscle's mean over the training split, with the mean pose."""
        return {MEAN_ACTIVATION: partial(mean_estimate, self.stats.mean, self.mean_activation)}

    def tally(self, device: str) -> MuscleTally:
        """Return what counts its metrics: those of activations too, and of the SMPL-X body where it predicts one."""
        if self.shape.dynamics:
            return DynamicsTally(self.skeleton, device)
        return (BodyTally if self.shape.pose == "smplx" else MuscleTally)(self.skeleton, device)


def with_first(changes: Tensor) -> Tensor:
    """Return changes (N, T - 1, E) as (N, T, E): none before the first frame."""
    return torch.cat([changes.new_zeros(len(changes), 1, changes.shape[2]), changes], dim=1)


def make(shape: Shape, weights: Weights, stats: CoordinateStats, skeleton: DatasetSkeleton) -> BioHuman:
    """Return the untrained network."""
    return BioHuman(shape, weights, stats, skeleton)


PUBLISHED = hsmr.PRESETS["hsmr"]
DECAY = 0.01


def _published(shape: Shape) -> Preset:
    def over_time(stage: str, first: float, last: float, epochs: int, warmup: int) -> Phase:
        # Batches of 64 windows of 32 frames: four in two views, eight times a step.
        return Phase(
            stage, 32, 4, first, last, epochs=epochs, warmup=warmup, optimizer="adamw", weight_decay=DECAY, accumulate=8
        )

    phases = (*PUBLISHED.phases, over_time("core", 2e-4, 2e-5, 20, 1000), over_time("final", 2e-5, 2e-6, 5, 0))
    return Preset(shape, Weights(), phases, crop=256, aspect=0.75, augment=Augment(recolour=True), precision="bf16")


TINY = Shape(
    front=hsmr.TINY, width=64, adapter=64, layers=2, heads=4, hidden=256, dropout=0.0, stored=True, front_rate=0.3
)


def _tiny(shape: Shape) -> Preset:
    def phase(stage: str, batch: int, first: float, last: float, steps: int) -> Phase:
        return Phase(stage, 16, batch, first, last, steps=steps, optimizer="adamw", weight_decay=DECAY, clip_norm=1.0)

    phases = (phase("picture", 2, 1e-3, 1e-5, 24), phase("core", 4, 1e-3, 3e-4, 24), phase("final", 4, 3e-4, 1e-5, 12))
    return Preset(shape, Weights(), phases, crop=64, aspect=0.75)


PRESETS = {
    "biohuman": _published(Shape()),
    "biohuman_smplx": _published(Shape(pose="smplx")),
    "biohuman_two_stage": _published(Shape(visual=False)),
    "biohuman_dynamics": _published(Shape(dynamics=True)),
    "biohuman_tiny": _tiny(TINY),
    "biohuman_smplx_tiny": _tiny(replace(TINY, pose="smplx")),
    "biohuman_two_stage_tiny": _tiny(replace(TINY, visual=False)),
    "biohuman_dynamics_tiny": _tiny(replace(TINY, dynamics=True)),
}  # fmt: skip
