"""Windows of shards as the networks see them: square crops around the person, and targets."""

from pathlib import Path
from typing import Literal

import h5py
import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample
from torch.utils.data import Dataset

from kinesynth.dataset import ShardDataset
from kinesynth.errors import BadInput
from kinesynth.skeleton import SkeletonDefinition, SkeletonLayer

MARGIN = 1.15  # side of the crop over the longer side of the person's box
Split = Literal["train", "val", "test"]
Batch = dict[str, Tensor]


class CropDataset(Dataset[Batch]):
    """Crops and targets of the windows of a split.

    An item holds crops (V, T, 4, S, S), cameras (V, T, CAMERA_CODE), angles (T, J), angle_valid (T, J),
    scales (B, 3), keypoints (T, K, 3), frame_valid (T,).

    Args:
        shards: results folder, shards folder or a shard.
        split: train, val or test.
        window: T.
        crop: S, pixels.
        stride: as of `ShardDataset`.
        seed: of the random windows.
    """

    def __init__(
        self, shards: Path, split: Split, window: int, crop: int, stride: int | None = None, seed: int = 0
    ) -> None:
        self.windows = ShardDataset(shards, split, window, stride=stride, seed=seed)
        self.split, self.crop = split, crop

    def __len__(self) -> int:
        """Return the number of windows."""
        return len(self.windows)

    def __getitem__(self, index: int) -> Batch:
        """Return one window."""
        item = self.windows[index]
        views = list(item["views"].values())
        boxes = [square_box(view["bbox"]) for view in views]
        return {
            "crops": torch.stack([crop_frames(view, box, self.crop) for view, box in zip(views, boxes, strict=True)]),
            "cameras": torch.stack([camera_code(view, box) for view, box in zip(views, boxes, strict=True)]),
            "angles": torch.from_numpy(item["angles"]),
            "angle_valid": torch.from_numpy(item["quality"]["angle_valid"] & item["frame_valid"][:, None]),
            "scales": torch.from_numpy(item["scales"]),
            "keypoints": torch.from_numpy(item["keypoints"]),
            "frame_valid": torch.from_numpy(item["frame_valid"]),
        }


def square_box(boxes: np.ndarray) -> np.ndarray:
    """Return the centre and side (T, 3) px of squares around the person's boxes (T, 4): x0, y0, x1, y1."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    side = MARGIN * np.maximum((boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True), 4.0)
    return np.concatenate([centre, side], axis=1)


def crop_frames(view: dict[str, np.ndarray], squares: np.ndarray, size: int) -> Tensor:
    """Return colour and mask of each frame in its square, resampled to (T, 4, size, size), 0 to 1, black outside."""
    colour = torch.from_numpy(view["frames"]).permute(0, 3, 1, 2).float() / 255
    pictures = torch.cat([colour, torch.from_numpy(view["mask"])[:, None].float()], dim=1)
    height, width = pictures.shape[2:]
    extent = torch.tensor([width, height])
    centre, side = torch.from_numpy(squares[:, :2]).float(), torch.from_numpy(squares[:, 2:]).float()
    transform = torch.zeros(len(pictures), 2, 3)
    transform[:, [0, 1], [0, 1]] = side / extent
    transform[:, :, 2] = (2 * centre + 1) / extent - 1  # pixel centres are whole numbers, torch's edges are at -1 and 1
    grid = affine_grid(transform, [len(pictures), 4, size, size], align_corners=False)
    return grid_sample(pictures, grid, align_corners=False)


def camera_code(view: dict[str, np.ndarray], squares: np.ndarray) -> Tensor:
    """Return (T, 15): the ray through the crop's centre, its side over the focal length, and the camera's pose."""
    K, world_to_camera = view["K"], view["world_to_camera"]
    focal = K[[0, 1], [0, 1]]
    ray = (squares[:, :2] - K[:2, 2]) / focal
    pose = np.broadcast_to(world_to_camera[:3].reshape(-1), (len(squares), 12))
    return torch.from_numpy(np.concatenate([ray, squares[:, 2:] / focal[0], pose], axis=1)).float()


class ReferenceSkeleton(torch.nn.Module):
    """Keypoints of any subject: one subject's skeleton, and the scales that it already has."""

    reference: Tensor

    def __init__(self, definition: SkeletonDefinition, scales: Tensor) -> None:
        super().__init__()
        self.layer = SkeletonLayer(definition).float()
        self.register_buffer("reference", scales, persistent=False)

    @property
    def definition(self) -> SkeletonDefinition:
        """The skeleton's names, limits and couplings."""
        return self.layer.definition

    def forward(self, angles: Tensor, scales: Tensor) -> Tensor:
        """Return keypoints (N, T, K, 3) m of angles (N, T, J) and scales (N, B, 3) relative to the generic skeleton."""
        keypoints: Tensor = self.layer(angles, scales / self.reference).keypoints
        return keypoints


def reference_skeleton(dataset: ShardDataset) -> ReferenceSkeleton:
    """Return the skeleton of the first clip of a dataset.

    Raises:
        BadInput: the dataset has no clip.
    """
    if not dataset.clips:
        raise BadInput(dataset.shards[0].parent, "clips", "none of this split", "at least one", "check the splits")
    place = dataset.clips[0]
    with h5py.File(place.shard, "r") as file:
        definition = SkeletonDefinition.read(file["skeleton"])
        return ReferenceSkeleton(definition, torch.from_numpy(file["clips"][place.clip_id]["scales"][()]))


def angle_statistics(dataset: ShardDataset, free: np.ndarray) -> tuple[Tensor, Tensor]:
    """Return the mean (J,) and standard deviation (J,) of the angles of all clips, circular where they are free."""
    angles = np.concatenate([_angles(place.shard, place.clip_id) for place in dataset.clips]).astype(np.float64)
    mean = np.where(free, np.arctan2(np.sin(angles).mean(axis=0), np.cos(angles).mean(axis=0)), angles.mean(axis=0))
    return torch.tensor(mean).float(), torch.tensor(np.maximum(angles.std(axis=0), 0.05)).float()


def _angles(shard: Path, clip_id: str) -> np.ndarray:
    with h5py.File(shard, "r") as file:
        return np.asarray(file["clips"][clip_id]["angles"])
