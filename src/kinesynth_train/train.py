"""Training, from top to bottom."""

import json
import math
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from kinesynth.dataset import ShardDataset
from kinesynth.errors import BadInput
from kinesynth_train.checkpoint import Model, load_checkpoint, save_bytes, save_checkpoint
from kinesynth_train.data import Batch, MicroBatches, Windows, endless, to_device
from kinesynth_train.distributed import Ranks, join_ranks, shared
from kinesynth_train.evaluate import held_out, measure_beside_mean
from kinesynth_train.losses import losses
from kinesynth_train.presets import PRESETS, Phase, Preset
from kinesynth_train.progress import Progress
from kinesynth_train.skeleton import Anatomy, all_angles, dataset_skeleton
from kinesynth_train.virtual_markers import VirtualMarkers

BETAS = (0.5, 0.999)  # Adam's, as in ODAH
CLIP_NORM = 1.0  # of the gradient: the position term is steep while the pelvis is still far off


@dataclass(frozen=True)
class Settings:
    """What a training run is told; where a number is 0, the preset's stands.

    Attributes:
        shards: results folder, its shards folder, or one shard.
        output: folder of checkpoint.pt, metrics.json and the logs.
        network: a preset's name.
        steps: of all phases together.
        batch_size: windows per micro-batch and process.
        window: frames, in phases that see more than one.
        accumulate: micro-batches per step.
        precision: of the forward pass.
        seed: of weights, windows, their order, and all that is drawn.
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
    seed: int = 1
    overfit: int = 0
    device: Literal["auto", "cpu", "cuda"] = "auto"
    workers: int = 0
    checkpoint_every: int = 0
    resume: bool = False
    tensorboard: bool = False

    def preset(self) -> Preset:
        """Return the preset with what is asked for instead of its own."""
        preset = PRESETS[self.network]
        phases = {name: value for name in ("batch_size", "accumulate") if (value := getattr(self, name))}
        preset = preset.with_phases(**phases)
        if self.window:
            preset = preset.with_window(self.window)
        if self.precision:
            preset = preset.with_precision(self.precision)
        return preset.with_steps(self.steps) if self.steps else preset


def fit(settings: Settings) -> dict[str, Any]:
    """Train a network, evaluate it on the test split, and write checkpoint.pt and metrics.json to the output folder.

    On a CPU the result is decided by the seed, whether the run was interrupted and taken up again or not.

    Raises:
        BadInput: the shards are missing, unreadable, or hold no clip of the training split; or the checkpoint to go on
            from is of another run.
    """
    with join_ranks(settings.device) as ranks:
        run = begin(settings, ranks)
        first = 0
        for phase in run.model.preset.phases:
            train_phase(run, phase, first)
            first += phase.steps
        run.save()
        if not ranks.first:
            return {}
        metrics = {
            **run.summary(),
            **measure_beside_mean(run.model, test_windows(settings, run.model.preset), ranks.device),
        }
        save_bytes(settings.output / "metrics.json", (json.dumps(metrics, indent=1) + "\n").encode())
        return metrics


@dataclass
class Run:
    """A training under way."""

    settings: Settings
    ranks: Ranks
    model: Model
    optimizer: torch.optim.Adam
    scaler: torch.amp.GradScaler
    draw: VirtualMarkers | None
    progress: Progress

    def save(self) -> None:
        """Write the checkpoint, if this is the process that does."""
        if self.ranks.first:
            states = {"optimizer": self.optimizer.state_dict(), "scaler": self.scaler.state_dict()}
            told = {**self.progress.state(), **states, "told": self.told()}
            save_checkpoint(self.settings.output / "checkpoint.pt", self.model, told)

    def told(self) -> dict[str, str | int]:
        """Return what two runs must share for one to go on where the other stopped."""
        names = ("network", "seed", "overfit")
        return {name: getattr(self.settings, name) for name in names}

    def summary(self) -> dict[str, Any]:
        """Return what the metrics say about the training."""
        parameters = sum(parameter.numel() for parameter in self.model.network.parameters())
        told = {name: str(v) if isinstance(v, Path) else v for name, v in asdict(self.settings).items()}
        return {"network": self.model.name, "settings": told, "device": self.ranks.device, "parameters": parameters,
                **self.progress.summary()}  # fmt: skip


def begin(settings: Settings, ranks: Ranks) -> Run:
    """Return the run at its first step, or, where it is to go on, at the step after its checkpoint."""
    torch.manual_seed(settings.seed)
    file = settings.output / "checkpoint.pt"
    labels = ShardDataset(settings.shards, "train", 1, ())
    if settings.resume and file.exists():
        model, state = load_checkpoint(file)
    else:
        skeleton = dataset_skeleton(labels)
        anatomy = Anatomy.of(skeleton.definition, all_angles(labels))
        model, state = Model.new(settings.network, settings.preset(), anatomy, skeleton), {}
    model = model.to(ranks.device)
    model.network.train()
    optimizer = torch.optim.Adam(model.network.parameters(), betas=BETAS)
    scaler = torch.amp.GradScaler(enabled=model.preset.precision == "fp16")
    draws = model.preset.draw if not settings.overfit else None
    draw = VirtualMarkers(draws, model.anatomy, model.skeleton).to(ranks.device) if draws else None
    progress = Progress(settings.output, model.preset.steps, ranks.first, tensorboard=settings.tensorboard)
    run = Run(settings, ranks, model, optimizer, scaler, draw, progress)
    if state:
        if state["told"] != run.told() or model.preset != settings.preset():
            found, mend = f"a run of {state['told']}", "give the settings of that run, or another output folder"
            raise BadInput(file, "settings", found, f"{run.told()} and its preset", mend)
        optimizer.load_state_dict(state["optimizer"])
        scaler.load_state_dict(state["scaler"])
        progress.load_state(state)
    return run


def train_phase(run: Run, phase: Phase, first: int) -> None:
    """Do the steps of a phase that begins after `first` steps, those that are not done yet."""
    settings, ranks, progress = run.settings, run.ranks, run.progress
    if progress.step >= first + phase.steps:
        return
    windows = training_windows(settings, run.model.preset, phase)
    progress.train_windows = len(windows)
    done = (progress.step - first) * phase.accumulate * ranks.count
    order = MicroBatches(len(windows), phase.batch_size, settings.seed + first, done + ranks.rank, ranks.count)
    batches = endless(windows, order, settings.workers, pin=ranks.device.startswith("cuda"))
    trained = set(run.model.network.trained_in(phase.stage))
    for parameter in run.model.network.parameters():
        parameter.requires_grad_(parameter in trained)
        parameter.grad = None
    network = shared(run.model.network, ranks)
    progress.begin(phase.batch_size * phase.accumulate * ranks.count)
    while progress.step < first + phase.steps:
        rate = learning_rate(phase, progress.step - first)
        terms = train_step(run, phase, network, batches, rate)
        progress.add(terms, rate, phase.stage)
        if settings.checkpoint_every and progress.step % settings.checkpoint_every == 0:
            run.save()


def train_step(run: Run, phase: Phase, network: nn.Module, batches: Iterator[Batch], rate: float) -> dict[str, Tensor]:
    """Do a step; return the means of the losses over its micro-batches."""
    ranks, model, progress = run.ranks, run.model, run.progress
    terms: list[dict[str, Tensor]] = []
    for micro in range(phase.accumulate):
        with progress.waiting():
            batch = to_device(next(batches), ranks.device)
        # Whatever the step draws follows from its number, so that nothing need be kept to go on exactly.
        number = (progress.step * phase.accumulate + micro) * ranks.count + ranks.rank
        torch.manual_seed(int(np.random.SeedSequence([run.settings.seed, number]).generate_state(1)[0]))
        if run.draw:
            with torch.no_grad():
                batch = run.draw(batch)
        last = micro == phase.accumulate - 1
        with nullcontext() if last or ranks.count == 1 else network.no_sync():  # type: ignore[operator]
            terms.append(backward(run, phase, network, batch))
    run.scaler.unscale_(run.optimizer)
    torch.nn.utils.clip_grad_norm_(model.network.parameters(), CLIP_NORM)
    run.optimizer.param_groups[0]["lr"] = rate
    run.scaler.step(run.optimizer)
    run.scaler.update()
    run.optimizer.zero_grad()
    return {name: torch.stack([term[name] for term in terms]).mean() for name in terms[0]}


def backward(run: Run, phase: Phase, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
    """Add a micro-batch's gradients; return its losses."""
    model = run.model
    kind = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[model.preset.precision]
    with torch.autocast(run.ranks.device.split(":")[0], kind, enabled=kind != torch.float32):
        prediction = network(batch, phase.stage)
    terms = losses(prediction, batch, model.skeleton, model.anatomy, model.preset.weights)
    torch.autograd.backward(run.scaler.scale(terms["total"] / phase.accumulate))
    return {name: value.detach() for name, value in terms.items()}


def learning_rate(phase: Phase, step: int) -> float:
    """Return Adam's rate at a step of a phase: half a cosine from the first to the last."""
    share = (1.0 + math.cos(math.pi * step / phase.steps)) / 2.0
    return phase.last_learning_rate + share * (phase.learning_rate - phase.last_learning_rate)


def training_windows(settings: Settings, preset: Preset, phase: Phase) -> Windows:
    """Return the windows that a phase learns from."""
    if settings.overfit:
        return overfit_windows(settings, preset, phase.window)
    crop = preset.crop
    return Windows(settings.shards, "train", phase.window, crop, seed=settings.seed, jitter=preset.jitter)


def overfit_windows(settings: Settings, preset: Preset, window: int) -> Windows:
    """Return the first few windows of the training split, which overlap by half."""
    stride = max(window // 2, 1)
    return Windows(settings.shards, "train", window, preset.crop, stride=stride, only=settings.overfit)


def test_windows(settings: Settings, preset: Preset) -> tuple[str, Windows]:
    """Return what the network is measured on, and that split's name."""
    if settings.overfit:
        return "train", overfit_windows(settings, preset, preset.window)
    return held_out(settings.shards, preset.crop)
