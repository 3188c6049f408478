"""What a subject's record says of the markers that were worn."""

from pathlib import Path

import numpy as np
import pytest

from kinesynth.body.mocap.worn import MOST_SWAY_M, assumed, check_same_person, standstill
from kinesynth.errors import BadInput
from kinesynth.opensim_files.trc import MarkerTrajectories

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
    positions[:, 5] += 4 * MOST_SWAY_M * np.sin(np.arange(200))[:, None]
    assert standstill(positions, FPS) is not None


def test_what_is_assumed_is_said() -> None:
    """A static trial with both ends of the pelvis marked needs nothing; without either something is supposed."""
    whole = {"standing": True, "landmarks": ["RASI", "LPSI", "C7"]}
    assert assumed(whole) == ()
    assert "pelvis tilt" in assumed({**whole, "landmarks": ["RASI", "LASI", "SACR"]})[0]
    assert "no static trial" in assumed({**whole, "standing": False})[0]


PELVIS = ("RASI", "LASI", "RPSI", "LPSI", "SACR")


def _pelvis(size: float, prefix: str = "") -> MarkerTrajectories:
    """Return 1 s of a pelvis that travels."""
    places = size * np.array([[0.1, 0, 0.12], [0.1, 0, -0.12], [-0.08, 0.02, 0.04], [-0.08, 0.02, -0.04], [-0.1, 0, 0]])
    positions = places + np.linspace(0.0, 1.0, 100)[:, None, None]
    return MarkerTrajectories(tuple(prefix + name for name in PELVIS), positions, FPS, np.arange(100) / FPS)


def test_a_static_trial_of_another_person_is_refused() -> None:
    """Markers on the bones of one person keep their distances to a per cent; four pairs at least must tell."""
    path = Path("static.trc")
    check_same_person(path, _pelvis(1.0), _pelvis(1.02))
    with pytest.raises(BadInput, match=r"static.trc: static: found markers 8% nearer or farther"):
        check_same_person(path, _pelvis(1.0), _pelvis(1.08))
    with pytest.raises(BadInput, match=r"static: found 0 of the 5 known markers of the clip"):
        check_same_person(path, _pelvis(1.0, "X"), _pelvis(1.0))
