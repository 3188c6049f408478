import itertools

import numpy as np
import pytest
import torch

from kinesynth_train.rotations import (
    RotationCode,
    euler_branches,
    nearest_branch,
    root_to_rotation,
    rotation_to_root,
    six_to_rotation,
    vector_to_rotation,
)
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton, tied_factors


def test_the_roots_rotation_is_the_skeletons(skeleton: DatasetSkeleton, stats: CoordinateStats) -> None:
    turns = torch.tensor([[0.4, -0.7, 2.5], [-1.2, 0.3, -0.6], [0.0, 0.0, 0.0]])
    angles = stats.mean.repeat(3, 1)
    angles[:, stats.root] = turns
    wanted = skeleton(angles[:, None], skeleton.reference.expand(3, -1, -1)).transforms[:, 0, 0, :3, :3]
    torch.testing.assert_close(root_to_rotation(turns, stats.root_axes), wanted, atol=1e-5, rtol=0)
    torch.testing.assert_close(rotation_to_root(wanted, stats.root_axes), turns, atol=1e-4, rtol=0)


def test_left_handed_axes_turn_the_other_way() -> None:
    axes = torch.tensor([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    turns = torch.tensor([0.3, -0.2, 0.5])
    torch.testing.assert_close(rotation_to_root(root_to_rotation(turns, axes), axes), turns)


@pytest.mark.parametrize("middle", [90.0, -90.0, 89.999, 80.0])
def test_a_quarter_turn_in_the_middle_is_the_same_rotation(middle: float) -> None:
    turns = torch.deg2rad(torch.tensor([[20.0, middle, -50.0], [0.0, middle, 0.0], [-170.0, middle, 10.0]]))
    turns.requires_grad_()
    for axes in (torch.eye(3), torch.eye(3)[:, [2, 0, 1]]):
        rotation = root_to_rotation(turns, axes)
        again = root_to_rotation(rotation_to_root(rotation, axes), axes)
        torch.testing.assert_close(again, rotation, atol=2e-3, rtol=0)
        assert torch.autograd.grad(again.square().sum(), turns)[0].isfinite().all()


def test_six_numbers_make_a_rotation() -> None:
    rotations = six_to_rotation(torch.randn(5, 6, generator=torch.Generator().manual_seed(0)))
    torch.testing.assert_close(rotations @ rotations.mT, torch.eye(3).expand(5, 3, 3), atol=1e-5, rtol=0)
    torch.testing.assert_close(torch.linalg.det(rotations), torch.ones(5))


def test_rotation_vectors_by_scipy() -> None:
    from scipy.spatial.transform import Rotation

    vectors = np.random.default_rng(0).normal(size=(5, 4, 3)) * [[[3.0]], [[1.0]], [[1e-4]], [[0.0]], [[0.3]]]
    expected = Rotation.from_rotvec(vectors.reshape(-1, 3)).as_matrix().reshape(5, 4, 3, 3)
    found = vector_to_rotation(torch.tensor(vectors).float())
    torch.testing.assert_close(found, torch.tensor(expected).float(), atol=1e-5, rtol=0)
    resting = torch.zeros(3, requires_grad=True)
    vector_to_rotation(resting).sum().backward()
    assert resting.grad is not None
    assert resting.grad.isfinite().all()


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_both_branches_are_one_rotation(order: tuple[int, ...]) -> None:
    axes = torch.eye(3)[:, list(order)]
    turns = torch.tensor([0.4, -0.9, 2.0])
    for branch in euler_branches(turns):
        torch.testing.assert_close(root_to_rotation(branch, axes), root_to_rotation(turns, axes), atol=1e-5, rtol=0)


def test_the_branch_within_the_limits_is_taken() -> None:
    axes = torch.eye(3)
    limits = torch.deg2rad(torch.tensor([[-90.0, 180.0], [-180.0, 90.0], [-120.0, 120.0]]))
    turns = torch.deg2rad(torch.tensor([20.0, -130.0, 30.0]))  # an arm abducted beyond the horizontal
    plain = rotation_to_root(root_to_rotation(turns, axes), axes)
    assert (plain[1].abs() <= torch.pi / 2).all()
    torch.testing.assert_close(nearest_branch(plain, limits), turns, atol=1e-4, rtol=0)
    wide = torch.tensor([[-4.0, 4.0]] * 3)
    torch.testing.assert_close(nearest_branch(plain, wide, before=turns + 0.1), turns, atol=1e-4, rtol=0)


def test_the_code_has_82_numbers_and_gives_the_angles_back(skeleton: DatasetSkeleton) -> None:
    definition = skeleton.definition
    code = RotationCode.of(definition)
    assert len(code.balls) == 7
    assert code.size == 82
    rng = np.random.default_rng(0)
    low, high = definition.coordinate_ranges.T
    inner = rng.uniform(0.9 * low + 0.1 * high, 0.1 * low + 0.9 * high, (200, len(low)))
    own = (definition.coupled_to < 0) & ~definition.coordinate_translational
    angles = torch.tensor(np.where(own, inner, 0.0)).float()
    found = code.angles(*code.matrices(code.encode(angles)), near=angles)
    torch.testing.assert_close(found, angles, atol=2e-3, rtol=0)


def test_a_code_of_any_length_is_a_pose(skeleton: DatasetSkeleton) -> None:
    code = RotationCode.of(skeleton.definition)
    rotations, circles = code.matrices(3.0 * torch.randn(4, 74, generator=torch.Generator().manual_seed(1)))
    torch.testing.assert_close(torch.linalg.det(rotations), torch.ones(4, 7))
    torch.testing.assert_close(circles.norm(dim=-1), torch.ones_like(circles[..., 0]))


def test_scales_that_are_equal_in_everybody_are_one_factor() -> None:
    thigh, shank, width = np.array([1.0, 1.1]), np.array([0.9, 1.2]), np.array([1.0, 0.8])
    scales = np.stack([np.stack([thigh, thigh, width], axis=1), np.stack([shank, shank, thigh], axis=1)], axis=1)
    assert tied_factors(scales).tolist() == [0, 0, 1, 2, 2, 0]
    nudged = scales + np.random.default_rng(0).uniform(-1e-7, 1e-7, scales.shape)
    assert len(set(tied_factors(nudged).tolist())) == 3
