"""HSMR of Euler angles: its truth, and what a turn too much costs."""

import pytest
import torch

from kinesynth_train.data import Batch
from kinesynth_train.networks import make_network, preset_named
from kinesynth_train.networks.contract import Prediction
from kinesynth_train.networks.hsmr_euler import HsmrEuler
from kinesynth_train.networks.views import per_view
from kinesynth_train.rotations import root_to_rotation, rotation_to_root
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton


@pytest.fixture(scope="module")
def network(stats: CoordinateStats, skeleton: DatasetSkeleton) -> HsmrEuler:
    torch.manual_seed(0)
    made = make_network("hsmr_euler_tiny", preset_named("hsmr_euler_tiny"), stats, skeleton)
    assert isinstance(made, HsmrEuler)
    return made


def truthful(network: HsmrEuler, batch: Batch) -> tuple[Prediction, Batch]:
    """What a network says that knows the truth, and the truth of each view."""
    seen, stats = per_view(batch, 2), network.stats
    cameras = seen["rotations"] @ root_to_rotation(seen["angles"][..., stats.root], stats.root_axes)
    angles = seen["angles"].index_copy(-1, stats.root, rotation_to_root(cameras, stats.root_axes))
    scales = seen["scales"][:, None].expand(-1, angles.shape[1], -1, -1)
    return Prediction(seen["angles"], scales, code=angles[..., network.order]), seen


def test_the_published_size_has_37_angles(stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
    with torch.device("meta"):
        network = make_network("hsmr_b_euler", preset_named("hsmr_b_euler"), stats, skeleton)
        assert isinstance(network, HsmrEuler)
        assert network.read_code(torch.empty(2, 1024)).shape == (2, 41)


def test_an_untrained_one_stands_upright_before_the_camera(network: HsmrEuler, batch: Batch) -> None:
    prediction = network.eval()({**batch}, "picture")
    assert prediction.rotation is not None
    assert (prediction.rotation[..., 1, 1] > 0.95).all()


def test_angles_become_the_pose_that_they_are(network: HsmrEuler, batch: Batch) -> None:
    prediction, seen = truthful(network, batch)
    assert prediction.code is not None
    found, wanted = network.matrices(prediction.code), network.pose.truth(seen["angles"], seen["rotations"])
    torch.testing.assert_close(found.flat(), wanted.flat(), atol=1e-5, rtol=0)


def test_the_truth_costs_nothing_and_a_whole_turn_much(network: HsmrEuler, batch: Batch) -> None:
    prediction, seen = truthful(network, batch)
    assert prediction.code is not None
    for part in network.pose_distances(prediction, seen):
        torch.testing.assert_close(part, torch.zeros_like(part), atol=1e-6, rtol=0)
    turned = prediction._replace(code=prediction.code + 2.0 * torch.pi)
    orientation, _ = network.pose_distances(turned, seen)
    here = seen["angle_valid"][..., network.stats.root].all(dim=-1)
    torch.testing.assert_close(orientation[here], torch.full_like(orientation[here], 3 * 2 * (2 * torch.pi) ** 2))


def test_a_small_error_costs_what_matrices_cost(network: HsmrEuler, batch: Batch) -> None:
    prediction, seen = truthful(network, batch)
    assert prediction.code is not None
    one = torch.zeros_like(prediction.code)
    one[..., -1] = 1e-2
    hinge = prediction._replace(code=prediction.code + one)
    pose, truth = network.matrices(hinge.code), network.matrices(prediction.code)
    matrices = 2.0 * (pose.circles - truth.circles).square().sum(dim=(-2, -1))
    valid = seen["angle_valid"][..., network.order[-1]]
    torch.testing.assert_close(network.pose_distances(hinge, seen)[1][valid], matrices[valid], rtol=1e-3, atol=0)
