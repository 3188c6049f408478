"""The network of a single picture: ResNeXt-50 (Xie et al. 2017), from torchvision, or a small one for tests."""

from typing import Literal

import torch
from torch import Tensor, nn

WEIGHTS_KIND = "torchvision's resnext50_32x4d"
COLOUR_MEAN, COLOUR_SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, on which weights were trained


def make_backbone(size: Literal["resnext50", "small"]) -> tuple[nn.Module, int]:
    """Return the network, pictures (N, 3, S, S) to features, and how many of these there are.

    Args:
        size: `small` has one block per stage and group normalisation.
    """
    from torchvision.models.resnet import Bottleneck, ResNet, resnext50_32x4d  # type: ignore[import-untyped]

    if size == "small":
        network = ResNet(Bottleneck, [1, 1, 1, 1], groups=8, width_per_group=4, norm_layer=_group_norm)
    else:
        network = resnext50_32x4d()
    features = network.fc.in_features
    network.fc = nn.Identity()
    return network, features


def normalised(crops: Tensor) -> Tensor:
    """Return the colours (..., 3, S, S) of crops (..., 4, S, S) uint8 as the weights were trained on."""
    mean, spread = (
        crops.new_tensor(values, dtype=torch.float32)[:, None, None] for values in (COLOUR_MEAN, COLOUR_SPREAD)
    )
    return (crops[..., :3, :, :].float() / 255.0 - mean) / spread


def _group_norm(channels: int) -> nn.Module:
    return nn.GroupNorm(8, channels)
