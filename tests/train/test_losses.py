import dataclasses
import math
from pathlib import Path

import pytest
import torch

from kinesynth_train.data import Windows
from kinesynth_train.losses import Weights, angle_loss, limit_loss, losses, masked_mean
from kinesynth_train.networks import Prediction
from kinesynth_train.skeleton import Anatomy, DatasetSkeleton


def of(angles: torch.Tensor, scales: torch.Tensor, anatomy: Anatomy, **more: torch.Tensor) -> Prediction:
    free = angles[..., anatomy.free]
    return Prediction(angles, scales, torch.stack([free.cos(), free.sin()], dim=-1), **more)


def test_angles_by_hand(anatomy: Anatomy) -> None:
    small = dataclasses.replace(anatomy, free=torch.tensor([True, False]))
    truth = torch.tensor([[[math.pi / 2, 0.1]]])
    prediction = of(torch.tensor([[[0.0, 0.3]]]), torch.ones(1, 1, 3), small)
    valid = torch.ones(1, 1, 2, dtype=torch.bool)
    # The point (1, 0) against (0, 1): a mean difference of 1; the other coordinate is off by 0.2.
    assert float(angle_loss(prediction, truth, valid, small)) == pytest.approx((1.0 + 0.2) / 2)


def test_limits_by_hand() -> None:
    limits = torch.tensor([[-1.0, 1.0], [0.0, 0.2]])
    angles = torch.tensor([[[math.pi, 0.3]]])
    assert float(limit_loss(angles, torch.tensor([True, False]), limits)) == pytest.approx(0.1)
    assert float(masked_mean(torch.ones(2), torch.zeros(2))) == 0.0


@pytest.fixture
def batch(results: Path) -> dict[str, torch.Tensor]:
    return {name: value[None] for name, value in Windows(results, "train", 4)[0].items()}


ALL = Weights(1.0, 1.0, 1.0, 1.0, 1.0, 1.0)


def test_the_truth_costs_nothing(batch: dict[str, torch.Tensor], skeleton: DatasetSkeleton, anatomy: Anatomy) -> None:
    rotation = skeleton(batch["angles"], batch["scales"]).transforms[:, :, 0, :3, :3]
    prediction = of(batch["angles"], batch["scales"], anatomy, rotation=rotation)
    terms = losses(prediction, batch, skeleton, anatomy, ALL)
    assert set(terms) == {"total", "angle", "rotation", "scale", "limits", "joints", "markers"}
    assert float(terms["total"]) < 1e-5


def test_a_walk_elsewhere_costs_only_in_the_world(
    batch: dict[str, torch.Tensor], skeleton: DatasetSkeleton, anatomy: Anatomy
) -> None:
    aside = batch["angles"].clone()
    aside[..., anatomy.root_place] += torch.tensor([0.3, 0.0, 0.0])
    for root_relative, cost in ((False, 0.1), (True, 0.0)):
        weights = Weights(angle=0.0, scale=0.0, joints=100.0, markers=1.0, root_relative=root_relative)
        terms = losses(of(aside, batch["scales"], anatomy), batch, skeleton, anatomy, weights)
        assert float(terms["joints"]) == pytest.approx(cost, abs=1e-5)
        assert float(terms["total"]) == pytest.approx(101.0 * cost, abs=1e-3)


def test_a_middle_frame_is_held_against_the_middle_frame(
    batch: dict[str, torch.Tensor], skeleton: DatasetSkeleton, anatomy: Anatomy
) -> None:
    prediction = of(batch["angles"][:, 2:3], batch["scales"], anatomy, only_centre=True)
    assert float(losses(prediction, batch, skeleton, anatomy, Weights(joints=1.0))["total"]) < 1e-5
