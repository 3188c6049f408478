"""Feet that rest are level; others, and those far from level, are left alone."""

import numpy as np
import pytest
import torch
from made_up_person import FPS, motion

from kinesynth_train.predict.flat_feet import FlatFeet
from kinesynth_train.predict.landmarks import generic_skeleton
from kinesynth_train.predict.soles import soles

FRAMES = 30


def standing(ankle_deg: float) -> np.ndarray:
    """Return angles (T, J) of one who stands still, with the right foot's toes up by so much."""
    skeleton = generic_skeleton()
    angles = np.repeat(motion(1), FRAMES, axis=0)
    for side in "rl":
        for name in ("hip_flexion", "knee_angle", "ankle_angle", "subtalar_angle", "mtp_angle"):
            angles[:, skeleton.coordinate_names.index(f"{name}_{side}")] = 0.0
    angles[:, skeleton.coordinate_names.index("pelvis_tilt")] = 0.0
    angles[:, skeleton.coordinate_names.index("ankle_angle_r")] = np.radians(ankle_deg)
    return skeleton.coupled(angles)


def pull(angles: np.ndarray) -> tuple[FlatFeet, torch.Tensor, float]:
    feet = FlatFeet(generic_skeleton(), angles)
    feet.look(angles, FPS)
    unknowns = torch.tensor(angles[:, feet.free])
    column = int(np.flatnonzero(feet.free == generic_skeleton().coordinate_names.index("ankle_angle_r"))[0])
    found = feet.quadratic(unknowns, torch.arange(FRAMES))
    return feet, unknowns, float(found.gradient[FRAMES // 2, column])


def test_a_foot_at_rest_is_drawn_level() -> None:
    """From toes up, down; from toes down, up; most of the way in one step of Gauss and Newton."""
    assert pull(standing(6.0))[2] > 0 > pull(standing(-6.0))[2]
    level = standing(0.0)
    heights = soles(generic_skeleton(), level)[0, :6, 1]
    assert np.ptp(heights) < 0.02


def test_the_slope_is_that_of_the_cost() -> None:
    feet, unknowns, _ = pull(standing(4.0))
    unknowns = unknowns[:2].clone()
    index = torch.arange(2)
    found = feet.quadratic(unknowns, index)
    step = 1e-6
    for column in range(unknowns.shape[1]):
        there = unknowns.clone()
        there[:, column] += step
        back = unknowns.clone()
        back[:, column] -= step
        slope = (feet.quadratic(there, index).cost - feet.quadratic(back, index).cost) / (4 * step)
        torch.testing.assert_close(found.gradient[:, column], slope, rtol=1e-4, atol=1e-5)


def test_a_foot_that_moves_or_stands_on_its_toes_is_left_alone() -> None:
    resting = abs(pull(standing(-6.0))[2])
    assert abs(pull(standing(-45.0))[2]) < 0.2 * resting
    moving = standing(-6.0)
    moving[:, generic_skeleton().coordinate_names.index("pelvis_tx")] = 1.5 * np.arange(FRAMES) / FPS
    assert abs(pull(moving)[2]) < 0.05 * resting


@pytest.mark.parametrize("frames", [1, 2])
def test_very_short_parts_are_left_alone(frames: int) -> None:
    angles = standing(5.0)[:frames]
    feet = FlatFeet(generic_skeleton(), angles)
    feet.look(angles, FPS)
    found = feet.quadratic(torch.tensor(angles[:, feet.free]), torch.arange(frames))
    assert torch.isfinite(found.cost).all()
