"""What a GPU makes of the trainer: frames per second of SkeletonLayer, and the published networks for some minutes.

    python -m benchmarks.gpu OUTPUT SHARDS [--stages odah/frame hsmr/picture] [--seconds 60] [--workers 14]

SHARDS is a results folder whose clips have pictures. Each stage, NETWORK/STAGE, is trained by the trainer's own steps,
reading and decoding included, from untrained parameters, for so many seconds after the first steps. Writes
OUTPUT/gpu.json: windows per second, the fraction of time that the training waits for data, how busy the GPU is, memory
and loss. Needs torch, torchvision, numpy, scipy, h5py and av. `--small` cuts the layer's sizes, for a CPU.
"""

# ruff: noqa: T201 (a command that prints)
import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from kinesynth.dataset import ShardDataset
from kinesynth.skeleton import SkeletonDefinition, SkeletonLayer
from kinesynth_train.distributed import join_ranks
from kinesynth_train.presets import Phase
from kinesynth_train.settings import Settings
from kinesynth_train.skeleton import dataset_skeleton
from kinesynth_train.train import Run, begin, begin_phase, train_step

GOAL_FRAMES = 1_000_000.0
LAYER_FRAMES = (1 << 12, 1 << 15, 1 << 18, 1 << 20)  # at once
FIRST_STEPS = 5  # which load kernels and start workers
ASKED_EVERY = 0.5  # seconds between two questions of how busy the GPU is


def measure_layer(definition: SkeletonDefinition, sizes: Sequence[int], device: str) -> dict[str, Any]:
    """Return SkeletonLayer's frames per second by frames at once: poses of people of their own sizes, float32."""
    layer = SkeletonLayer(definition).float().to(device)
    low, high = torch.tensor(definition.coordinate_ranges, dtype=torch.float32, device=device).clamp(-3.0, 3.0).T
    rates = {}
    for frames in sizes:
        angles = low + (high - low) * torch.rand(frames // 64, 64, len(low), device=device)
        scales = 0.9 + 0.2 * torch.rand(frames // 64, len(definition.body_names), 3, device=device)
        with torch.no_grad():
            layer(angles, scales)
            times = [timed(lambda: layer(angles, scales), device) for _ in range(5)]  # noqa: B023 (called here)
        rates[str(frames)] = frames / min(times)
    return {"frames_per_second": rates, "best": max(rates.values()), "goal": GOAL_FRAMES}


def timed(action: Callable[[], object], device: str) -> float:
    """Return how many seconds something takes on the device."""
    _wait(device)
    began = time.perf_counter()
    action()
    _wait(device)
    return time.perf_counter() - began


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def measure_stage(settings: Settings, stage: str, seconds: float) -> dict[str, Any]:
    """Train a network's stage for so long; return speed, waiting, memory and loss."""
    if cuda := torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    with join_ranks(settings.device) as ranks:
        run = begin(settings, ranks)
        phase = next(phase for phase in run.model.preset.phases if phase.stage == stage)
        losses, busy, took = _train(run, phase, seconds)
    tenth = max(len(losses) // 10, 1)
    curve = torch.stack(losses).float().cpu()
    windows = phase.batch_size * phase.accumulate * len(losses)
    return {
        "network": settings.network, "stage": stage, "window_frames": phase.window, "batch_size": phase.batch_size,
        "accumulate": phase.accumulate, "precision": run.model.preset.precision, "workers": settings.workers,
        "parameters": run.summary()["parameters"], "steps": len(losses), "seconds": took,
        "windows_per_second": windows / took, "frames_per_second": windows * phase.window / took,
        "data_wait_share": run.progress.waited / took,
        "gpu_busy_percent": sum(busy) / len(busy) if busy else None,
        "memory_gib": torch.cuda.max_memory_allocated() / 2**30 if cuda else None,
        "first_loss": float(curve[:tenth].mean()), "last_loss": float(curve[-tenth:].mean()),
    }  # fmt: skip


def _train(run: Run, phase: Phase, seconds: float) -> tuple[list[torch.Tensor], list[int], float]:
    """Return the losses of the steps that were timed, what the GPU said of how busy it is, and the seconds."""
    parallel, batches = begin_phase(run, phase, 0)
    losses: list[torch.Tensor] = []
    busy: list[int] = []
    began = asked = time.perf_counter()
    for step in range(sys.maxsize):
        if step == FIRST_STEPS:
            _wait(run.ranks.device)
            run.progress.waited = 0.0
            losses, busy, began = [], [], time.perf_counter()
        elif step > FIRST_STEPS and time.perf_counter() - began >= seconds:
            break
        losses.append(train_step(run, phase, parallel, batches, phase.learning_rate)["total"])
        run.progress.step += 1  # from which what the step draws follows
        if run.ranks.device == "cuda" and time.perf_counter() - asked > ASKED_EVERY:
            busy.append(torch.cuda.utilization())
            asked = time.perf_counter()
    _wait(run.ranks.device)
    return losses, busy, time.perf_counter() - began


def main(arguments: Sequence[str]) -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path)
    parser.add_argument("shards", type=Path)
    stages = ["odah/frame", "odah/sequence", "hsmr/picture", "biohuman/core"]
    parser.add_argument("--stages", nargs="+", default=stages, help="as NETWORK/STAGE")
    parser.add_argument("--seconds", type=float, default=60.0, help="of training per stage")
    parser.add_argument("--workers", type=int, default=14, help="processes that read and decode")
    parser.add_argument("--small", action="store_true", help="cut the sizes that SkeletonLayer is given")
    options = parser.parse_args(arguments)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    options.output.mkdir(parents=True, exist_ok=True)
    definition = dataset_skeleton(ShardDataset(options.shards, "train", 1, ())).definition
    found: dict[str, Any] = {"device": torch.cuda.get_device_name() if device == "cuda" else "cpu",
                             "torch": torch.__version__, "stages": []}  # fmt: skip
    found["skeleton_layer"] = measure_layer(definition, LAYER_FRAMES[:1] if options.small else LAYER_FRAMES, device)
    print(json.dumps(found), flush=True)
    for name in options.stages:
        network, _, stage = name.partition("/")
        settings = Settings(options.shards, options.output / network, network, workers=options.workers)
        found["stages"].append(measure_stage(settings, stage, options.seconds))
        print(json.dumps(found["stages"][-1]), flush=True)
        (options.output / "gpu.json").write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
