import numpy as np
from ellipsoid_body import ellipsoid_body

from kinesynth.geometry.mesh import vertex_normals
from kinesynth.render.head import ellipsoid
from kinesynth.render.mesh import Patch, boundary_edges, smooth, smoothing_matrix


def test_a_cut_is_straight_and_keeps_the_positive_side() -> None:
    vertices, faces = ellipsoid(np.zeros(3), np.ones(3), 24)
    field = vertices @ [0.3, 1.0, 0.2] - 0.2
    patch = Patch.whole(len(vertices), faces).cut(field)
    cut = patch.sample(field)
    assert cut.min() > -1e-12
    rim = np.unique(patch.boundary)
    np.testing.assert_allclose(cut[rim[np.abs(cut[rim]) < 0.1]], 0, atol=1e-12)


def test_two_halves_have_the_whole_area() -> None:
    body = ellipsoid_body()
    whole = Patch.whole(len(body.vertices), body.faces)
    field = body.vertices[:, 1] - 0.2131
    areas = [area(patch.sample(body.vertices), patch.faces) for patch in (whole, whole.cut(field), whole.cut(-field))]
    np.testing.assert_allclose(areas[0], areas[1] + areas[2], rtol=1e-9)


def area(vertices: np.ndarray, faces: np.ndarray) -> float:
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def test_normals_of_a_sphere_point_outwards() -> None:
    vertices, faces = ellipsoid(np.zeros(3), np.ones(3), 48)
    assert np.einsum("nd,nd->n", vertices, vertex_normals(vertices, faces)).min() > 0.95


def test_smoothing_keeps_the_height_of_a_straight_hem() -> None:
    vertices, faces = ellipsoid(np.zeros(3), np.ones(3), 24)
    patch = Patch.whole(len(vertices), faces).cut(vertices[:, 1])
    points = patch.sample(vertices)
    rim = np.unique(boundary_edges(patch.faces))
    smoothed = smooth(points, smoothing_matrix(len(points), patch.faces), 10)
    np.testing.assert_allclose(smoothed[rim, 1], points[rim, 1], atol=1e-9)
