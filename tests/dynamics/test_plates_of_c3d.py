"""A real .c3d with two plates: each is under one foot, which first brakes and then pushes."""

from pathlib import Path

import numpy as np
import pytest
from tools.acceptance.plates import foot_markers

from kinesynth.dynamics.plate_feet import steps
from kinesynth.dynamics.plate_wrench import Place, at_frames
from kinesynth.markers.c3d_plates import read_c3d_plates
from kinesynth.markers.trial import read_screened


def test_a_walk_over_two_plates(shared: Path) -> None:
    path = shared / "data/realfiles/plug_in_gait_full.c3d"
    if not path.exists():
        pytest.skip(f"{path.name} is not at hand")
    trial = read_screened(path).markers
    place = Place(trial.turn, 1.0, np.zeros(3), np.zeros(2))
    wrenches = at_frames(read_c3d_plates(path), trial.times, 20.0, place)
    feet = foot_markers(path, trial.times)
    found = steps(wrenches.force[..., 1], wrenches.centre_of_pressure(), feet)
    assert [(step.plate, step.foot) for step in found] == [(0, 0), (1, 1)]
    assert all(step.distance_m < 0.06 for step in found)
    way = np.nanmean(feet[-20:], axis=(0, 1, 2)) - np.nanmean(feet[:20], axis=(0, 1, 2))
    ahead = way * [1.0, 0.0, 1.0] / np.linalg.norm(way[[0, 2]])
    for step in found:
        fore_aft = wrenches.force[step.frames, step.plate] @ ahead
        first, second = np.array_split(fore_aft, 2)
        assert first.mean() < -20.0 < 20.0 < second.mean()
