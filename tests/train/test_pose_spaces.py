"""Poses of the SMPL-X body: their matrices, their camera, and how far they are off."""

from pathlib import Path

import pytest
import torch
from few_steps import costs_of_steps

from kinesynth_train.body_tally import BodyTally, turn_between
from kinesynth_train.data import KINEMATIC_LABELS, Batch, Windows
from kinesynth_train.evaluate import read_stretch
from kinesynth_train.networks import make_network, preset_named
from kinesynth_train.networks.biohuman import BioHuman
from kinesynth_train.networks.coded_pose import CodedPose
from kinesynth_train.networks.pose_spaces import BodySpace, body_rotations
from kinesynth_train.networks.views import per_view
from kinesynth_train.rotations import vector_to_rotation
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton
from kinesynth_train.stretch import Estimate, Stretch

LABELS = (*KINEMATIC_LABELS, "activations", "quality/activation_valid", *BodySpace.labels)


@pytest.fixture(scope="module")
def batch(results: Path) -> Batch:
    windows = Windows(results, "train", 6, 64, labels=LABELS, aspect=0.75)
    generator = torch.Generator().manual_seed(0)
    stacked = {name: torch.stack([windows[0][name], windows[1][name]]) for name in windows[0]}
    for name in ("global_orient", "body_pose"):  # the fixture's body does not move
        stacked[name] = 0.5 * torch.randn(stacked[name].shape, generator=generator)
    return stacked


def test_bodies_stand_before_the_camera(stats: CoordinateStats, skeleton: DatasetSkeleton, batch: Batch) -> None:
    space = BodySpace(CodedPose(stats, skeleton), 8)
    pose = space.initial(torch.zeros(82))
    rotations = space.rotations(pose)
    torch.testing.assert_close(rotations[0] @ torch.tensor([0.0, 1.0, 0.0]), torch.tensor([0.0, -1.0, 0.0]))  # up
    torch.testing.assert_close(rotations[0] @ torch.tensor([0.0, 0.0, 1.0]), torch.tensor([0.0, 0.0, -1.0]))  # front
    torch.testing.assert_close(rotations[1:], torch.eye(3).expand(21, 3, 3))
    assert space.numbers == 132


def test_the_truth_comes_back_to_the_world(stats: CoordinateStats, skeleton: DatasetSkeleton, batch: Batch) -> None:
    space = BodySpace(CodedPose(stats, skeleton), 8)
    seen = per_view(batch, 1)
    flat, valid = space.truth(seen)
    assert flat.shape == valid.shape == (2, 6, 22 * 9)
    pose = flat.unflatten(-1, (22, 3, 3))[..., :2].mT.flatten(-3)
    torch.testing.assert_close(space.flat(2.0 * pose), flat, atol=1e-5, rtol=0)  # of any length
    torch.testing.assert_close(space.canonical(2.0 * pose), pose, atol=1e-5, rtol=0)
    body = space.body(pose[0], seen["rotations"][0])
    assert body is not None
    wanted = body_rotations({name: batch[name][0] for name in ("global_orient", "body_pose")})
    torch.testing.assert_close(body, wanted, atol=1e-5, rtol=0)
    assert body_rotations(batch).shape == (2, 6, 22, 3, 3)


def test_turns_by_hand() -> None:
    vectors = torch.tensor([[0.3, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 0.0]])
    base = vector_to_rotation(torch.tensor([0.2, -0.5, 0.9]))
    torch.testing.assert_close(
        turn_between(base.expand(3, 3, 3), base @ vector_to_rotation(vectors)), torch.tensor([0.3, 3.0, 0.0]),
        atol=1e-4, rtol=0,
    )  # fmt: skip


def test_a_joint_that_is_off_by_hand(results: Path, skeleton: DatasetSkeleton) -> None:
    stretch = read_stretch(Windows(results, "test", 14, stride=14, labels=LABELS), 0, "cpu")
    body = body_rotations({name: stretch.batch[name][0] for name in ("global_orient", "body_pose")})
    body[:, 4] = body[:, 4] @ vector_to_rotation(torch.tensor([0.0, 0.33, 0.0]))
    tally = BodyTally(skeleton, "cpu")
    estimate = Estimate(
        stretch.batch["angles"][0], stretch.scales, activations=stretch.batch["activations"][0], body=body
    )
    tally.add(estimate, Stretch(stretch.batch, stretch.layer, 0))
    assert tally.metrics()["pose_rmse_rad"] == pytest.approx(0.33 / 66**0.5, rel=1e-3)


def test_the_published_pose_space(batch: Batch, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
    torch.manual_seed(0)
    network = make_network("biohuman_smplx_tiny", preset_named("biohuman_smplx_tiny"), stats, skeleton).train()
    assert isinstance(network, BioHuman)
    assert set(LABELS) == set(network.labels)
    assert network.encoder.enter.weight.shape[1] == 3 * 132
    prediction = network(batch, "final")
    assert prediction.code is not None
    assert prediction.code.shape == (4, 6, 132)
    torch.testing.assert_close(prediction.angles, prediction.earlier[0].angles)
    parameters = [parameter for _, group in network.rates("core") for parameter in group]
    costs = costs_of_steps(network, batch, parameters, "core", "pose")
    assert costs[-1] < costs[0]
