"""The settings of a training run."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from kinesynth.errors import BadInput
from kinesynth_train.networks import preset_named
from kinesynth_train.overrides import overridden
from kinesynth_train.presets import PICTURE_STAGE, Preset


@dataclass(frozen=True)
class Settings:
    """The settings of a training run; a number that is 0 takes the preset's.

    Attributes:
        shards: results folder, its shards folder, or one shard.
        output: folder of checkpoint.pt, metrics.json and the logs.
        network: a preset's name.
        steps: of all phases together.
        batch_size: windows per micro-batch and process.
        window: frames, in phases that see more than one.
        accumulate: micro-batches per step.
        precision: of the forward pass.
        weights: file that the network's part for pictures starts from, see its `Shape`.
        front: checkpoint of a network of single pictures, trained on the same shards, that a network of several stages
            begins with instead of training its own.
        body: file of the shards' body that `kinesynth training-body` wrote, for networks that predict a mesh.
        shape: changes of the network's sizes, as NAME=VALUE.
        losses: changes of the weights of its losses, likewise.
        people: learn from so many people of the training split; 0 from all.
        sources: how often an epoch sees the windows of a source of motion, as NAME=TIMES: 0.05 a fresh twentieth.
        seed: of weights, windows, their order, and all that is sampled.
        overfit: train on the first so many windows, as they are, and measure on them: does the network learn at all?
        device: auto, cpu or cuda.
        workers: processes that read and decode, per process that trains.
        checkpoint_every: steps between checkpoints; 0 writes one at the end.
        resume: go on from the checkpoint in `output`, if there is one.
        tensorboard: also write the curves for TensorBoard.
    """

    shards: Path
    output: Path
    network: str = "odah_tiny"
    steps: int = 0
    batch_size: int = 0
    window: int = 0
    accumulate: int = 0
    precision: Literal["", "fp32", "bf16", "fp16"] = ""
    weights: str = ""
    front: str = ""
    body: str = ""
    shape: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    people: int = 0
    sources: tuple[str, ...] = ()
    seed: int = 1
    overfit: int = 0
    device: Literal["auto", "cpu", "cuda"] = "auto"
    workers: int = 0
    checkpoint_every: int = 0
    resume: bool = False
    tensorboard: bool = False

    def preset(self, frames: int) -> Preset:
        """Return the preset with what is asked for instead of its own, for a training split of so many frames.

        Raises:
            BadInput: weights, a body or a front are given to a network that takes none, or a size that it has not.
        """
        preset = preset_named(self.network)
        for name, why in {"weights": "starts from no file", "body": "predicts no mesh"}.items():
            if given := getattr(self, name):
                if not hasattr(preset.shape, name):
                    raise BadInput(self.network, name, given, "none", f"leave --{name} out: this network {why}")
                preset = replace(preset, shape=replace(preset.shape, **{name: given}))
        if self.front:
            preset = self._without_front(preset)
        shape = overridden(self.network, preset.shape, self.shape)
        weights = overridden(self.network, preset.weights, self.losses, "--loss")
        preset = replace(preset, shape=shape, weights=weights)
        phases = {name: value for name in ("batch_size", "accumulate") if (value := getattr(self, name))}
        preset = preset.with_phases(**phases)
        if self.window:
            preset = preset.with_window(self.window)
        if self.precision:
            preset = replace(preset, precision=self.precision)
        preset = preset.with_frames(frames)
        return preset.with_steps(self.steps) if self.steps else preset

    def _without_front(self, preset: Preset) -> Preset:
        """Return the preset without the phases that train the front."""
        if not hasattr(preset.shape, "front"):
            why = "leave --front out: this network has none"
            raise BadInput(self.network, "front", self.front, "none", why)
        if self.weights:
            raise BadInput(self.network, "weights", self.weights, "none beside --front", "give one of the two")
        return preset.without_stage(PICTURE_STAGE)
