"""Training, from top to bottom."""

import dataclasses
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader

from kinesynth_train.data import Batch, CropDataset, angle_statistics, reference_skeleton
from kinesynth_train.evaluate import held_out, measure
from kinesynth_train.files import save_checkpoint, save_text
from kinesynth_train.losses import losses
from kinesynth_train.networks import NETWORKS

BETAS = (0.5, 0.999)  # Adam's, as in ODAH
CLIP_NORM = 1.0  # of the gradient: the position term is steep while the pelvis is still far off


@dataclass(frozen=True)
class Settings:
    """What a training run is told."""

    shards: Path
    output: Path
    network: str = "two_view"
    steps: int = 60
    batch_size: int = 4
    window: int = 16
    crop: int = 64
    seed: int = 1
    learning_rate: float = 1e-3
    device: str = "auto"
    workers: int = 0


def fit(settings: Settings) -> dict[str, Any]:
    """Train a network, evaluate it on the test split, and write checkpoint.pt and metrics.json to the output folder.

    On a CPU the result is decided by the seed.

    Raises:
        BadInput: the shards are missing, unreadable, or hold no clip of the training split.
    """
    torch.manual_seed(settings.seed)
    device = pick_device(settings.device)

    # Data: windows of the training split, and a skeleton to turn angles and scales into positions.
    data = CropDataset(settings.shards, "train", settings.window, settings.crop, seed=settings.seed)
    skeleton = reference_skeleton(data.windows).to(device)
    definition = skeleton.definition
    free = torch.tensor(definition.coordinate_free, device=device)
    limits = torch.tensor(definition.coordinate_ranges, dtype=torch.float32, device=device)

    # Network: begins at the training set's mean pose.
    mean, spread = angle_statistics(data.windows, definition.coordinate_free)
    views, bodies = len(data[0]["crops"]), len(definition.body_names)
    model = NETWORKS[settings.network](views, mean, spread, free.cpu(), bodies).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=settings.learning_rate, betas=BETAS)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, settings.steps)

    # Steps.
    curve: list[dict[str, float]] = []
    started = time.perf_counter()
    for step, batch in enumerate(islice(batches(data, settings), settings.steps), start=1):
        truth = {name: tensor.to(device) for name, tensor in batch.items()}
        angles, scales = model(truth["crops"], truth["cameras"])
        terms = losses(angles, scales, skeleton(angles, scales), truth, free, limits)
        optimizer.zero_grad()
        torch.autograd.backward(terms["total"])
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)
        optimizer.step()
        schedule.step()
        curve.append({"step": step, **{name: float(value.detach()) for name, value in terms.items()}})
    seconds = time.perf_counter() - started

    # Results.
    told = {name: str(v) if isinstance(v, Path) else v for name, v in dataclasses.asdict(settings).items()}
    saved = {
        "network": settings.network,
        "settings": {**told, "views": views, "bodies": bodies},
        "model": {name: tensor.cpu() for name, tensor in model.state_dict().items()},
    }
    save_checkpoint(settings.output / "checkpoint.pt", saved)
    metrics = {
        "network": settings.network,
        "settings": told,
        "device": device,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "train_windows": len(data),
        "seconds": seconds,
        "windows_per_second": settings.steps * settings.batch_size / seconds,
        "loss": curve,
        **measure(model, skeleton, held_out(settings.shards, settings.window, settings.crop), device),
    }
    save_text(settings.output / "metrics.json", json.dumps(metrics, indent=1) + "\n")
    return metrics


def batches(data: CropDataset, settings: Settings) -> Iterator[Batch]:
    """Yield batches without end; each epoch has other windows in another order."""
    order = torch.Generator().manual_seed(settings.seed)
    for epoch in count():
        data.windows.set_epoch(epoch)
        yield from DataLoader(data, settings.batch_size, shuffle=True, generator=order, num_workers=settings.workers)


def pick_device(name: str) -> str:
    """Return cuda or cpu for auto."""
    if name != "auto":
        return name
    return "cuda" if torch.cuda.is_available() else "cpu"
