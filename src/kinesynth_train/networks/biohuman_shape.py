"""Sizes of BioHuman and weights of its losses."""

from dataclasses import dataclass, field
from typing import Literal

from kinesynth_train.networks import hsmr


@dataclass(frozen=True)
class Shape:
    """Sizes of the network.

    Attributes:
        front: of the network of single pictures; its own `weights` are not read.
        weights: file of its vision transformer's weights, read when a training begins; empty starts from noise.
        width: of a token.
        adapter: width within the adapter.
        encoder_layers: of the poses' encoder.
        layers: of the transformer over time.
        heads: of attention.
        hidden: width within the transformer's perceptrons.
        dropout: of both transformers.
        pose: the numbers of a pose: the skeleton's, or those of the SMPL-X body; angles are then the front-end's.
        visual: false leaves poses alone, and the front-end as it is: the publication's two-stage ablation.
        stored: whether pictures are encoded once, as they are, for what is trained after the front-end; a small
            encoder's tokens fit into memory.
        dynamics: whether forces under the feet and moments are asked for too.
        front_rate: of the front-end's learning rate over the rest's.
    """

    front: hsmr.Shape = field(default_factory=hsmr.Shape)
    weights: str = ""
    width: int = 512
    adapter: int = 256
    encoder_layers: int = 2
    layers: int = 8
    heads: int = 8
    hidden: int = 2048
    dropout: float = 0.1
    pose: Literal["skeleton", "smplx"] = "skeleton"
    visual: bool = True
    stored: bool = False
    dynamics: bool = False
    front_rate: float = 0.05


@dataclass(frozen=True)
class Weights:
    """Of the terms, ours.

    Attributes:
        pose: smooth L1 of the matrices' numbers.
        pose_change: L1 of their changes from frame to frame.
        activation: L1.
        activation_change: L1 of the changes.
        correlation: 1 - Pearson's.
        active: L1 where a muscle works; this and the next two in the last stage.
        peak: L1 of a window's highest entries.
        spread: difference of standard deviations.
        force: L1 of the feet's forces, body weights, where there is a head for them.
        moment: L1 of moments, N m per kg, likewise.
        front: all of the front-end's own terms.
        front_terms: those.
    """

    pose: float = 1.0
    pose_change: float = 1.0
    activation: float = 10.0
    activation_change: float = 5.0
    correlation: float = 1.0
    active: float = 5.0
    peak: float = 2.0
    spread: float = 1.0
    force: float = 1.0
    moment: float = 1.0
    front: float = 1.0
    front_terms: hsmr.Weights = field(default_factory=hsmr.Weights)
