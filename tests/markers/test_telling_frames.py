"""Which frames tell where markers sit."""

import numpy as np

from kinesynth.markers.telling_frames import MAX_SWAY_M, spread_frames, standstill

FPS = 100.0
PLACES = np.array([[0.0, 1.0, 0.1], [0.1, 0.5, 0.1], [0.0, 0.1, 0.1], [0.2, 0.0, 0.1]])


def _walking_then_still() -> np.ndarray:
    """Return 2 s (T, 4, 3) of which the second half is stood still in, but for 1 mm of noise."""
    positions = np.repeat(PLACES[None], 200, axis=0)
    positions[:100, :, 0] += np.linspace(-1.0, 0.0, 100)[:, None]
    return positions + np.random.default_rng(1).normal(0.0, 0.001, positions.shape)


def test_the_steadiest_stretch_is_found() -> None:
    """It is in the second half; its mean is where the person stood."""
    found = standstill(_walking_then_still(), FPS)
    assert found is not None
    np.testing.assert_allclose(found, PLACES, atol=0.001)


def test_nobody_stands_still_who_walks() -> None:
    """At 1 m/s markers sway by 9 cm in 0.3 s."""
    assert standstill(_walking_then_still()[:100], FPS) is None


def test_a_marker_hidden_in_the_steadiest_stretch_is_unseen_there() -> None:
    """It is not averaged over what little there is of it, and spoils no other."""
    positions = _walking_then_still()
    positions[110:, 2] = np.nan
    found = standstill(positions, FPS)
    assert found is not None
    assert np.isnan(found[2]).all()
    assert np.isfinite(found[[0, 1, 3]]).all()


def test_one_loose_marker_does_not_undo_a_standstill() -> None:
    """Nine of ten markers decide."""
    positions = np.concatenate([_walking_then_still() for _ in range(4)], axis=1)
    positions[:, 5] += 4 * MAX_SWAY_M * np.sin(np.arange(200))[:, None]
    assert standstill(positions, FPS) is not None


def test_frames_are_spread_over_those_that_show_most() -> None:
    """Of 200 frames, half of them nearly empty, at most 16 are kept, from first to last of the full ones."""
    positions = np.tile(np.arange(200.0)[:, None, None], (1, 4, 3))
    positions[:100, 1:] = np.nan
    found = spread_frames(positions)
    assert 8 < len(found) <= 16
    assert np.isfinite(found).all()
    assert found[0, 0, 0] == 100.0
    assert found[-1, 0, 0] > 190.0
