from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from ball_body import VERTICES_PER_JOINT
from kinesynth.geometry.exponential_map import exponential
from kinesynth.mosh.points import BodyState, Mixture, SkinnedPoints
from kinesynth.mosh.solve import Weights, _solve_chain, solve_pose, solve_shape

FPS = 30.0


@pytest.fixture(scope="module")
def points(layer: Any) -> SkinnedPoints:
    """Five markers on each joint of the body, and its centre."""
    first = np.arange(22)[:, None] * VERTICES_PER_JOINT
    markers = (first + np.arange(5)).reshape(-1, 1)
    centres = first + np.arange(VERTICES_PER_JOINT)
    return SkinnedPoints.from_layer(
        layer,
        Mixture(markers, np.ones_like(markers, dtype=float))
        + Mixture(centres, np.full(centres.shape, 1 / VERTICES_PER_JOINT)),
    )


def moving_body(n_frames: int = 20) -> BodyState:
    """A body whose joints swing smoothly by up to half a radian while it walks ahead."""
    rng = np.random.default_rng(11)
    time = np.arange(n_frames) / FPS
    phase = rng.uniform(0, 2 * np.pi, (55, 3))
    swing = rng.uniform(0, 0.5, (55, 3)) * np.sin(2 * np.pi * time[:, None, None] + phase)
    transl = np.stack([1.2 * time, np.full(n_frames, 0.9), np.zeros(n_frames)], 1)
    betas = torch.as_tensor(rng.normal(size=10))
    return BodyState.at(exponential(torch.as_tensor(swing)), torch.as_tensor(transl), betas)


def disturbed(truth: BodyState) -> BodyState:
    """The same body off by some 8 degrees in every joint, 3 cm in place and a third of a deviation in shape."""
    rng = np.random.default_rng(12)
    drift = np.linspace(0.5, 1.0, len(truth.transl))[:, None, None]
    turns = torch.as_tensor(rng.normal(scale=0.08, size=(1, 22, 3)) * drift)
    rotations = truth.rotations.clone()
    rotations[:, :22] = exponential(turns) @ rotations[:, :22]
    betas = truth.betas + torch.as_tensor(rng.normal(scale=0.3, size=10))
    return replace(truth, rotations=rotations, transl=truth.transl + 0.03, betas=betas)


def largest_turn_degrees(fitted: BodyState, truth: BodyState) -> float:
    difference = fitted.corrected()[0][:, :22] @ truth.rotations[:, :22].mT
    return float(np.rad2deg(Rotation.from_matrix(difference.reshape(-1, 3, 3).numpy()).magnitude()).max())


def fitted(points: SkinnedPoints, start: BodyState, targets: torch.Tensor) -> BodyState:
    some = slice(None, None, 4)
    betas = solve_shape(points, start[some], targets[some], Weights()).betas
    return solve_pose(points, replace(start, betas=betas), targets, Weights(), FPS)


def test_fit_finds_the_body_that_made_the_points(points: SkinnedPoints) -> None:
    truth = moving_body()
    targets = points.points(truth)
    result = fitted(points, disturbed(truth), targets)
    assert (points.points(result) - targets).norm(dim=-1).max() < 0.005
    assert largest_turn_degrees(result, truth) < 3.0


def test_missing_points_are_bridged(points: SkinnedPoints) -> None:
    truth = moving_body()
    targets = points.points(truth)
    holed = targets.clone()
    holed[torch.as_tensor(np.random.default_rng(1).random(targets.shape[:2]) < 0.2)] = torch.nan
    holed[7] = torch.nan  # a frame without a single point
    result = fitted(points, disturbed(truth), holed)
    assert (points.points(result) - targets).norm(dim=-1).max() < 0.01


def test_a_stray_point_does_not_drag_the_body(points: SkinnedPoints) -> None:
    truth = moving_body()
    targets = points.points(truth)
    stray = targets.clone()
    stray[:, 3] += 0.5
    error = (points.points(fitted(points, disturbed(truth), stray)) - targets).norm(dim=-1)
    assert error.mean() < 0.005


def test_frames_are_fitted_together_and_alone_to_the_same_body(points: SkinnedPoints) -> None:
    truth = moving_body(3)
    start, targets = disturbed(truth), points.points(truth)
    start = replace(start, betas=truth.betas)
    loose = replace(Weights(), rate=0.0)
    together = solve_pose(points, start, targets, loose, FPS)
    alone = solve_shape(points, start, targets, replace(loose, shape=1e6))
    np.testing.assert_allclose(together.correction, alone.correction, atol=2e-3)


def test_chain_of_frames_is_solved_as_the_whole_matrix_would_be() -> None:
    rng = np.random.default_rng(2)
    root = rng.normal(size=(4, 3, 3))
    H, g = root @ root.transpose(0, 2, 1) + np.eye(3), rng.normal(size=(4, 3))
    laplacian = np.diag([1.0, 2.0, 2.0, 1.0]) - np.eye(4, k=1) - np.eye(4, k=-1)
    whole = np.kron(laplacian, 0.7 * np.eye(3))
    for t in range(4):
        whole[3 * t : 3 * t + 3, 3 * t : 3 * t + 3] += H[t]
    np.testing.assert_allclose(_solve_chain(H, g, 0.7).ravel(), np.linalg.solve(whole, g.ravel()), atol=1e-12)
