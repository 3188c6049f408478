from dataclasses import replace
from importlib import resources

import numpy as np
import pytest

from kinesynth.dynamics.contact import (
    FootMotion,
    contact_likelihood,
    max_contact_speed,
    rest_heights,
    soft_landing,
    sole_of,
    sole_points,
    velocities,
)
from kinesynth.dynamics.contact_forces import Load, point_effect, share_load
from kinesynth.skeleton.definition import SkeletonDefinition

STILL = np.zeros((20, 2, 1, 3))
RATE = 100.0


def feet_at(origin: list[float], length: float = 0.1788) -> FootMotion:
    heel = np.tile(np.column_stack([np.eye(3), origin]), (4, 2, 1, 1))
    heel[:, 1, 2, 3] *= -1.0
    toes = heel.copy()
    toes[..., 0, 3] += length
    return FootMotion(heel, toes, np.zeros((4, 2, 6, 1)))


def test_soles_mirror_and_scale() -> None:
    points = sole_points(feet_at([0.0, 0.0, 0.1]))
    np.testing.assert_allclose(points[:, 0], points[:, 1] * [1.0, 1.0, -1.0])
    wide = sole_points(feet_at([0.0, 0.0, 0.1], 2 * 0.1788))
    assert wide[0, 0, :, 0].max() == pytest.approx(2 * points[0, 0, :, 0].max())


def test_likely_is_low_and_slow() -> None:
    def likelihood(height: float, speed: float, sinking: float = 0.0) -> float:
        velocity = np.array([[speed, -sinking, 0.0]])
        return float(contact_likelihood(np.array([height]), velocity, 0.03, 0.8, 0.02)[0])

    assert likelihood(0.0, 0.0) > 0.99
    assert likelihood(0.1, 0.0) < 1e-6
    assert likelihood(0.0, 3.0) < 1e-6
    assert 0.4 < likelihood(0.03, 0.0) < 0.6
    assert 0.4 < likelihood(0.07, 0.0, 2.0) < 0.6, "a foot on its way down for another 0.02 s"


def test_whoever_swings_fast_touches_down_fast() -> None:
    swing = STILL + np.sin(np.arange(20) / 3.0)[:, None, None, None] * np.array([10.0, 0.0, 0.0])
    assert max_contact_speed(swing, 0.8, 0.2) == pytest.approx(2.0, rel=0.05)
    assert max_contact_speed(0.1 * swing, 0.8, 0.2) == 0.8


def test_speed_of_a_point_on_the_move() -> None:
    points = STILL + np.arange(20)[:, None, None, None] * np.array([0.01, 0.0, 0.0])
    np.testing.assert_allclose(velocities(points, 100.0), np.broadcast_to([1.0, 0.0, 0.0], STILL.shape), atol=1e-9)


def test_speed_does_not_depend_on_the_frame_rate() -> None:
    """A foot that swings through in a third of a second, at 30 and 120 frames per second."""

    def swing(rate_hz: float) -> np.ndarray:
        times = np.arange(round(rate_hz)) / rate_hz
        positions = np.zeros((len(times), 2, 1, 3))
        positions[..., 0] = (0.3 * np.tanh((times - 0.5) / 0.08))[:, None, None]
        return velocities(positions, rate_hz)[..., 0]

    assert swing(120.0).max() > 3.0
    np.testing.assert_allclose(swing(30.0), swing(120.0)[::4], atol=0.15)


@pytest.mark.parametrize("other", [1.0, 0.0])
def test_a_foot_lands_slowly_beside_one_that_carries(other: float) -> None:
    speed = np.concatenate([np.linspace(2.0, 0.0, 21), np.linspace(0.1, 2.0, 20)])
    velocity = np.zeros((41, 2, 1, 3))
    velocity[:, 0, 0, 0] = speed
    likelihood = np.ones((41, 2, 1))
    likelihood[:, 1] = other
    softly = soft_landing(likelihood, velocity, 0.8)[:, 0, 0]
    if not other:
        np.testing.assert_array_equal(softly, 1.0)
        return
    assert softly[np.isclose(speed, 0.4)][0] == pytest.approx(0.5)
    assert softly[0] < 1e-6
    np.testing.assert_array_equal(softly[(speed < 1.6) & (np.arange(41) > 20)], 1.0)  # it leaves as it did


def test_points_rest_where_they_are_slow_and_low() -> None:
    height = np.where(np.arange(20) < 10, 0.015, 0.3)
    points = STILL + height[:, None, None, None] * np.array([0.0, 1.0, 0.0])
    still = np.ones(points.shape[:3], dtype=bool)
    assert rest_heights(points, still, 0.03) == pytest.approx(0.015)
    assert rest_heights(points, ~still, 0.03) == 0.0
    assert rest_heights(points + np.array([0.0, 0.04, 0.0]), still, 0.03) == 0.03


def statics(arms: np.ndarray, weight: float = 700.0, side_force: float = 0.0) -> Load:
    """A rigid body over its feet, six coordinates: forces, then moments, about the origin of both feet's frames."""
    frames = len(arms)
    jacobian = np.zeros((frames, 2, 6, 6))
    jacobian[..., 3:, :3] = np.eye(3)
    jacobian[..., :3, 3:] = np.eye(3)
    demand = np.tile([side_force, weight, 0.0, 0.0, 0.0, 0.0], (frames, 1))
    return Load(demand, point_effect(jacobian, arms), list(range(6)), weight)


def square(frames: int = 3) -> np.ndarray:
    corners = np.array([[x, 0.0, z] for x in (-0.1, 0.1) for z in (-0.05, 0.05)])
    aside = np.array([0.0, 0.0, 0.1])
    return np.tile(np.stack([corners + aside, corners - aside]), (frames, 1, 1, 1))


def test_two_feet_share_the_weight() -> None:
    arms = square()
    forces = share_load(statics(arms), np.ones(arms.shape[:3]), 0.8, RATE)
    np.testing.assert_allclose(forces.sum(axis=(1, 2)), [[0.0, 700.0, 0.0]] * 3, atol=1.0)
    np.testing.assert_allclose(forces[:, 0, :, 1].sum(axis=1), forces[:, 1, :, 1].sum(axis=1), rtol=1e-6)


def test_a_foot_in_the_air_carries_nothing() -> None:
    arms = square()
    likelihood = np.ones(arms.shape[:3])
    likelihood[:, 1] = 0.0
    forces = share_load(statics(arms), likelihood, 0.8, RATE)
    np.testing.assert_array_equal(forces[:, 1], 0.0)
    assert (share_load(statics(arms), 0.0 * likelihood, 0.8, RATE) == 0.0).all()


def test_smoothness_does_not_depend_on_the_frame_rate() -> None:
    """A load that comes and goes, told at three rates: the same force at the same time."""

    def at(rate_hz: float) -> np.ndarray:
        times = np.arange(round(rate_hz) + 1) / rate_hz
        arms = square(len(times))
        load = statics(arms)
        demand = load.demand * (0.5 - 0.5 * np.cos(4.0 * np.pi * times))[:, None]
        likelihood = np.ones(arms.shape[:3]) * (times < 0.5)[:, None, None]
        likelihood[:, 1] = 1.0
        forces = share_load(replace(load, demand=demand), likelihood, 0.8, rate_hz)
        return np.asarray(forces[:: round(rate_hz) // 30, :, :, 1].sum(axis=2))

    slow, fast, faster = at(30.0), at(120.0), at(240.0)
    assert np.sqrt(np.mean((slow - fast) ** 2)) < 0.01 * 700.0
    assert np.sqrt(np.mean((fast - faster) ** 2)) < 0.003 * 700.0


def test_forces_push_and_stay_in_the_friction_cone() -> None:
    arms = square()
    forces = share_load(statics(arms, side_force=2000.0), np.ones(arms.shape[:3]), 0.5, RATE)
    assert forces[..., 1].min() >= -1e-6
    assert (np.hypot(forces[..., 0], forces[..., 2]) <= 0.5 * forces[..., 1] + 1e-6).all()


def test_the_forces_stand_on_the_spheres_of_the_model() -> None:
    """Both read one table; the shipped skeleton is the model."""
    with resources.as_file(resources.files("kinesynth.skeleton") / "generic.npz") as path:
        skeleton = SkeletonDefinition.load(path)
    for body in ("calcn_r", "toes_r"):
        own = skeleton.contact_bodies == skeleton.body_names.index(body)
        np.testing.assert_array_equal(skeleton.contact_places[own][:, [0, 2]], sole_of(body))
