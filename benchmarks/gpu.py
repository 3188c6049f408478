"""What a GPU makes of the trainer: frames per second of SkeletonLayer, and the published ODAH for some minutes.

    python -m benchmarks.gpu OUTPUT SKELETON [--minutes 5] [--windows 32] [--batch-size 2] [--workers 8] [--small]

SKELETON is a shard or what `SkeletonLayer.save` wrote. Writes OUTPUT/gpu.json: windows per second, the share of time
that the training waits for data, memory, and the loss. Needs torch, numpy and h5py alone: the windows are of stick
figures that the script itself draws and puts into an HDF5 file in OUTPUT, with the shapes and cameras of real ones;
they are read by worker processes, but no video is decoded. `--small` cuts all sizes, so that a CPU does it in seconds.
"""

# ruff: noqa: T201 (a command that prints; imports that wait for a stand-in)
import argparse
import importlib.util
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

if importlib.util.find_spec("av") is None:  # which the package imports for videos; there are none here
    sys.modules["av"] = MagicMock()

import h5py
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from kinesynth.skeleton import SkeletonDefinition, SkeletonLayer
from kinesynth_train.crops import project
from kinesynth_train.networks import Network, make_network, preset_named
from kinesynth_train.presets import Preset
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton
from kinesynth_train.train import make_optimizer

DRAWN = 64  # side of the pictures as they are drawn, before they are enlarged
THICK = 0.06  # half the width of a limb, over half the picture
GROUPS = 13  # independent scales of a real training set
GOAL_FRAMES = 1_000_000.0


@dataclass(frozen=True)
class Sizes:
    """How much is done.

    Attributes:
        preset: the network's name.
        layer_frames: batches of frames that SkeletonLayer is given.
        seconds: of training.
        windows: that are drawn.
        batch_size: windows per step.
        workers: processes that read.
    """

    preset: str
    layer_frames: tuple[int, ...]
    seconds: float
    windows: int
    batch_size: int
    workers: int


class FigureFile(Dataset[dict[str, Tensor]]):
    """The windows of a file, over and over."""

    def __init__(self, path: Path, windows: int) -> None:
        self._path, self._windows = path, windows
        self._file: h5py.File | None = None

    def __len__(self) -> int:
        """Return a number that no run comes to."""
        return 1_000_000

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        """Return a window."""
        self._file = self._file or h5py.File(self._path, "r")
        group = self._file[str(index % self._windows)]
        return {name: torch.from_numpy(np.asarray(group[name])) for name in group}


def read_definition(path: Path) -> SkeletonDefinition:
    """Return the skeleton of a shard or of a file of its own."""
    if path.suffix == ".npz":
        return SkeletonDefinition.load(path)
    with h5py.File(path, "r") as file:
        return SkeletonDefinition.read(file["skeleton"])


def measure_layer(definition: SkeletonDefinition, sizes: Sizes, device: str) -> dict[str, Any]:
    """Return SkeletonLayer's frames per second by frames at once: poses of people of their own sizes, float32."""
    layer = SkeletonLayer(definition).float().to(device)
    low, high = torch.tensor(definition.coordinate_ranges, dtype=torch.float32, device=device).clamp(-3.0, 3.0).T
    rates = {}
    for frames in sizes.layer_frames:
        angles = low + (high - low) * torch.rand(frames // 64, 64, len(low), device=device)
        scales = 0.9 + 0.2 * torch.rand(frames // 64, len(definition.body_names), 3, device=device)
        with torch.no_grad():
            layer(angles, scales)
            times = [timed(lambda: layer(angles, scales), device) for _ in range(5)]  # noqa: B023 (called here)
        rates[str(frames)] = frames / min(times)
    return {"frames_per_second": rates, "best": max(rates.values()), "goal": GOAL_FRAMES}


def timed(action: Any, device: str) -> float:
    """Return how many seconds something takes on the device."""
    _wait(device)
    began = time.perf_counter()
    action()
    _wait(device)
    return time.perf_counter() - began


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def make_anatomy(definition: SkeletonDefinition) -> CoordinateStats:
    """Return stats as of a training set of standing people, with as many factors as real ones."""
    rng = np.random.default_rng(0)
    angles = definition.coordinate_defaults + 0.3 * rng.standard_normal((100, len(definition.coordinate_names)))
    bodies = len(definition.body_names)
    factors = rng.uniform(0.9, 1.1, (20, GROUPS))
    return CoordinateStats.of(definition, angles, factors[:, np.arange(3 * bodies) % GROUPS].reshape(20, bodies, 3))


def draw_windows(path: Path, skeleton: DatasetSkeleton, preset: Preset, count: int) -> None:
    """Write windows of stick figures that sway before two cameras."""
    definition, frames = skeleton.definition, preset.window
    rng = np.random.default_rng(1)
    low, high = np.clip(definition.coordinate_ranges, -0.6, 0.6).T
    with h5py.File(path, "w") as file:
        for number in range(count):
            phase = np.linspace(0.0, 2.0 * np.pi, frames)[:, None] + rng.uniform(0.0, 6.0, len(low))
            angles = (low + high) / 2 + (high - low) / 2 * rng.uniform(0.0, 0.8, len(low)) * np.sin(phase)
            angles[:, definition.coordinate_translational] = 0.0
            scales = skeleton.reference.numpy() * rng.uniform(0.95, 1.05)
            there = torch.from_numpy(angles[None]).float(), torch.from_numpy(scales[None]).float()
            pose = skeleton(*there)
            projections = torch.stack([_camera(side).expand(frames, 3, 4) for side in range(2)])
            crops = torch.stack(
                [_figures(pose.joint_centres[0], cameras, definition, preset.crop) for cameras in projections]
            )
            window = {
                "angles": there[0][0], "scales": there[1][0],
                "keypoints": pose.keypoints[0], "markers": pose.markers[0],
                "angle_valid": torch.ones(frames, len(low), dtype=torch.bool),
                "frame_valid": torch.ones(frames, dtype=torch.bool), "crops": crops, "projections": projections,
            }  # fmt: skip
            group = file.create_group(str(number))
            for name, value in window.items():
                group[name] = value.numpy()


def _camera(side: int) -> Tensor:
    """Return the projection (3, 4) of a camera 3 m before the person or to the right, in units of half the picture."""
    rotation = torch.tensor([[[0.0, 0.0, -1.0], [0.0, -1.0, 0.0], [-1.0, 0.0, 0.0]],
                             [[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]]][side])  # fmt: skip
    focal = torch.diag(torch.tensor([2.4, 2.4, 1.0]))
    return torch.cat([focal @ rotation, torch.tensor([[0.0], [0.0], [3.0]])], dim=1)


def _figures(joints: Tensor, cameras: Tensor, definition: SkeletonDefinition, side: int) -> Tensor:
    """Return pictures (T, 4, S, S) uint8 of limbs between joints (T, B, 3), each of its own grey, and the mask."""
    places = project(joints, cameras)
    steps = (2.0 * torch.arange(DRAWN) + 1.0) / DRAWN - 1.0
    pixels = torch.stack(torch.meshgrid(steps, steps, indexing="xy"), dim=-1)  # (S, S, 2)
    grey = torch.full((len(joints), DRAWN, DRAWN), 90.0)
    mask = torch.zeros(len(joints), DRAWN, DRAWN, dtype=torch.bool)
    for body, parent in enumerate(definition.parents):
        start, along = places[:, max(parent, 0)], places[:, body] - places[:, max(parent, 0)]
        offset = pixels - start[:, None, None]
        share = (offset * along[:, None, None]).sum(-1) / along.square().sum(-1).clamp(min=1e-9)[:, None, None]
        near = (offset - share.clamp(0.0, 1.0)[..., None] * along[:, None, None]).norm(dim=-1) < THICK
        grey[near] = 120.0 + 5.0 * body
        mask |= near
    drawn = torch.stack([grey, grey, grey, 255.0 * mask], dim=1)
    return torch.nn.functional.interpolate(drawn, size=(side, side)).to(torch.uint8)


def measure_training(network: Network, preset: Preset, batches: Iterator[dict[str, Tensor]], seconds: float,
                     device: str) -> dict[str, Any]:  # fmt: skip
    """Train the last phase's stage for so long; return speed, waiting, memory and loss."""
    phase = preset.phases[-1]
    optimizer = make_optimizer(phase, network.rates(phase.stage))
    for group in optimizer.param_groups:
        group["lr"] = phase.learning_rate * group["factor"]
    network.train()
    losses: list[Tensor] = []
    waited, began = 0.0, 0.0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(losses) < 3:
        asked = time.perf_counter()
        batch = {name: value.to(device, non_blocking=True) for name, value in next(batches).items()}
        waited += time.perf_counter() - asked
        with torch.autocast(device, torch.bfloat16, enabled=preset.precision == "bf16"):
            prediction = network(batch, phase.stage)
        loss = network.losses(prediction, batch)["total"]
        torch.autograd.backward(loss)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.detach())
        if len(losses) == 2:  # the first steps load kernels and start workers
            _wait(device)
            waited, began = 0.0, time.perf_counter()
    _wait(device)
    took, steps = time.perf_counter() - began, len(losses) - 2
    curve = torch.stack(losses).float().cpu()
    tenth = max(len(curve) // 10, 1)
    return {
        "steps": steps,
        "windows_per_second": steps * len(batch["angles"]) / took,
        "frames_per_second": steps * batch["angles"].shape[:2].numel() / took,
        "data_wait_share": waited / took,
        "memory_gib": torch.cuda.max_memory_allocated() / 2**30 if device == "cuda" else None,
        "first_loss": float(curve[:tenth].mean()),
        "last_loss": float(curve[-tenth:].mean()),
    }


def main(arguments: Sequence[str]) -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path)
    parser.add_argument("skeleton", type=Path)
    parser.add_argument("--minutes", type=float, default=5.0, help="of training")
    parser.add_argument("--windows", type=int, default=32, help="that are drawn; 34 MB each")
    parser.add_argument("--batch-size", type=int, default=2, help="windows per step, the paper's 2")
    parser.add_argument("--workers", type=int, default=8, help="processes that read")
    parser.add_argument("--small", action="store_true", help="cut all sizes")
    options = parser.parse_args(arguments)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    sizes = Sizes("odah", (1 << 12, 1 << 15, 1 << 18, 1 << 20), 60.0 * options.minutes, options.windows,
                  options.batch_size, options.workers)  # fmt: skip
    if options.small:
        sizes = replace(sizes, preset="odah_tiny", layer_frames=(1 << 10,), seconds=1.0, windows=2, workers=0)
    torch.manual_seed(0)
    options.output.mkdir(parents=True, exist_ok=True)
    definition = read_definition(options.skeleton)
    found: dict[str, Any] = {"device": torch.cuda.get_device_name() if device == "cuda" else "cpu",
                             "torch": torch.__version__, "preset": sizes.preset}  # fmt: skip
    found["skeleton_layer"] = measure_layer(definition, sizes, device)
    print(json.dumps(found), flush=True)
    skeleton = DatasetSkeleton(definition, torch.ones(len(definition.body_names), 3))
    preset = preset_named(sizes.preset)
    file = options.output / "windows.h5"
    found["drawing_seconds"] = timed(lambda: draw_windows(file, skeleton, preset, sizes.windows), "cpu")
    network = make_network(sizes.preset, preset, make_anatomy(definition), skeleton).to(device)
    found["parameters"] = sum(parameter.numel() for parameter in network.parameters())
    loader = DataLoader(
        FigureFile(file, sizes.windows), sizes.batch_size, num_workers=sizes.workers, pin_memory=device == "cuda",
        multiprocessing_context="spawn" if sizes.workers else None,
    )  # fmt: skip
    found["training"] = measure_training(network, preset, iter(loader), sizes.seconds, device)
    file.unlink()
    (options.output / "gpu.json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
