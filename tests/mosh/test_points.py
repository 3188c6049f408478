from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from smplx.lbs import lbs

from kinesynth.geometry.exponential_map import exponential, left_jacobian
from kinesynth.mosh.points import BODY, BODY_AND_FINGERS, BodyState, Mixture, SkinnedPoints


def random_mixture(n_vertices: int, n_points: int = 40, width: int = 5) -> Mixture:
    rng = np.random.default_rng(3)
    weights = rng.uniform(size=(n_points, width))
    return Mixture(rng.integers(0, n_vertices, (n_points, width)), weights / weights.sum(1, keepdims=True))


def random_state(n_frames: int = 3, posed: tuple[int, ...] = BODY) -> BodyState:
    generator = torch.Generator().manual_seed(5)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    rotations, transl = exponential(0.3 * draw(n_frames, 55, 3)), draw(n_frames, 3)
    return BodyState(rotations, transl, 0.2 * draw(n_frames, 3 * len(posed) + 3), draw(10), posed, 0.01 * draw(40, 3))


def test_points_are_the_mixtures_of_the_vertices_that_smplx_poses(layer: Any) -> None:
    state = random_state()
    mixture = random_mixture(len(layer.v_template))
    rotations, transl = state.corrected()
    vertices, _ = lbs(
        state.betas.expand(3, -1), rotations, layer.v_template, layer.shapedirs, layer.posedirs,
        layer.J_regressor, layer.parents, layer.lbs_weights, pose2rot=False,
    )  # fmt: skip
    expected = mixture.of((vertices + transl[:, None]).numpy())
    on_skin = replace(state, latents=None)
    np.testing.assert_allclose(SkinnedPoints.from_layer(layer, mixture).points(on_skin), expected, atol=1e-9)


@pytest.mark.parametrize("posed", [BODY, BODY_AND_FINGERS])
def test_derivatives_equal_those_of_automatic_differentiation(layer: Any, posed: tuple[int, ...]) -> None:
    state = random_state(posed=posed)
    points = SkinnedPoints.from_layer(layer, random_mixture(len(layer.v_template)))

    def of_correction(correction: torch.Tensor) -> torch.Tensor:
        return points.points(replace(state, correction=correction)).sum(0)  # frames do not depend on each other

    def of_betas(betas: torch.Tensor) -> torch.Tensor:
        return points.points(replace(state, betas=betas))

    def of_latents(latents: torch.Tensor) -> torch.Tensor:
        return points.points(replace(state, latents=latents))

    expected = torch.autograd.functional.jacobian(of_correction, state.correction).permute(2, 0, 1, 3)
    np.testing.assert_allclose(points.linearise(state)[1], expected, atol=1e-10)
    expected = torch.autograd.functional.jacobian(of_betas, state.betas)
    np.testing.assert_allclose(points.shape_derivative(state), expected, atol=1e-10)
    expected = torch.autograd.functional.jacobian(of_latents, state.latents)  # (T, P, 3, P, 3)
    own = torch.stack([expected[:, p, :, p] for p in range(points.n_points)], 1)
    np.testing.assert_allclose(points.latent_derivative(state), own, atol=1e-10)


def test_mixtures_of_different_width_join() -> None:
    joined = Mixture(np.array([[4]]), np.array([[1.0]])) + Mixture(np.array([[1, 2]]), np.array([[0.5, 0.5]]))
    vertices = np.arange(15.0).reshape(5, 3)
    np.testing.assert_allclose(joined.of(vertices), [vertices[4], (vertices[1] + vertices[2]) / 2])


def test_rotations_near_zero_keep_their_derivatives() -> None:
    for size in (0.0, 1e-9, 1e-4, 1e-3, 1.0):
        vector = size * torch.tensor([0.48, -0.6, 0.64], dtype=torch.float64)
        step = 1e-6 * torch.tensor([0.2, 0.5, -0.3], dtype=torch.float64)
        turned = exponential(left_jacobian(vector) @ step) @ exponential(vector)
        np.testing.assert_allclose(exponential(vector + step), turned, atol=1e-11)
