"""The windows that a run learns from and is measured on."""

import torch

from kinesynth_train.checkpoint import Model
from kinesynth_train.data import Batch, Windows
from kinesynth_train.evaluate import held_out, read_stretch, stretches
from kinesynth_train.presets import Phase
from kinesynth_train.settings import Settings
from kinesynth_train.stored_windows import StoredWindows
from kinesynth_train.training_clips import kept


def training_windows(settings: Settings, model: Model, phase: Phase, device: str) -> Windows | StoredWindows:
    """Return the windows that a phase learns from; where the network stores what it needs of pictures, those."""
    if model.network.stores(phase.stage):
        whole = _clips_to_store(settings, model, phase)
        clips = _stored_clips(whole, model, device)
        return StoredWindows(clips, phase.window, settings.seed, whole.sources if settings.sources else ())
    if settings.overfit:
        return overfit_windows(settings, model, phase.window)
    return Windows(
        settings.shards, "train", phase.window, model.preset.crop, labels=model.network.labels,
        seed=settings.seed, augment=model.preset.augment, aspect=model.preset.aspect,
        keep=kept(settings.shards, settings.people),
    )  # fmt: skip


def _clips_to_store(settings: Settings, model: Model, phase: Phase) -> Windows:
    """Return the training split's clips as they are, whole."""
    if settings.overfit:
        return overfit_windows(settings, model, phase.window)
    keep, preset = kept(settings.shards, settings.people), model.preset
    whole = stretches(settings.shards, "train", preset.crop, model.network.labels, preset.aspect, keep)
    assert whole is not None  # begin has seen to that
    return whole


@torch.no_grad()
def _stored_clips(whole: Windows, model: Model, device: str) -> list[Batch]:
    """Return each clip with what the network makes of its pictures in their stead."""
    network = model.network
    clips = []
    for index in range(len(whole)):
        stretch = read_stretch(whole, index, device)
        kept = {name: value[0].cpu() for name, value in stretch.batch.items() if name != "crops"}
        clips.append({**kept, "estimates": network.stored(stretch.batch).cpu()})
    return clips


def overfit_windows(settings: Settings, model: Model, window: int) -> Windows:
    """Return the first few windows of the training split, which overlap by half."""
    return Windows(
        settings.shards, "train", window, model.preset.crop, labels=model.network.labels, stride=max(window // 2, 1),
        only=settings.overfit, aspect=model.preset.aspect, keep=kept(settings.shards, settings.people),
    )  # fmt: skip


def test_windows(settings: Settings, model: Model) -> tuple[str, Windows]:
    """Return what the network is measured on, and that split's name."""
    if settings.overfit:
        return "train", overfit_windows(settings, model, model.preset.window)
    return held_out(settings.shards, model.preset.crop, model.network.labels, model.preset.aspect)
