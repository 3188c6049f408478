import numpy as np
import pytest
from ellipsoid_body import ellipsoid_body

from kinesynth.geometry.mesh import vertex_normals
from kinesynth.render.shading import KeyLight, fill, floor_patch, floor_shades, visibility

BODY = ellipsoid_body()
SPHERES = fill(BODY)
DOWN = KeyLight(np.array([0.0, 1.0, 0.0]), 0.5, 0.2)
REST = np.tile(np.eye(3, 4), (1, 55, 1, 1))


def test_the_spheres_fill_the_body_without_standing_out() -> None:
    centres = SPHERES.posed(REST[0])
    np.testing.assert_allclose(centres, SPHERES.centre)
    low, high = BODY.vertices.min(axis=0), BODY.vertices.max(axis=0)
    assert (centres - SPHERES.radius[:, None] > low - 0.05).all()
    assert (centres + SPHERES.radius[:, None] < high + 0.05).all()


def test_one_sphere_overhead_takes_its_solid_angle_of_the_sky() -> None:
    """Cosine-weighted, a sphere of radius r at distance d straight above hides (r/d)^2 of the sky."""
    point, up = np.zeros((1, 3)), np.array([[0.0, 1.0, 0.0]])
    sky_only = KeyLight(DOWN.direction, 0.0, 0.2)
    seen = visibility(point, up, np.array([[0.0, 2.0, 0.0]]), np.array([0.4]), sky_only)
    assert seen[0] == pytest.approx(1 - 0.2**2, abs=0.002)


def test_the_floor_is_dark_under_the_body_and_light_far_away() -> None:
    low, high = BODY.vertices.min(axis=0), BODY.vertices.max(axis=0)
    patch = floor_patch(low, high, float(low[1]) - 0.02)
    shades = floor_shades(patch, SPHERES, REST, DOWN)[0]
    foot = BODY.joint("left_foot")
    under = np.linalg.norm(patch.rest[:, [0, 2]] - foot[[0, 2]], axis=1).argmin()
    rim = np.abs(patch.rest[:, 0]) > np.abs(patch.rest[:, 0]).max() - 1e-9
    assert shades[under] < 0.6
    np.testing.assert_allclose(shades[rim], 1)


def test_the_inner_thighs_are_darker_than_the_outer_ones() -> None:
    normals = vertex_normals(BODY.vertices, BODY.faces)
    light = visibility(BODY.vertices, normals, SPHERES.centre, SPHERES.radius, DOWN)
    thigh = (np.abs(BODY.vertices[:, 1] + 0.3) < 0.1) & (BODY.vertices[:, 0] > 0)
    inner, outer = thigh & (normals[:, 0] < -0.7), thigh & (normals[:, 0] > 0.7)
    assert light[inner].mean() < 0.9 * light[outer].mean()
