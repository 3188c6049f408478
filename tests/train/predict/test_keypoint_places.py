"""The place of a detector's point on its body is where lines of sight meet, whatever a few of them show."""

import numpy as np
from tools.shipped.keypoint_places import Lines, place_of

PLACE = np.array([0.01, -0.4, 0.02])


def lines(rng: np.random.Generator, count: int, scale: float, *, ring: bool) -> Lines:
    """Return lines of sight, from 3 m away all around, of the place on a body so many times as large."""
    origins = rng.normal(size=(count, 3))
    origins *= 3.0 / np.linalg.norm(origins, axis=1, keepdims=True)
    sight = scale * PLACE - origins
    return Lines(origins, sight / np.linalg.norm(sight, axis=1, keepdims=True), np.full(3, scale), ring)


def test_a_place_is_found_in_the_size_of_the_generic_body() -> None:
    rng = np.random.default_rng(0)
    found, miss = place_of([lines(rng, 20, 1.1, ring=False), lines(rng, 20, 0.9, ring=True)])
    np.testing.assert_allclose(found, PLACE, atol=1e-9)
    assert miss < 1e-9


def test_lines_of_something_else_hardly_count() -> None:
    rng = np.random.default_rng(1)
    good, bad = lines(rng, 40, 1.0, ring=False), lines(rng, 6, 1.5, ring=False)
    found, _ = place_of([good, Lines(bad.origins, bad.directions, np.ones(3), ring=False)])
    assert np.linalg.norm(found - PLACE) < 0.002
