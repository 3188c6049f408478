"""Stretches in which a body is hardly seen are cut off at a file's ends and refused within it."""

import numpy as np
import pytest

from kinesynth.errors import ClipRejected
from kinesynth.motion.sight import in_sight, require_seen, unmarked
from kinesynth.opensim_files.trc import MarkerTrajectories

FPS, FRAMES, MARKERS = 100.0, 200, 24
WHOLE = (None, None, 9.0)


def trial(first: int, last: int, shown: int = 5) -> MarkerTrajectories:
    """All markers, of which only the first few are seen from a frame to before another."""
    positions = np.ones((FRAMES, MARKERS, 3))
    positions[first:last, shown:] = np.nan
    return MarkerTrajectories(tuple(f"M{i}" for i in range(MARKERS)), positions, FPS, 5.0 + np.arange(FRAMES) / FPS)


def test_a_hidden_stretch_is_refused_where_it_is_long() -> None:
    require_seen(trial(80, 105))
    require_seen(trial(80, 140, shown=8))
    with pytest.raises(ClipRejected, match=r"hidden for too long: 0\.40 s with too few from 5\.80 s on"):
        require_seen(trial(80, 120))
    with pytest.raises(ClipRejected, match="hidden for too long"):
        require_seen(trial(0, FRAMES))


@pytest.mark.parametrize(("hidden", "kept"), [((0, 60), (60, 200)), ((150, 200), (0, 150)), ((0, 20), (0, 200))])
def test_ends_are_cut_off_and_told(hidden: tuple[int, int], kept: tuple[int, int]) -> None:
    found = in_sight(trial(*hidden), WHOLE)
    assert len(found.positions) == len(found.times) == kept[1] - kept[0]
    assert found.times[0] == pytest.approx(5.0 + kept[0] / FPS)
    assert bool(found.notes) == (kept != (0, 200))


def test_seconds_that_the_user_names_stand() -> None:
    assert len(in_sight(trial(0, 60), (5.0, None, 9.0)).times) == FRAMES
    assert len(in_sight(trial(150, 200), (None, 6.9, 9.0)).times) == FRAMES
    assert len(in_sight(trial(0, FRAMES), WHOLE).times) == FRAMES, "nothing to cut to"


def test_limbs_that_wear_no_marker_are_told_and_ends_are_not() -> None:
    legs = [f"{part}_{side}" for part in ("femur", "tibia", "toes") for side in "rl"]
    arms = [f"{part}_{side}" for part in ("humerus", "radius") for side in "rl"]
    shoulders = ["scapula_r", "scapula_l"]
    assert unmarked(["pelvis", "torso", *shoulders, *legs, *arms]) == ()
    assert unmarked(["pelvis", *shoulders, *legs, *arms]) == (), "shoulders tell the trunk"
    assert unmarked(["pelvis", *legs, *arms]) == ("torso", "scapula_r", "scapula_l")
    assert unmarked(["pelvis", "torso", *legs, *arms]) == ("scapula_r", "scapula_l")
    upper = ["torso", *shoulders, "humerus_r", "humerus_l", "hand_r"]
    assert unmarked(["pelvis", *upper, *legs]) == ("ulna_l", "radius_l", "hand_l")
    assert unmarked(["pelvis", "torso", *shoulders, *arms, *legs[:-1]]) == ("calcn_l", "toes_l")
