import math

import pytest
import torch

from kinesynth_train.metrics import (
    Mean,
    Spread,
    angle_errors_deg,
    beyond_limits_deg,
    counted_angles,
    root_aligned_mm,
    similar,
    velocity_errors_mm,
)
from kinesynth_train.skeleton import DatasetSkeleton

SQUARE = torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]])


def test_angle_errors_go_the_short_way_round() -> None:
    errors = angle_errors_deg(torch.tensor([math.pi - 0.1, 0.5]), torch.tensor([-math.pi + 0.1, 0.2]))
    torch.testing.assert_close(errors, torch.rad2deg(torch.tensor([0.2, 0.3])))


def test_positions_from_the_root() -> None:
    moved = SQUARE + torch.tensor([5.0, 0.0, 0.0])
    moved[1, 2] += 0.03
    torch.testing.assert_close(
        root_aligned_mm(moved, SQUARE, moved[0], SQUARE[0]), torch.tensor([0.0, 30.0, 0.0, 0.0]), atol=1e-3, rtol=0
    )


def procrustes_mm(points: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    return 1000.0 * (similar(points, truth)[0] - truth).norm(dim=-1)


def test_procrustes_undoes_a_similarity() -> None:
    angle = torch.tensor(0.7)
    turn = torch.tensor([[angle.cos(), -angle.sin(), 0.0], [angle.sin(), angle.cos(), 0.0], [0.0, 0.0, 1.0]])
    points = 1.7 * SQUARE @ turn.T + torch.tensor([3.0, -1.0, 2.0])
    assert procrustes_mm(points, SQUARE).max() < 1e-2


def test_procrustes_by_hand() -> None:
    # One diagonal is 0.2 longer: corners at 0.7071 and 0.8071 from the middle, no turn, and the best scale is
    # (2 * 0.7071 * 0.7071 + 2 * 0.7071 * 0.8071) / (2 * 0.7071^2 + 2 * 0.8071^2) = 0.92968.
    middle = torch.tensor([0.5, 0.5, 0.0])
    away = SQUARE - middle
    stretched = away.clone()
    stretched[[0, 2]] *= (math.sqrt(0.5) + 0.1) / math.sqrt(0.5)
    short, long = math.sqrt(0.5), math.sqrt(0.5) + 0.1
    scale = (short**2 + short * long) / (short**2 + long**2)
    expected = 1000 * torch.tensor([abs(scale * long - short), abs(scale * short - short)])
    torch.testing.assert_close(procrustes_mm(stretched, away)[:2], expected, atol=1e-2, rtol=0)


def test_procrustes_keeps_a_mirror_image_apart() -> None:
    corner = torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 3.0]])
    assert procrustes_mm(corner * torch.tensor([-1.0, 1.0, 1.0]), corner).max() > 100


def test_velocity_by_hand() -> None:
    points = torch.zeros(1, 3, 1, 3)
    points[0, :, 0, 0] = torch.tensor([0.0, 0.001, 0.003])
    errors = velocity_errors_mm(points, torch.zeros(1, 3, 1, 3), torch.tensor([30.0]))
    torch.testing.assert_close(errors, torch.tensor([[[30.0], [60.0]]]))


def test_limits_by_hand() -> None:
    limits = torch.tensor([[-1.0, 1.0], [0.0, 0.5]])
    beyond = beyond_limits_deg(torch.tensor([[-1.2, 0.4], [0.0, 0.8]]), limits)
    torch.testing.assert_close(beyond, torch.rad2deg(torch.tensor([[0.2, 0.0], [0.0, 0.3]])))


def test_coupled_coordinates_and_translations_do_not_count(skeleton: DatasetSkeleton) -> None:
    definition = skeleton.definition
    left_out = {
        name for name, counts in zip(definition.coordinate_names, counted_angles(definition), strict=True) if not counts
    }
    followers = {"knee_angle_r_beta", "knee_angle_l_beta"}
    followers |= {f"thoracic_{turn}" for turn in ("extension", "bending", "rotation")}
    followers |= {f"scap_{turn}_{side}" for turn in ("elev", "prot") for side in "rl"}
    assert left_out == {"pelvis_tx", "pelvis_ty", "pelvis_tz"} | followers


def test_mean_counts_valid_values_only() -> None:
    mean = Mean()
    mean.add(torch.tensor([[1.0, 5.0], [3.0, torch.nan]]), torch.tensor([[True, True], [True, False]]))
    assert mean.total() == pytest.approx(3.0)
    assert mean.each() == [2.0, 5.0]
    assert mean.total(torch.tensor([False, True])) == pytest.approx(5.0)
    assert math.isnan(mean.total(torch.tensor([False, False])))
    assert mean.count() == 2


def test_spread_by_hand() -> None:
    spread = Spread()
    turned = torch.tensor([[math.pi - 0.02, 0.1], [-math.pi + 0.02, 0.1], [0.0, 0.7]])
    spread.add(turned, torch.tensor([[True, True], [True, True], [False, False]]))
    # Half a turn and back is no spread: 0.02 rad on either side of pi.
    torch.testing.assert_close(spread.degrees(), torch.rad2deg(torch.tensor([0.02, 0.0])), atol=0.01, rtol=0)


def test_the_similarity_and_its_rotation() -> None:
    angle = torch.tensor(0.7)
    turn = torch.tensor([[angle.cos(), -angle.sin(), 0.0], [angle.sin(), angle.cos(), 0.0], [0.0, 0.0, 1.0]])
    corner = torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 3.0]])
    laid, rotation = similar(1.7 * corner @ turn.T + torch.tensor([3.0, -1.0, 2.0]), corner)
    torch.testing.assert_close(laid, corner, atol=1e-5, rtol=0)
    torch.testing.assert_close(rotation, turn.T)
