"""Resampling keeps to the manifold and to what the new rate can carry."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from kinesynth.motion.resample import frame_times, resample_positions, resample_rotations


def turning(times: np.ndarray, rate: float) -> np.ndarray:
    """A joint turning steadily about a skew axis, its axis-angle wrapped at pi."""
    axis = np.array([1.0, 2.0, -0.5]) / np.linalg.norm([1.0, 2.0, -0.5])
    return Rotation.from_rotvec(np.outer(rate * times, axis)).as_rotvec()


@pytest.mark.parametrize(
    ("fps", "new"), [(120.0, 30.0), (120.0000458, 30.0), (100.0, 60.0), (59.94, 120.0), (30.0, 30.0)]
)
def test_a_steady_turn_stays_steady_through_pi(fps: float, new: float) -> None:
    given = turning(np.arange(int(4 * fps)) / fps, 3.0)
    times = frame_times(0.5, 3.5, new)
    found, expected = resample_rotations(given, fps, times), turning(times, 3.0)
    error = (Rotation.from_rotvec(found).inv() * Rotation.from_rotvec(expected)).magnitude()
    assert np.degrees(error.max()) < 0.01


def test_what_the_new_rate_cannot_carry_is_removed() -> None:
    times = np.arange(480) / 120
    slow, fast = np.sin(2 * np.pi * 2 * times), 0.2 * np.sin(2 * np.pi * 28 * times)
    new = frame_times(0.5, 3.5, 30.0)
    found = resample_positions((slow + fast)[:, None], 120.0, new)[:, 0]
    assert np.abs(found - np.sin(2 * np.pi * 2 * new)).max() < 0.03


def test_frames_are_half_open_and_exact() -> None:
    times = frame_times(0.5, 2.0, 30.0)
    assert len(times) == 45
    assert times[0] == 0.5
    assert times[-1] < 2.0 - 1e-9


def test_upsampled_positions_are_smooth() -> None:
    given = np.sin(np.arange(60) / 10)[:, None]
    found = resample_positions(given, 30.0, frame_times(0.0, 1.9, 120.0))[:, 0]
    np.testing.assert_allclose(found, np.sin(frame_times(0.0, 1.9, 120.0) * 3.0), atol=1e-4)
