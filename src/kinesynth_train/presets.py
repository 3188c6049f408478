"""What a run is, as frozen dataclasses; the networks' modules hold the presets themselves."""

import dataclasses
import math
import typing
from dataclasses import dataclass
from typing import Any, Literal

Precision = Literal["fp32", "bf16", "fp16"]
PICTURE_STAGE = "picture"  # in which networks that begin with one of single pictures train that


@dataclass(frozen=True)
class Phase:
    """A part of the training.

    Attributes:
        stage: what of the network is trained, a name of the network's own.
        window: T, frames per window.
        batch_size: windows per micro-batch and process.
        learning_rate: at the start.
        last_learning_rate: at the end.
        steps: of the optimizer; 0 where `epochs` says it.
        epochs: passes over as many frames as the training split has, instead of steps.
        schedule: how the rate goes from the first to the last: it stays at the first, by an equal factor from epoch to
            epoch (from step to step where steps are given), or along half a cosine.
        warmup: steps in which the rate rises to the first from nothing; at most half of the phase.
        optimizer: Adam, whose weight decay is part of the gradient, or AdamW.
        betas: of the optimizer.
        weight_decay: of the optimizer.
        clip_norm: largest norm of the gradient; 0 does not clip.
        accumulate: micro-batches per step.
    """

    stage: str
    window: int
    batch_size: int
    learning_rate: float
    last_learning_rate: float
    steps: int = 0
    epochs: int = 0
    schedule: Literal["constant", "exponential", "cosine"] = "cosine"
    warmup: int = 0
    optimizer: Literal["adam", "adamw"] = "adam"
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.0
    clip_norm: float = 0.0
    accumulate: int = 1

    def epoch_steps(self, frames: int) -> int:
        """Return the steps that see as many frames as the training split has."""
        return math.ceil(frames / (self.window * self.batch_size * self.accumulate))

    def rate(self, step: int) -> float:
        """Return the learning rate at a step of the phase."""
        first, last, fraction = self.learning_rate, self.last_learning_rate, step / self.steps
        warmup = min(self.warmup, self.steps // 2)  # a short phase would never come to its rate
        if step < warmup:
            return first * (step + 1) / warmup
        if self.schedule == "constant":
            return first
        if self.schedule == "cosine":
            return last + (first - last) * (1.0 + math.cos(math.pi * fraction)) / 2.0
        if self.epochs > 1:
            fraction = math.floor(fraction * self.epochs) / (self.epochs - 1)
        return float(first * (last / first) ** fraction)


@dataclass(frozen=True)
class Augment:
    """How training pictures are changed, each window and view anew.

    Attributes:
        shift: largest move of a crop's centre, over its side.
        stretch: largest change of its side, over it.
        rotation_deg: largest turn of a crop in its plane.
        flip: fraction of the windows that are mirrored, left and right exchanged.
        recolour: whether colours and focus are changed.
        rotated: fraction of the windows' views that are turned.
    """

    shift: float = 0.0
    stretch: float = 0.0
    rotation_deg: float = 0.0
    flip: float = 0.0
    recolour: bool = False
    rotated: float = 1.0


@dataclass(frozen=True)
class Preset:
    """A network and how it is trained.

    Attributes:
        shape: the network's sizes, a dataclass of its module.
        weights: of its losses, a dataclass of its module.
        phases: in turn.
        crop: side of the square pictures, pixels; 0 for networks that look at none.
        aspect: width over height of the crop's middle part that holds the person; 1 where the whole is looked at.
        augment: of the training pictures.
        precision: of the forward pass; positions and losses are always fp32.
    """

    shape: Any
    weights: Any
    phases: tuple[Phase, ...]
    crop: int = 0
    aspect: float = 1.0
    augment: Augment = Augment()
    precision: Precision = "fp32"

    @property
    def steps(self) -> int:
        """Of all phases."""
        return sum(phase.steps for phase in self.phases)

    @property
    def window(self) -> int:
        """Frames per window of the last phase, with which the network is used."""
        return self.phases[-1].window

    def with_frames(self, frames: int) -> "Preset":
        """Return the preset with the steps that a training split of so many frames makes of epochs."""
        return self._with(
            dataclasses.replace(phase, steps=phase.epochs * phase.epoch_steps(frames)) if phase.epochs else phase
            for phase in self.phases
        )

    def with_steps(self, steps: int) -> "Preset":
        """Return the preset with so many steps in all, shared by the phases as before."""
        ends = [round(steps * sum(p.steps for p in self.phases[: n + 1]) / self.steps) for n in range(len(self.phases))]
        starts = [0, *ends[:-1]]
        return self._with(
            dataclasses.replace(phase, steps=end - start)
            for phase, start, end in zip(self.phases, starts, ends, strict=True)
        )

    def without_stage(self, stage: str) -> "Preset":
        """Return the preset without the phases of a stage."""
        return self._with(phase for phase in self.phases if phase.stage != stage)

    def with_window(self, frames: int) -> "Preset":
        """Return the preset with windows of so many frames; phases that see single frames keep them."""
        return self._with(p if p.window == 1 else dataclasses.replace(p, window=frames) for p in self.phases)

    def with_phases(self, **changes: Any) -> "Preset":
        """Return the preset with fields of all phases changed."""
        return self._with(dataclasses.replace(phase, **changes) for phase in self.phases)

    def _with(self, phases: typing.Iterable[Phase]) -> "Preset":
        return dataclasses.replace(self, phases=tuple(phases))


def preset_from_dict(values: dict[str, Any], shape: type, weights: type) -> Preset:
    """Return the preset that `dataclasses.asdict` took apart, of a module's `Shape` and `Weights`.

    What an earlier release did not know has its default.
    """
    return Preset(
        shape=_built(shape, values["shape"]),
        weights=_built(weights, values["weights"]),
        phases=tuple(_built(Phase, phase) for phase in values["phases"]),
        augment=_built(Augment, values["augment"]),
        **{name: values[name] for name in ("crop", "aspect", "precision") if name in values},
    )


def _built(kind: type, values: dict[str, Any]) -> Any:
    """Return a dataclass of plain values: lists are its tuples, dictionaries its dataclasses."""
    hints = typing.get_type_hints(kind)
    return kind(**{
        name: tuple(value) if isinstance(value, list) else _built(hints[name], value) if isinstance(value, dict)
        else value for name, value in values.items()
    })  # fmt: skip
