"""How well a network does on people whom it has not seen, beside predicting the training set's mean pose."""

import json
import math
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from kinesynth.dataset import ShardDataset
from kinesynth.errors import BadInput
from kinesynth_train.data import CropDataset, ReferenceSkeleton, Split, reference_skeleton
from kinesynth_train.files import save_text
from kinesynth_train.metrics import Mean, angle_errors_deg, counted_angles, joint_errors_mm
from kinesynth_train.networks import NETWORKS


def evaluate(checkpoint: Path, shards: Path, output: Path, device: str) -> dict[str, Any]:
    """Evaluate a checkpoint and write the metrics to `output` (JSON).

    Raises:
        BadInput: the checkpoint is none, or its network does not fit the shards.
    """
    model, settings = load_checkpoint(checkpoint)
    skeleton = reference_skeleton(ShardDataset(shards, views=(), window=1))
    data = held_out(shards, settings["window"], settings["crop"])
    metrics = measure(model.to(device), skeleton.to(device), data, device)
    save_text(output, json.dumps(metrics, indent=1) + "\n")
    return metrics


def held_out(shards: Path, window: int, crop: int) -> CropDataset:
    """Return every frame of the test split; of val or train where there is none, as tiny datasets may have it."""
    splits: tuple[Split, ...] = ("test", "val", "train")
    for split in splits:
        if ShardDataset(shards, split, window, views=()).clips:
            return CropDataset(shards, split, window, crop, stride=window)
    raise BadInput(shards, "clips", "none", "at least one", "look at rejected.tsv")


@torch.no_grad()
def measure(model: nn.Module, skeleton: ReferenceSkeleton, data: CropDataset, device: str) -> dict[str, Any]:
    """Return the metrics of a network on a dataset.

    MAE_angle is over the valid angles that are neither translations nor coupled; the position error is that of joint
    centres with both pelves laid on each other. `baseline` is the training set's mean angle and a scale of 1.
    """
    definition = skeleton.definition
    counted = counted_angles(definition).to(device)
    ranges = torch.tensor(definition.coordinate_ranges, dtype=torch.float32, device=device)
    means = {name: Mean() for name in ("angle", "position", "baseline_angle", "baseline_position")}
    model.eval()
    for batch in DataLoader(data, batch_size=4):
        batch = {name: tensor.to(device) for name, tensor in batch.items()}  # noqa: PLW2901
        angles, scales = model(batch["crops"], batch["cameras"])
        angles = angles.clamp(ranges[:, 0], ranges[:, 1]).where(~model.free, angles)  # type: ignore[operator]
        guesses = {"": (angles, scales), "baseline_": mean_pose(model, angles, scales)}
        for prefix, (guess, size) in guesses.items():
            errors = angle_errors_deg(guess, batch["angles"])
            means[f"{prefix}angle"].add(errors, batch["angle_valid"] & counted)
            distances = joint_errors_mm(skeleton(guess, size), batch["keypoints"])
            means[f"{prefix}position"].add(distances, batch["frame_valid"][..., None].expand_as(distances))
    model.train()
    by_coordinate = zip(definition.coordinate_names, means["angle"].each(), strict=True)
    return {
        "split": data.split,
        "windows": len(data),
        "mae_angle_deg": means["angle"].total(),
        "baseline_mae_angle_deg": means["baseline_angle"].total(),
        "position_error_mm": means["position"].total(),
        "baseline_position_error_mm": means["baseline_position"].total(),
        "mae_by_coordinate_deg": {name: error for name, error in by_coordinate if not math.isnan(error)},
    }


def mean_pose(model: nn.Module, angles: Tensor, scales: Tensor) -> tuple[Tensor, Tensor]:
    """Return the training set's mean angles and scales of 1, in the shape of a prediction."""
    mean = model.get_buffer("mean")
    return mean.expand_as(angles), torch.ones_like(scales)


def load_checkpoint(path: Path) -> tuple[nn.Module, dict[str, Any]]:
    """Return the network and the settings that it was trained with.

    Raises:
        BadInput: the file is missing or no checkpoint.
    """
    mend = "give the checkpoint.pt of kinesynth-train fit"
    if not zipfile.is_zipfile(path):
        raise BadInput(path, "checkpoint", "no archive of torch's" if path.exists() else "no file", "one", mend)
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
        state, settings = saved["model"], saved["settings"]
        model = NETWORKS[saved["network"]](
            settings["views"], state["mean"], state["spread"], state["free"], settings["bodies"]
        )
        model.load_state_dict(state)
    except (OSError, KeyError, RuntimeError, TypeError, ValueError) as error:
        found = " ".join(str(error).split())[:200]
        raise BadInput(path, "checkpoint", found, "network, settings, model", mend) from error
    return model, settings
