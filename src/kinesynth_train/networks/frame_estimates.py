"""What D3KE and our variant of it share: what a frame is known by to the network over time, and what a stage trains."""

import torch
from torch import Tensor, nn

from kinesynth_train.networks.contract import Prediction
from kinesynth_train.skeleton import DatasetSkeleton

FRAME = ("backbone.", "frame_head.")  # what the names of the frames' network begin with


def known_of(prediction: Prediction, scales: Tensor, cameras: Tensor, skeleton: DatasetSkeleton) -> Tensor:
    """Return what frames are known by (N, T, E), in the frame of cameras (N, T, 3, 3) and from the pelvis.

    Rotation of the root, joint centres and markers, `scales` (N, T, U) and angles.
    """
    assert prediction.rotation is not None  # the frames' heads give one
    with torch.autocast(cameras.device.type, enabled=False):  # half precision would move points by millimetres
        pose = skeleton(prediction.angles, prediction.scales)
        points = torch.cat([pose.joint_centres, pose.markers], dim=2) - pose.joint_centres[:, :, :1]
        seen, rotation = points @ cameras.mT, cameras @ prediction.rotation
    return torch.cat([rotation.flatten(2), seen.flatten(2), scales, prediction.angles], dim=-1)


def trained_parameters(network: nn.Module, stage: str) -> list[nn.Parameter]:
    """Return the parameters that a stage trains: first what sees a frame, then what runs over frames."""
    return [p for name, p in network.named_parameters() if name.startswith(FRAME) == (stage == "frame")]
