"""The windows that a run learns from and is measured on."""

import torch

from kinesynth_train.checkpoint import Model
from kinesynth_train.data import StoredWindows, Windows
from kinesynth_train.evaluate import held_out, read_stretch, stretches
from kinesynth_train.presets import Phase
from kinesynth_train.settings import Settings


@torch.no_grad()
def training_windows(settings: Settings, model: Model, phase: Phase, device: str) -> Windows | StoredWindows:
    """Return the windows that a phase learns from; where the network stores what it needs of pictures, those."""
    network, preset = model.network, model.preset
    if settings.overfit:
        whole: Windows | None = overfit_windows(settings, model, phase.window)
    else:
        whole = stretches(settings.shards, "train", preset.crop, network.labels)
    assert whole is not None  # begin has seen to that
    clips = []
    for index in range(len(whole)):
        stretch = read_stretch(whole, index, device)
        estimates = network.stored(stretch.batch, phase.stage)
        if estimates is None and settings.overfit:
            return whole
        if estimates is None:
            return Windows(
                settings.shards, "train", phase.window, preset.crop, labels=network.labels,
                seed=settings.seed, augment=preset.augment,
            )  # fmt: skip
        kept = {name: value[0].cpu() for name, value in stretch.batch.items() if name not in ("crops", "projections")}
        clips.append({**kept, "estimates": estimates.cpu()})
    return StoredWindows(clips, phase.window, settings.seed)


def overfit_windows(settings: Settings, model: Model, window: int) -> Windows:
    """Return the first few windows of the training split, which overlap by half."""
    stride, labels = max(window // 2, 1), model.network.labels
    crop = model.preset.crop
    return Windows(settings.shards, "train", window, crop, labels=labels, stride=stride, only=settings.overfit)


def test_windows(settings: Settings, model: Model) -> tuple[str, Windows]:
    """Return what the network is measured on, and that split's name."""
    if settings.overfit:
        return "train", overfit_windows(settings, model, model.preset.window)
    return held_out(settings.shards, model.preset.crop)
