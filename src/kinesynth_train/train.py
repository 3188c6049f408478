"""Training, from top to bottom."""

import math
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from kinesynth.dataset import ShardDataset
from kinesynth.errors import BadInput
from kinesynth.file_names import takes_file_names
from kinesynth_train.checkpoint import Model, load_checkpoint, save_checkpoint, source_of
from kinesynth_train.data import Batch, MicroBatches, Windows, cycle, to_device
from kinesynth_train.distributed import Ranks, data_parallel, join_ranks
from kinesynth_train.evaluate import measure_beside_mean, measure_network, stretches
from kinesynth_train.front import take_front
from kinesynth_train.metrics_file import write_metrics
from kinesynth_train.networks import network_module
from kinesynth_train.presets import Phase
from kinesynth_train.progress import Progress
from kinesynth_train.settings import Settings
from kinesynth_train.skeleton import CoordinateStats, all_angles, all_scales, dataset_skeleton
from kinesynth_train.training_clips import epoch_frames, groups_of, kept, source_times
from kinesynth_train.training_data import test_windows, training_windows

MAX_VALIDATIONS = 20  # of a phase, however short its epochs are


@takes_file_names
def fit(settings: Settings) -> dict[str, Any]:
    """Train a network, evaluate it on the test split, and write checkpoint.pt and metrics.json to the output folder.

    In the last phase the network is measured on the validation split once an epoch, and the parameters of the best time
    are those that the checkpoint is used with. On a CPU the result is decided by the seed, whether the run was
    interrupted and taken up again or not.

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
        if run.best.parameters:
            run.model.network.load_state_dict(run.best.parameters)
        test = test_windows(settings, run.model)
        metrics = {**run.summary(), **measure_beside_mean(run.model, test, ranks.device)}
        write_metrics(settings.output / "metrics.json", metrics)
        return metrics


@dataclass
class Best:
    """The best of the parameters so far, as validation found.

    Attributes:
        value: of the validation split, lower is better.
        step: after which they were.
        parameters: the network's, on the CPU; none before the first validation.
        curve: the value by step.
    """

    value: float = math.inf
    step: int = 0
    parameters: dict[str, Tensor] | None = None
    curve: list[dict[str, float]] = field(default_factory=list)


@dataclass
class Run:
    """A training under way; each process sees so many `frames` in an epoch, and each source so many times."""

    settings: Settings
    ranks: Ranks
    model: Model
    frames: int
    times: dict[str, float]
    scaler: torch.amp.GradScaler
    progress: Progress
    validation: Windows | None
    best: Best
    optimizer: torch.optim.Optimizer | None = None
    optimizer_state: dict[str, Any] | None = None

    def save(self) -> None:
        """Write the checkpoint, if this is the process that does."""
        if self.ranks.first:
            states = {"optimizer": self.optimizer and self.optimizer.state_dict(), "scaler": self.scaler.state_dict()}
            validated = {"figure": self.best.value, "step": self.best.step, "curve": self.best.curve}
            told = {**self.progress.state(), **states, "validated": validated, "told": self.run_identity()}
            save_checkpoint(self.settings.output / "checkpoint.pt", self.model, told, self.best.parameters)

    def run_identity(self) -> dict[str, str | int]:
        """Return what two runs must share for one to go on where the other stopped."""
        names = ("network", "seed", "overfit", "people")
        return {**{name: getattr(self.settings, name) for name in names}, "sources": " ".join(self.settings.sources)}

    def validate(self) -> None:
        """Measure the network on the validation split; keep its parameters if they are the best."""
        if self.validation is None or not self.ranks.first:
            return
        network = self.model.network
        value = measure_network(self.model, self.validation, self.ranks.device)["network"][network.better]
        self.best.curve.append({"step": self.progress.step, network.better: value})
        if value < self.best.value:
            self.best.value, self.best.step = value, self.progress.step
            self.best.parameters = {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}

    def summary(self) -> dict[str, Any]:
        """Return what the metrics say about the training."""
        parameters = sum(parameter.numel() for parameter in self.model.network.parameters())
        told = {name: str(v) if isinstance(v, Path) else v for name, v in asdict(self.settings).items()}
        told |= {name: list(told[name]) for name in ("shape", "losses", "sources")}  # as JSON has it
        return {"network": self.model.name, "settings": told, "device": self.ranks.device, "parameters": parameters,
                **self.progress.summary(), "validation": self.best.curve,
                "best_step": self.best.step or self.progress.step}  # fmt: skip


def begin(settings: Settings, ranks: Ranks) -> Run:
    """Return the run at its first step, or, where it is to go on, at the step after its checkpoint."""
    torch.manual_seed(settings.seed)
    file = settings.output / "checkpoint.pt"
    labels = ShardDataset(settings.shards, "train", 1, (), keep=kept(settings.shards, settings.people))
    times = source_times(settings.shards, settings.sources, labels.clips)
    frames = math.ceil(epoch_frames(labels.clips, times) / ranks.count)  # that each process sees in an epoch
    preset = settings.preset(frames)
    if settings.resume and file.exists():
        model, state = load_checkpoint(file, best=False)
    else:
        skeleton = dataset_skeleton(labels)
        stats = CoordinateStats.of(skeleton.definition, all_angles(labels), all_scales(labels))
        model, state = Model.new(settings.network, preset, stats, skeleton, source_of(labels, preset)), {}
        model.network.start(labels)
        if settings.front:
            take_front(model, Path(settings.front))
        elif ranks.first and (note := model.network.from_noise()):
            sys.stderr.write(f"note: {note}\n")
    check_phases(model)
    model = model.to(ranks.device)
    model.network.train()
    scaler = torch.amp.GradScaler(enabled=model.preset.precision == "fp16")
    progress = Progress(settings.output, model.preset.steps, ranks.first, tensorboard=settings.tensorboard)
    validation = None
    if not settings.overfit:
        validation = stretches(settings.shards, "val", preset.crop, model.network.labels, preset.aspect)
    run = Run(settings, ranks, model, frames, times, scaler, progress, validation, Best())
    if state:
        told = {"people": 0, "sources": "", **state["told"]}  # which an earlier release did not know
        if told != run.run_identity() or model.preset != preset:
            found, fix = f"a run of {state['told']}", "give the settings of that run, or another output folder"
            raise BadInput(file, "settings", found, f"{run.run_identity()} and its preset", fix)
        scaler.load_state_dict(state["scaler"])
        progress.load_state(state)
        run.optimizer_state = state["optimizer"]
        validated = state["validated"]
        run.best = Best(validated["figure"], validated["step"], state["best"], validated["curve"])
    return run


def check_phases(model: Model) -> None:
    """Raise BadInput if the network has not what a phase's stage trains, or cannot take the phase's window."""
    for phase in model.preset.phases:
        if not model.network.has_stage(phase.stage):
            presets = network_module(model.name).PRESETS.items()
            fitting = [name for name, each in presets if all(model.network.has_stage(p.stage) for p in each.phases)]
            found, expected = f"sizes without what the stage {phase.stage} trains", f"those of {model.name}"
            fix = f"give instead --network {' or '.join(fitting)}"
            raise BadInput(model.name, "--shape", found, expected, fix)
        expected, fits = model.network.fitting_windows(phase.stage)
        if not fits(phase.window):
            raise BadInput(model.name, "window", f"{phase.window} frames", expected, "give another --window, or 0")


def train_phase(run: Run, phase: Phase, first: int) -> None:
    """Do the steps of a phase that begins after `first` steps, those that are not done yet."""
    settings, progress, network = run.settings, run.progress, run.model.network
    if progress.step >= first + phase.steps:
        return
    parallel, batches = begin_phase(run, phase, first)
    last = phase is run.model.preset.phases[-1]
    pause = max(phase.epoch_steps(run.frames), math.ceil(phase.steps / MAX_VALIDATIONS))
    while progress.step < first + phase.steps:
        network.advance((progress.step - first) / phase.steps)
        rate = phase.rate(progress.step - first)
        terms = train_step(run, phase, parallel, batches, rate)
        progress.add(terms, rate, phase.stage)
        here = progress.step - first
        if last and (here % pause == 0 or here == phase.steps):
            with progress.aside():
                run.validate()
        if settings.checkpoint_every and progress.step % settings.checkpoint_every == 0:
            run.save()


def begin_phase(run: Run, phase: Phase, first: int) -> tuple[nn.Module, Iterator[Batch]]:
    """Return the network, with the phase's parameters to be trained, and the batches that its steps will see."""
    settings, ranks, progress, network = run.settings, run.ranks, run.progress, run.model.network
    wanted = set(network.trained_in(phase.stage))
    for parameter in network.parameters():
        parameter.requires_grad_(parameter in wanted)
        parameter.grad = None
    run.optimizer = make_optimizer(phase, network.rates(phase.stage))
    if run.optimizer_state and progress.step > first:
        run.optimizer.load_state_dict(run.optimizer_state)
    windows = training_windows(settings, run.model, phase, ranks.device)
    progress.train_windows = len(windows)
    done = (progress.step - first) * phase.accumulate * ranks.count
    own = groups_of(windows.sources, run.times) if run.times else None
    order = MicroBatches(len(windows), phase.batch_size, settings.seed + first, done + ranks.rank, ranks.count, own)
    batches = cycle(windows, order, settings.workers, pin=ranks.device.startswith("cuda"))
    progress.begin(phase.batch_size * phase.accumulate * ranks.count)
    return data_parallel(network, ranks), batches


def make_optimizer(phase: Phase, rates: list[tuple[float, list[nn.Parameter]]]) -> torch.optim.Optimizer:
    """Return the optimizer of a phase, of groups of parameters with factors on its learning rate."""
    kind = torch.optim.AdamW if phase.optimizer == "adamw" else torch.optim.Adam
    groups = [{"params": parameters, "factor": factor} for factor, parameters in rates]
    return kind(groups, betas=phase.betas, weight_decay=phase.weight_decay)


def train_step(run: Run, phase: Phase, network: nn.Module, batches: Iterator[Batch], rate: float) -> dict[str, Tensor]:
    """Do a step; return the means of the losses over its micro-batches."""
    ranks, model, progress = run.ranks, run.model, run.progress
    assert run.optimizer is not None  # made when the phase began
    terms: list[dict[str, Tensor]] = []
    for micro in range(phase.accumulate):
        with progress.waiting():
            batch = to_device(next(batches), ranks.device)
        # Whatever the step draws follows from its number, so that nothing need be kept to go on exactly.
        number = (progress.step * phase.accumulate + micro) * ranks.count + ranks.rank
        torch.manual_seed(int(np.random.SeedSequence([run.settings.seed, number]).generate_state(1)[0]))
        if not run.settings.overfit:
            with torch.no_grad():
                batch = model.network.augmented(batch)
        last = micro == phase.accumulate - 1
        with nullcontext() if last or ranks.count == 1 else network.no_sync():  # type: ignore[operator]
            terms.append(backward(run, phase, network, batch))
    run.scaler.unscale_(run.optimizer)
    if phase.clip_norm:
        torch.nn.utils.clip_grad_norm_(model.network.parameters(), phase.clip_norm)
    for group in run.optimizer.param_groups:
        group["lr"] = rate * group.get("factor", 1.0)  # an earlier release's optimizer has none
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
    terms = model.network.losses(prediction, batch)
    torch.autograd.backward(run.scaler.scale(terms["total"] / phase.accumulate))
    return {name: value.detach() for name, value in terms.items()}
