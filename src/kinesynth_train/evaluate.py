"""The papers' table: how well networks do on people whom they have not seen, beside two baselines."""

import json
import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from kinesynth.dataset import ShardDataset
from kinesynth.errors import BadInput
from kinesynth_train.checkpoint import Model, load_checkpoint, save_bytes
from kinesynth_train.data import Batch, Split, Windows, to_device
from kinesynth_train.inverse_kinematics import triangulated_ik
from kinesynth_train.metrics import (
    LIMIT_STEPS_DEG,
    Mean,
    angle_errors_deg,
    beyond_limits_deg,
    counted_angles,
    procrustes_mm,
    root_aligned_mm,
    velocity_errors_mm,
)
from kinesynth_train.presets import Preset
from kinesynth_train.skeleton import Anatomy, DatasetSkeleton

Method = Callable[[Batch], tuple[Tensor, Tensor]]
MEAN_POSE, TRIANGULATED_IK = "mean pose", "triangulated IK"
ROWS = {
    "mae_angle_deg": "MAE_angle, deg",
    "mae_body": "MAE_body",
    "mpjpe_mm": "MPJPE, mm",
    "pa_mpjpe_mm": "PA-MPJPE, mm",
    "mpblpe_mm": "MPBLPE, mm",
    "mpjve_mm_s": "MPJVE, mm/s",
    **{f"beyond_limits_{step:.0f}_percent": f"beyond limits by {step:.0f} deg, %" for step in LIMIT_STEPS_DEG},
}


def evaluate(checkpoints: Sequence[Path], shards: Path, output: Path, device: str) -> dict[str, Any]:
    """Measure networks and baselines on the test split, and write the figures to `output` (JSON).

    The baseline of triangulation is left out where no network looks at pictures, whose cameras it needs.

    Raises:
        BadInput: a checkpoint is none, or its skeleton has other coordinates than the shards.
    """
    models = [load_checkpoint(path)[0].to(device) for path in checkpoints]
    for path, model in zip(checkpoints, models, strict=True):
        check_names(path, model, ShardDataset(shards, window=1, views=()))
    results: dict[str, Any] = {}
    for path, model in zip(checkpoints, models, strict=True):
        name = unused_name(model.name, path, results)
        methods: dict[str, Method] = {name: network_method(model)}
        if MEAN_POSE not in results:
            methods[MEAN_POSE] = mean_pose_method(model.anatomy)
        if model.preset.crop and TRIANGULATED_IK not in results:
            methods[TRIANGULATED_IK] = partial(triangulated_ik, skeleton=model.skeleton, anatomy=model.anatomy)
        split, windows = held_out(shards, model.preset)
        results |= measure(methods, model, windows, device)
    figures = {"shards": str(shards), "split": split, "methods": results}
    save_bytes(output, (json.dumps(figures, indent=1) + "\n").encode())
    return figures


def table(figures: dict[str, Any]) -> str:
    """Return the figures as text: a row per metric and per coordinate, a column per method."""
    methods = figures["methods"]
    lines = [["test split" if figures["split"] == "test" else f"{figures['split']} split", *methods]]
    lines += [[title, *(f"{method[key]:.4g}" for method in methods.values())] for key, title in ROWS.items()]
    coordinates = next(iter(methods.values()))["mae_by_coordinate_deg"]
    lines += [
        [f"  {name}, deg", *(f"{method['mae_by_coordinate_deg'][name]:.2f}" for method in methods.values())]
        for name in coordinates
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if not n else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )


def held_out(shards: Path, preset: Preset) -> tuple[Split, Windows]:
    """Return every frame of the test split; of val or train where there is none, as tiny datasets may have it."""
    splits: tuple[Split, ...] = ("test", "val", "train")
    for split in splits:
        if ShardDataset(shards, split, preset.window, views=()).clips:
            return split, Windows(shards, split, preset.window, preset.crop, stride=preset.window)
    raise BadInput(shards, "clips", "none", "at least one", "look at rejected.tsv")


def measure_beside_mean(model: Model, test: tuple[str, Windows], device: str) -> dict[str, Any]:
    """Return the metrics of a model that was trained, those of the mean pose as `baseline_...`."""
    split, windows = test
    methods = {"network": network_method(model), MEAN_POSE: mean_pose_method(model.anatomy)}
    found = measure(methods, model, windows, device)
    baseline = {f"baseline_{name}": value for name, value in found[MEAN_POSE].items() if name in ROWS}
    return {"split": split, "windows": len(windows), **found["network"], **baseline}


def network_method(model: Model) -> Method:
    """Return the network's estimate, as it comes."""

    def predict(batch: Batch) -> tuple[Tensor, Tensor]:
        angles, scales, *_ = model.network(batch, model.preset.phases[-1].stage)
        return angles, scales

    return predict


def mean_pose_method(anatomy: Anatomy) -> Method:
    """Return what knows nothing of the window: the training set's mean angles, and scales of 1."""
    return lambda batch: (anatomy.mean.expand_as(batch["angles"]), torch.ones_like(batch["scales"]))


@torch.no_grad()
def measure(methods: dict[str, Method], model: Model, windows: Windows, device: str) -> dict[str, dict[str, Any]]:
    """Return each method's metrics on windows; see `kinesynth_train.metrics` for what they mean."""
    tallies = {name: Tally(model.skeleton, device) for name in methods}
    model.network.eval()
    for batch in DataLoader(windows, batch_size=4):
        there = to_device(batch, device)
        for name, method in methods.items():
            tallies[name].add(*method(there), there)
    model.network.train()
    return {name: tally.metrics() for name, tally in tallies.items()}


class Tally:
    """The metrics of one method, batch by batch."""

    def __init__(self, skeleton: DatasetSkeleton, device: str) -> None:
        self._skeleton = skeleton
        definition = skeleton.definition
        self._counted = counted_angles(definition).to(device)
        self._constrained = self._counted & ~torch.tensor(definition.coordinate_free, device=device)
        self._limits = torch.tensor(definition.coordinate_ranges, dtype=torch.float32, device=device)
        self._means = {name: Mean() for name in ("angle", "body", "mpjpe", "pa_mpjpe", "mpblpe", "mpjve")}
        self._beyond = {step: Mean() for step in LIMIT_STEPS_DEG}

    def add(self, angles: Tensor, scales: Tensor, truth: Batch) -> None:
        """Add an estimate: angles (N, T, J), scales (N, B, 3)."""
        means, seen = self._means, truth["frame_valid"][..., None]
        found, wanted = self._skeleton(angles, scales), self._skeleton(truth["angles"], truth["scales"])
        joints, true_joints = found.joint_centres, wanted.joint_centres
        roots = joints[..., 0, :], true_joints[..., 0, :]
        means["angle"].add(angle_errors_deg(angles, truth["angles"]), truth["angle_valid"] & self._counted)
        body = (scales - truth["scales"]).abs().flatten(1)
        means["body"].add(body, torch.ones_like(body, dtype=torch.bool))
        means["mpjpe"].add(root_aligned_mm(joints, true_joints, *roots), seen)
        means["pa_mpjpe"].add(procrustes_mm(joints, true_joints), seen)
        means["mpblpe"].add(root_aligned_mm(found.markers, wanted.markers, *roots), seen)
        moving = seen[:, 1:] & seen[:, :-1]
        relative = joints - roots[0][..., None, :], true_joints - roots[1][..., None, :]
        means["mpjve"].add(velocity_errors_mm(*relative, truth["fps"]), moving)
        beyond = beyond_limits_deg(angles, self._limits)
        for step, mean in self._beyond.items():
            mean.add((beyond > step).float(), seen & self._constrained)

    def metrics(self) -> dict[str, Any]:
        """Return the metrics by name."""
        means = {name: mean.total() for name, mean in self._means.items()}
        names = self._skeleton.definition.coordinate_names
        by_coordinate = zip(names, self._means["angle"].each(), strict=True)
        by_body = zip(self._skeleton.definition.body_names, self._means["mpjpe"].each(), strict=True)
        return {
            "mae_angle_deg": means["angle"],
            "mae_body": means["body"],
            "mpjpe_mm": means["mpjpe"],
            "pa_mpjpe_mm": means["pa_mpjpe"],
            "mpblpe_mm": means["mpblpe"],
            "mpjve_mm_s": means["mpjve"],
            **{f"beyond_limits_{step:.0f}_percent": 100.0 * mean.total() for step, mean in self._beyond.items()},
            "mae_by_coordinate_deg": {name: error for name, error in by_coordinate if not math.isnan(error)},
            "mpjpe_by_body_mm": dict(by_body),
        }


def check_names(path: Path, model: Model, dataset: ShardDataset) -> None:
    """Raise BadInput if the checkpoint's skeleton is not that of the shards."""
    known = model.skeleton.definition.coordinate_names
    if tuple(dataset.names.coordinates) != tuple(known):
        found, mend = f"{len(known)} coordinates", "train on these shards, or measure on those of training"
        raise BadInput(path, "skeleton", found, f"the {len(dataset.names.coordinates)} of the shards", mend)


def unused_name(name: str, path: Path, taken: Iterable[str]) -> str:
    """Return the preset's name, with the checkpoint's folder where two have one name."""
    return f"{name} ({path.parent.name})" if name in taken else name
