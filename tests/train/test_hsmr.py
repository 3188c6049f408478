"""HSMR: what the paper's structure is on our skeleton, its camera, its losses and its metrics."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from few_steps import costs_of_steps

from kinesynth_train.crops import project
from kinesynth_train.data import Batch, Windows
from kinesynth_train.evaluate import read_stretch
from kinesynth_train.keypoint_tally import KeypointTally, off_in_boxes
from kinesynth_train.networks import make_network, preset_named
from kinesynth_train.networks.coded_pose import CodedPose
from kinesynth_train.networks.contract import Prediction
from kinesynth_train.networks.crop_camera import focal_lengths, placed
from kinesynth_train.networks.heads import SCALE_UNIT
from kinesynth_train.networks.hsmr import Hsmr
from kinesynth_train.networks.views import per_view
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton
from kinesynth_train.stretch import Estimate, Stretch


@pytest.fixture(scope="module")
def network(stats: CoordinateStats, skeleton: DatasetSkeleton) -> Hsmr:
    torch.manual_seed(0)
    made = make_network("hsmr_tiny", preset_named("hsmr_tiny"), stats, skeleton)
    assert isinstance(made, Hsmr)
    return made


def layer(width: int, context: int, inner: int, hidden: int) -> int:
    attention = 3 * width * inner + inner * width + width + width * inner + 2 * context * inner + inner * width + width
    return 6 * width + attention + width * hidden + hidden + hidden * width + width


@pytest.mark.parametrize(("name", "context", "layers"), [("hsmr", 1280, 32), ("hsmr_b", 768, 12)])
def test_the_published_sizes(
    name: str, context: int, layers: int, stats: CoordinateStats, skeleton: DatasetSkeleton
) -> None:
    with torch.device("meta"):
        network = make_network(name, preset_named(name), stats, skeleton)
        assert isinstance(network, Hsmr)
        tokens = network.look(torch.empty(2, 4, 256, 256, dtype=torch.uint8))
        features = network.decoder(tokens)
    assert tokens.shape == (2, 192, context)
    assert features.shape == (2, 1024)
    assert network.read_code(features).shape == (2, 82)
    assert network.read_factors(features).shape == (2, stats.factors)
    assert network.read_camera(features).shape == (2, 3)
    vit = 193 * context + 769 * context + layers * (12 * context**2 + 13 * context) + 2 * context
    head = 1024 + 6 * layer(1024, context, 512, 1024) + 1025 * (82 + stats.factors + 3)
    assert sum(parameter.numel() for parameter in network.parameters()) == vit + head


def test_the_release_sees_78_pictures_eight_times_a_step() -> None:
    preset = preset_named("hsmr")
    phase = preset.phases[0]
    assert phase.window * phase.batch_size * 2 * phase.accumulate == 78 * 8
    assert phase.learning_rate == phase.last_learning_rate == 1e-5
    assert preset_named("hsmr_b_noise").phases[0].warmup == 5000


def test_an_untrained_one_stands_upright_where_the_crop_shows_somebody(network: Hsmr, batch: Batch) -> None:
    prediction = network.eval()({**batch}, "picture")
    assert prediction.rotation is not None
    assert (prediction.rotation[..., 1, 1] > 0.95).all()
    place = prediction.angles[..., network.stats.root_place]
    seen = project(place[:, :, None], batch["projections"][:, 0])
    torch.testing.assert_close(seen, torch.zeros_like(seen), atol=1e-3, rtol=0)
    assert (place - batch["keypoints"][:, :, 0]).norm(dim=-1).max() < 1.0


def seen_from(positions: torch.Tensor, projections: torch.Tensor) -> torch.Tensor:
    image = (projections[..., :3] @ positions[..., None])[..., 0] + projections[..., 3]
    size = focal_lengths(projections)[..., None] / image[..., 2:]
    return torch.cat([size, image[..., :2] / image[..., 2:] / size], dim=-1)


def test_the_pelvis_is_where_the_camera_says(network: Hsmr, batch: Batch, skeleton: DatasetSkeleton) -> None:
    cameras = batch["projections"][:, 0]
    pelvis = batch["keypoints"][:, :, 0]
    read = seen_from(pelvis, cameras)
    torch.testing.assert_close(placed(read, cameras), pelvis, atol=1e-4, rtol=0)
    torch.testing.assert_close(read[..., :1] * read[..., 1:], project(pelvis[:, :, None], cameras)[:, :, 0])
    found = skeleton(batch["angles"], batch["scales"]).joint_centres[:, :, 0]
    torch.testing.assert_close(found, batch["angles"][..., network.stats.root_place], atol=1e-5, rtol=0)


def test_weak_perspective_by_hand() -> None:
    # A camera at the origin that looks along z, whose crop is twice the focal length wide: f = 1 half side.
    camera = torch.cat([torch.eye(3), torch.zeros(3, 1)], dim=1)
    assert float(focal_lengths(camera)) == pytest.approx(1.0)
    # A metre covers half a half side, so that it is 2 m away; the middle of the picture is passed by 0.2 m.
    torch.testing.assert_close(placed(torch.tensor([0.5, 0.2, -0.1]), camera), torch.tensor([0.2, -0.1, 2.0]))


def truthful(network: Hsmr, batch: Batch, views: int) -> Prediction:
    """What a network says that knows the truth."""
    seen = per_view(batch, views)
    pose = network.pose.truth(seen["angles"], seen["rotations"])
    code = network.pose.canonical(pose)
    factors = (seen["scales"].flatten(1)[:, network.first_of_each] - 1.0) / SCALE_UNIT
    place = seen["angles"][..., network.stats.root_place]
    angles = network.pose.angles(network.pose.matrices(code), seen["rotations"], place)
    scales = seen["scales"][:, None].expand(-1, angles.shape[1], -1, -1)
    return Prediction(angles, scales, code=code, factors=factors[:, None].expand(-1, angles.shape[1], -1))


def test_the_truth_costs_nothing(network: Hsmr, batch: Batch, stats: CoordinateStats) -> None:
    terms = network.losses(truthful(network, batch, 2), batch)
    for name, value in terms.items():
        assert float(value) == pytest.approx(0.0, abs=0.3 if name == "keypoints_2d" else 2e-2), name


def test_what_each_term_costs_by_hand(network: Hsmr, batch: Batch, skeleton: DatasetSkeleton) -> None:
    truth = truthful(network, batch, 1)
    seen = per_view(batch, 1)
    knee = network.pose.code.hinges.tolist().index(skeleton.definition.coordinate_names.index("knee_angle_r"))
    assert truth.code is not None
    assert truth.factors is not None
    code = truth.code.clone()
    angle = torch.atan2(code[..., 42 + 2 * knee + 1], code[..., 42 + 2 * knee]) + 0.1
    code[..., 42 + 2 * knee], code[..., 42 + 2 * knee + 1] = angle.cos(), angle.sin()
    orientation, body = network.pose_distances(truth._replace(code=code), seen)
    # A matrix that is turned by 0.1 rad is off by 2 sqrt(2) sin(0.05), which is 8 sin^2(0.05) squared.
    torch.testing.assert_close(body, torch.full_like(body, 8.0 * np.sin(0.05) ** 2), atol=1e-4, rtol=0)
    torch.testing.assert_close(orientation, torch.zeros_like(orientation), atol=1e-6, rtol=0)
    wider = truth._replace(factors=truth.factors + 2.0)
    shape = network.shape_distances(wider, seen)
    torch.testing.assert_close(shape, torch.full_like(shape, 4.0 * network.stats.factors), atol=1e-3, rtol=0)
    invalid = {**seen, "angle_valid": torch.zeros_like(seen["angle_valid"])}
    assert network.pose_distances(truth._replace(code=torch.ones_like(code)), invalid)[1].abs().max() == 0


def test_hidden_keypoints_count_half_and_those_outside_nothing(network: Hsmr, batch: Batch) -> None:
    truth = truthful(network, batch, 1)
    moved = {**batch, "keypoints_2d": batch["keypoints_2d"] + torch.tensor([0.2, 0.0])}
    costs = [
        float(
            network.losses(truth, {**moved, "visibility": torch.full_like(batch["visibility"], seen)})["keypoints_2d"]
        )
        for seen in (0, 1, 2)
    ]
    assert costs[0] == 0.0
    assert costs[2] == pytest.approx(56 * 0.1, rel=0.02)  # a tenth of the crop's side
    assert costs[1] == pytest.approx(costs[2] / 2)


def test_codes_are_poses_of_the_skeleton(stats: CoordinateStats, skeleton: DatasetSkeleton, batch: Batch) -> None:
    pose = CodedPose(stats, skeleton)
    cameras = batch["rotations"][:, 0]
    angles = batch["angles"] + 0.1 * torch.randn(batch["angles"].shape, generator=torch.Generator().manual_seed(0))
    angles = skeleton.layer.coupled(angles)
    found = pose.angles(pose.truth(angles, cameras), cameras, angles[..., stats.root_place])
    torch.testing.assert_close(found, angles, atol=2e-3, rtol=0)
    there = skeleton(angles, batch["scales"]).transforms[:, :, 0, :3, :3]
    torch.testing.assert_close(cameras.mT @ pose.truth(angles, cameras).rotations[:, :, 0], there, atol=1e-5, rtol=0)
    assert pose.truth(angles, cameras).flat().shape == (2, 3, 7 * 9 + 20 * 2)


def test_every_view_is_a_picture_of_its_own_in_training(network: Hsmr, batch: Batch) -> None:
    prediction = network.train()(batch, "picture")
    assert prediction.angles.shape[:2] == (4, 3)
    assert network.eval()(batch, "picture").angles.shape[:2] == (2, 3)
    seen = per_view(batch, 2)
    assert torch.equal(seen["rotations"][1], batch["rotations"][0, 1])
    assert torch.equal(seen["angles"][1], batch["angles"][0])


def test_keypoints_in_the_picture_by_hand(results: Path, skeleton: DatasetSkeleton) -> None:
    points = torch.tensor([[[0.0, 0.0], [0.1, 0.0], [0.0, 0.3]]])
    off = off_in_boxes(points, torch.zeros(1, 3, 2), torch.tensor([2.0]))
    torch.testing.assert_close(off, torch.tensor([[0.0, 0.05, 0.15]]))
    stretch = read_stretch(Windows(results, "test", 14, 64, stride=14, aspect=0.75), 0, "cpu")
    tallies = []
    for aside in (0.0, 0.13):
        batch = dict(stretch.batch)
        batch["keypoints_2d"] = batch["keypoints_2d"].clone()
        batch["keypoints_2d"][0, 0, :7, :, 0] += aside  # in the first half of the frames: 0.075 of a box of 1.74
        batch["visibility"] = torch.full_like(batch["visibility"], 2)
        tally = KeypointTally(skeleton, "cpu")
        tally.add(Estimate(stretch.batch["angles"][0], stretch.scales), Stretch(batch, stretch.layer, 0))
        tallies.append(tally.metrics())
    assert [tallies[0][name] for name in ("pck_0.05", "pck_0.1")] == [1.0, 1.0]
    assert [tallies[1][name] for name in ("pck_0.05", "pck_0.1")] == [0.5, 1.0]


def test_a_cut_down_size_takes_a_step(batch: Batch, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
    preset = preset_named("hsmr_tiny")
    shape = dataclasses.replace(preset.shape, layers=1)
    network = make_network("hsmr_tiny", dataclasses.replace(preset, shape=shape), stats, skeleton).train()
    costs = costs_of_steps(network, batch, network.parameters(), "picture")
    assert costs[-1] < costs[0]
