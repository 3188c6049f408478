"""Checkpoints: a network that knows its skeleton, and all that is needed to go on exactly where it stopped."""

import dataclasses
import io
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import torch
from torch import Tensor

from kinesynth import __version__
from kinesynth.atomic import write_bytes
from kinesynth.dataset import Crop, ShardDataset
from kinesynth.errors import BadInput
from kinesynth.skeleton import SkeletonDefinition
from kinesynth.skeleton.soundness import check_skeleton
from kinesynth_train.networks import Network, make_network, network_module
from kinesynth_train.presets import Preset, preset_from_dict
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton
from kinesynth_train.strange_checkpoint import (
    check_preset,
    check_source,
    check_stats,
    known_network,
    missing_part,
    unknown_weights,
)

FORMAT = 3
FIX = "give the checkpoint.pt of kinesynth-train fit"


@dataclass
class Model:
    """A network and what it was made for.

    Attributes:
        name: of its preset.
        preset: with its steps.
        stats: of the training set.
        skeleton: of the training set.
        source: what else using it takes, see `source_of`.
        network: with its parameters.
    """

    name: str
    preset: Preset
    stats: CoordinateStats
    skeleton: DatasetSkeleton
    source: dict[str, Any]
    network: Network

    @classmethod
    def new(
        cls, name: str, preset: Preset, stats: CoordinateStats, skeleton: DatasetSkeleton, source: dict[str, Any]
    ) -> "Model":
        """Return an untrained one."""
        return cls(name, preset, stats, skeleton, source, make_network(name, preset, stats, skeleton))

    def to(self, device: str) -> "Model":
        """Return it on a device."""
        stats = CoordinateStats(**{name: tensor.to(device) for name, tensor in self.stats.tensors().items()})
        return dataclasses.replace(
            self, stats=stats, skeleton=self.skeleton.to(device), network=self.network.to(device)
        )


def source_of(dataset: ShardDataset, preset: Preset) -> dict[str, Any]:
    """Return what a network in use must know of the clips that it learned from.

    Frames per second (the most frequent), the views' names in their order, the crops' margin about the person's box,
    and width over height of the part of a crop that is to hold it.
    """
    rates = Counter(clip.fps for clip in dataset.clips)
    first = dataset.clips[0]
    with h5py.File(first.shard, "r") as file:
        views = list(file["clips"][first.clip_id]["views"])
    return {"fps": rates.most_common(1)[0][0], "views": views, "crop_margin": Crop().margin,
            "crop_aspect": preset.aspect, "version": __version__}  # fmt: skip


def save_checkpoint(path: Path, model: Model, progress: dict[str, Any], best: dict[str, Tensor] | None = None) -> None:
    """Write a model and the training's progress, whole or not at all.

    `best` are the parameters to be used, of an earlier step; those of the model are what training goes on from.
    """
    content = {
        "format": FORMAT,
        "name": model.name,
        "preset": dataclasses.asdict(model.preset),
        "source": model.source,
        "anatomy": {name: tensor.cpu() for name, tensor in model.stats.tensors().items()},
        "skeleton": _skeleton_to_dict(model.skeleton),
        "model": {name: tensor.cpu() for name, tensor in model.network.state_dict().items()},
        "best": best,
        "progress": progress,
    }
    buffer = io.BytesIO()
    torch.save(content, buffer)
    write_bytes(path, buffer.getvalue())


def load_checkpoint(path: Path, *, best: bool = True) -> tuple[Model, dict[str, Any]]:
    """Return a model and its training's progress: with its best parameters, or with those of the last step.

    Raises:
        BadInput: the file is missing or no checkpoint, or one whose parts do not belong together or are no numbers.
    """
    if not zipfile.is_zipfile(path):
        raise BadInput(path, "checkpoint", "no archive of torch's" if path.exists() else "no file", "one", FIX)
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(saved, dict):
            raise BadInput(path, "checkpoint", type(saved).__name__, "a dictionary", FIX)
        if (found := saved.get("format")) != FORMAT:
            raise BadInput(path, "format", str(found)[:80], str(FORMAT), "train again with this release")
        if missing := missing_part(saved):
            raise BadInput(path, missing, "nothing", "it, as of every checkpoint", FIX)
        if not known_network(saved["name"]):
            expected = "one of networks.csv"
            raise BadInput(path, "network", repr(saved["name"])[:80], expected, "use the release that trained it")
        model = _model(saved)
        used = saved["best"] if best and saved["best"] else saved["model"]
        model.network.load_state_dict(used)
        if unknown := list(unknown_weights(used)):
            found = f"{len(unknown)} of {len(used)} parameters that hold no numbers, {unknown[0]} among them"
            raise BadInput(path, "weights", found, "finite numbers", "take an earlier checkpoint: training diverged")
        return model, {**saved["progress"], "best": saved["best"]}
    except BadInput:
        raise
    except Exception as error:  # whatever a stranger's file may hold
        found = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise BadInput(path, "checkpoint", found, "preset, stats, skeleton, model", FIX) from error


def _model(saved: dict[str, Any]) -> Model:
    """Return the untrained model of what a checkpoint holds."""
    skeleton = _skeleton_from_dict(saved["skeleton"])
    module = network_module(saved["name"])
    preset = preset_from_dict(saved["preset"], module.Shape, module.Weights)
    check_preset(preset, len(saved["model"]))
    check_source(saved["source"])
    stats = CoordinateStats(**saved["anatomy"])
    check_stats(stats, skeleton.definition)
    return Model.new(saved["name"], preset, stats, skeleton, saved["source"])


def _skeleton_to_dict(skeleton: DatasetSkeleton) -> dict[str, list[str] | Tensor]:
    fields = {field.name: getattr(skeleton.definition, field.name) for field in dataclasses.fields(SkeletonDefinition)}
    plain = {name: list(value) if isinstance(value, tuple) else torch.tensor(value) for name, value in fields.items()}
    return {**plain, "reference": skeleton.reference.cpu()}


def _skeleton_from_dict(saved: dict[str, list[str] | Tensor]) -> DatasetSkeleton:
    scales = saved.pop("reference")
    if not isinstance(scales, Tensor):
        raise TypeError(f"the skeleton's reference is a {type(scales).__name__}")
    fields: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v.numpy() for name, v in saved.items()}
    check_skeleton(fields)
    return DatasetSkeleton(SkeletonDefinition(**fields), scales)
