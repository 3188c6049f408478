import dataclasses
import math
from pathlib import Path

import pytest
import torch

from kinesynth_train.data import Batch, Windows
from kinesynth_train.losses import (
    OwnWeights,
    PublishedWeights,
    angle_loss,
    limit_loss,
    masked_mean,
    own_losses,
    published_losses,
)
from kinesynth_train.networks import Prediction, make_network, preset_named
from kinesynth_train.networks.odah import Odah, circle_distances, limit_distances
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton


def of(angles: torch.Tensor, scales: torch.Tensor, stats: CoordinateStats, **more: torch.Tensor) -> Prediction:
    free = angles[..., stats.free]
    every = scales[:, None].expand(-1, angles.shape[1], -1, -1)
    return Prediction(angles, every, circle=torch.stack([free.cos(), free.sin()], dim=-1), **more)


def test_angles_by_hand(stats: CoordinateStats) -> None:
    small = dataclasses.replace(stats, free=torch.tensor([True, False]))
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


def test_odahs_equations_two_and_four_by_hand() -> None:
    # (1, 0) and (0, 1) are 1 + 1 apart; half a turn is |1 - -1| + 0.
    apart = circle_distances(torch.tensor([0.0, 0.0]), torch.tensor([math.pi / 2, math.pi]))
    torch.testing.assert_close(apart, torch.tensor([2.0, 2.0]))
    limits = torch.tensor([[-0.5, math.pi / 2], [-0.5, 1.0]])
    beyond = limit_distances(torch.tensor([math.pi, 0.7]), limits)
    torch.testing.assert_close(beyond, torch.tensor([2.0, 0.0]))  # (-1, 0) from (0, 1); the other is within


@pytest.fixture
def batch(results: Path) -> Batch:
    return {name: value[None] for name, value in Windows(results, "train", 4)[0].items()}


def test_the_truth_costs_nothing(batch: Batch, skeleton: DatasetSkeleton, stats: CoordinateStats) -> None:
    rotation = skeleton(batch["angles"], batch["scales"]).transforms[:, :, 0, :3, :3]
    prediction = of(batch["angles"], batch["scales"], stats, rotation=rotation)
    ours = own_losses(prediction, batch, skeleton, stats, OwnWeights(1.0, 1.0, 1.0, 1.0, 1.0, 1.0))
    assert set(ours) == {"total", "angle", "rotation", "scale", "limits", "joints", "markers"}
    published = published_losses(prediction, batch, skeleton, stats, PublishedWeights())
    assert set(published) == {"total", "joints", "markers", "scales", "angles"}
    odah = make_network("odah_tiny", preset_named("odah_tiny"), stats, skeleton)
    assert set(odah.losses(prediction, batch)) == {"total", "angle", "bio", "scale", "position"}
    for terms in (ours, published, odah.losses(prediction, batch)):
        assert float(terms["total"]) < 3e-3  # 100 times positions in single precision among it


def test_a_walk_elsewhere_costs_only_in_the_world(
    batch: Batch, skeleton: DatasetSkeleton, stats: CoordinateStats
) -> None:
    aside = batch["angles"].clone()
    aside[..., stats.root_place] += torch.tensor([0.3, 0.0, 0.0])
    for root_relative, cost in ((False, 0.1), (True, 0.0)):
        weights = OwnWeights(angle=0.0, scale=0.0, joints=100.0, markers=1.0, root_relative=root_relative)
        terms = own_losses(of(aside, batch["scales"], stats), batch, skeleton, stats, weights)
        assert float(terms["joints"]) == pytest.approx(cost, abs=1e-5)
        assert float(terms["total"]) == pytest.approx(101.0 * cost, abs=1e-3)
    odah = make_network("odah_tiny", preset_named("odah_tiny"), stats, skeleton)
    assert float(odah.losses(of(aside, batch["scales"], stats), batch)["total"]) < 3e-3


def test_published_terms_by_hand(batch: Batch, skeleton: DatasetSkeleton, stats: CoordinateStats) -> None:
    angles = batch["angles"].clone()
    knee = skeleton.definition.coordinate_names.index("knee_angle_r")
    angles[..., knee] += math.radians(3.6)
    angles[..., stats.root] += 0.5  # is a matrix: costs positions, and no angle
    scales = batch["scales"] + 0.01
    terms = published_losses(of(angles, scales, stats), batch, skeleton, stats, PublishedWeights())
    counted = 41 - 3  # of 53: no translations, no followers, no root
    assert float(terms["angles"]) == pytest.approx(3.6 / counted, rel=1e-3)
    assert float(terms["scales"]) == pytest.approx(0.03, rel=1e-3)
    weighed = sum(w * float(terms[n]) for n, w in dataclasses.asdict(PublishedWeights()).items())
    assert float(terms["total"]) == pytest.approx(weighed, rel=1e-4)
    assert PublishedWeights() == PublishedWeights(joints=1.0, markers=2.0, scales=0.1, angles=0.06)


def test_odahs_terms_by_hand(batch: Batch, skeleton: DatasetSkeleton, stats: CoordinateStats) -> None:
    names = skeleton.definition.coordinate_names
    network = make_network("odah_tiny", preset_named("odah_tiny"), stats, skeleton)
    assert isinstance(network, Odah)
    angles = batch["angles"].clone()
    angles[..., names.index("elbow_flex_r")] += 0.2  # constrained
    arm = names.index("arm_flex_r")
    angles[..., arm] += 0.3  # free, for this loss
    truth, said = batch["angles"][..., arm], angles[..., arm]
    circle = (said.cos() - truth.cos()).abs() + (said.sin() - truth.sin()).abs()
    terms = network.losses(of(angles, batch["scales"] + 0.01, stats), batch)
    assert float(terms["angle"]) == pytest.approx(0.2 + float(circle.mean()), rel=1e-4)
    assert float(terms["scale"]) == pytest.approx(0.03, rel=1e-3)
    means = dataclasses.replace(network.weights, mean_angles=True)
    network.weights = means
    assert float(network.losses(of(angles, batch["scales"], stats), batch)["angle"]) == pytest.approx(
        (0.2 + float(circle.mean())) / 41, rel=1e-4
    )


def test_frames_that_are_not_valid_cost_nothing(
    batch: Batch, skeleton: DatasetSkeleton, stats: CoordinateStats
) -> None:
    angles = batch["angles"].clone()
    angles[:, 3] += 1.0
    masked = {**batch, "frame_valid": batch["frame_valid"].clone(), "angle_valid": batch["angle_valid"].clone()}
    masked["frame_valid"][:, 3] = False
    masked["angle_valid"][:, 3] = False
    prediction = of(angles, batch["scales"], stats)
    network = make_network("odah_tiny", preset_named("odah_tiny"), stats, skeleton)
    assert float(network.losses(prediction, masked)["total"]) < 3e-3 < float(network.losses(prediction, batch)["total"])
    terms = published_losses(prediction, masked, skeleton, stats, PublishedWeights())
    assert float(terms["total"]) < 1e-4


def test_one_frame_is_held_against_that_frame(batch: Batch, skeleton: DatasetSkeleton, stats: CoordinateStats) -> None:
    whole = of(batch["angles"], batch["scales"], stats)
    prediction = Prediction(*(part[:, 2:3] for part in whole[:2]), circle=whole.circle[:, 2:3], frame=2)
    assert float(own_losses(prediction, batch, skeleton, stats, OwnWeights(joints=1.0))["total"]) < 1e-5
    assert float(published_losses(prediction, batch, skeleton, stats, PublishedWeights())["total"]) < 1e-4


def test_inner_parts_are_trained_too(batch: Batch, skeleton: DatasetSkeleton, stats: CoordinateStats) -> None:
    right = of(batch["angles"], batch["scales"], stats)
    wrong = of(batch["angles"], batch["scales"] + 0.01, stats)
    terms = published_losses(right._replace(earlier=(wrong,)), batch, skeleton, stats, PublishedWeights())
    assert float(terms["scales"]) == pytest.approx(0.03, rel=1e-3)
