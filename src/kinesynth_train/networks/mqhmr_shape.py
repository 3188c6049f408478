"""Sizes of MQ-HMR and weights of its losses."""

from dataclasses import dataclass

from kinesynth_train.networks.vit import VitName


@dataclass(frozen=True)
class Shape:
    """Sizes of the network.

    Attributes:
        backbone: which vision transformer.
        weights: file of its weights under ViTPose's names, read when a training begins; empty starts from noise.
        body: file of the shards' body, read when a training begins; empty takes the free body's, which ships.
        width: C, of maps and queries.
        factors: of the maps' sides, over the transformer's.
        queries: how many.
        layers: of the decoder.
        heads: of attention.
        points: places that a head looks at in a map.
        hidden: width within the decoder's perceptrons.
        refined: after how many steps of the refinement it is measured too.
    """

    backbone: VitName = "vit_h"
    weights: str = ""
    body: str = ""
    width: int = 256
    factors: tuple[int, ...] = (1, 4, 8, 16)
    queries: int = 96
    layers: int = 4
    heads: int = 8
    points: int = 4
    hidden: int = 1024
    refined: tuple[int, ...] = (10,)


@dataclass(frozen=True)
class Weights:
    """Of the terms, each a sum over what it is of; those of the paper, but for the markers'.

    Attributes:
        pose: squared distance of the rotations' matrices, the root's in the camera's frame.
        shape: of the betas.
        joints: L1 of the joint centres, m from the pelvis.
        markers: L1 of the markers, likewise.
        joints_2d: L1 of the joint centres in the picture, in sides of the crop, times the confidence.
    """

    pose: float = 1e-3
    shape: float = 5e-4
    joints: float = 5e-2
    markers: float = 2.5e-2
    joints_2d: float = 1e-2
