"""A limb is as long as it is ever seen, weighed against what is usual."""

import numpy as np
import pytest
from made_up_person import SET

from kinesynth_train.predict.landmarks import generic_skeleton, with_landmarks
from kinesynth_train.predict.proportions import of_height, scales_of
from kinesynth_train.predict.scaled import points_standing, scaled
from kinesynth_train.predict.seen_lengths import by_seen_lengths

CAMERA = np.array([30.0, 1.0, 0.0])  # in front of somebody who stands and looks along x


def ratio_found(factor: float, turned: float = 0.0) -> float:
    """Return thigh over trunk, against usual, found of somebody whose thighs differ and lean (rad)."""
    marked, _ = with_landmarks(generic_skeleton(), SET)
    usual = of_height(generic_skeleton(), 1.8)
    own = scaled(marked, scales_of(marked, usual.factors | {"thigh": usual.factors["thigh"] * factor}))
    markers, points = points_standing(scaled(marked, usual.scales)), points_standing(own)
    for side in "RL":
        hip, knee = (marked.marker_names.index(f"{side}{part}") for part in ("Hip", "Knee"))
        thigh = points[knee] - points[hip]
        points[knee] = points[hip] + [np.sin(turned) * np.linalg.norm(thigh), np.cos(turned) * thigh[1], thigh[2]]
    frames = [np.tile(each, (20, 1, 1)) for each in (markers, points)]
    found = by_seen_lengths(usual, marked, *frames, CAMERA)
    assert found.height == 1.8
    return found.factors["thigh"] / found.factors["trunk"]


def test_a_limb_that_is_never_seen_so_long_is_shorter() -> None:
    assert ratio_found(0.96) == pytest.approx(0.96**0.8, abs=0.006)
    assert ratio_found(1.04) == pytest.approx(1.04**0.8, abs=0.006)
    assert ratio_found(1.0) == pytest.approx(1.0, abs=0.006)


def test_a_limb_that_is_never_seen_whole_tells_nothing() -> None:
    assert ratio_found(1.0, turned=np.radians(60)) == pytest.approx(1.0, abs=0.006)
