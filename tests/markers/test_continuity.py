"""Missing pieces of time and held positions are found; walking, landing and standing feet are not taken for them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kinesynth.errors import BadInput
from kinesynth.markers.continuity import check_continuous, stuck, without_held
from kinesynth.opensim_files.trc import MarkerTrajectories

PATH, FPS, FRAMES = Path("walk.trc"), 60.0, 120
NAMES = tuple("ABCDEFGH")
TIMES = np.arange(FRAMES) / FPS


def walk(speed: float = 1.3, fps: float = FPS) -> MarkerTrajectories:
    """Markers that go ahead, each with a swing of its own."""
    times = np.arange(FRAMES) / fps
    ahead = np.stack([speed * times, 0.02 * np.cos(12.0 * times), 0.0 * times], axis=1)
    swing = 0.2 * np.sin(6.0 * times[:, None] + np.arange(len(NAMES)))
    positions = ahead[:, None] + np.arange(len(NAMES))[:, None] * [0.0, 0.2, 0.0]
    positions[..., 0] += swing
    return MarkerTrajectories(NAMES, positions, fps, times)


@pytest.mark.parametrize(("cut", "fps"), [((40, 55), 60.0), ((40, 46), 25.0), ((50, 80), 120.0)])
def test_a_missing_piece_is_found(cut: tuple[int, int], fps: float) -> None:
    trial = walk(fps=fps)
    kept = np.r_[0 : cut[0], cut[1] : FRAMES]
    with pytest.raises(BadInput, match=rf"frame {cut[0] + 1}: found all markers leap by 0\.\d+ m"):
        check_continuous(PATH, replace(trial, positions=trial.positions[kept], times=trial.times[: len(kept)]))


@pytest.mark.parametrize("speed", [0.0, 1.3, 10.0])
@pytest.mark.parametrize("fps", [10.0, 25.0, 60.0, 250.0])
def test_motions_that_go_on(speed: float, fps: float) -> None:
    check_continuous(PATH, walk(speed, fps))


def test_a_gap_in_all_markers_and_a_hard_landing_go_on() -> None:
    trial = walk()
    trial.positions[40:52] = np.nan
    trial.positions[70:, :3] = np.nan
    check_continuous(PATH, trial)
    fall = np.where(TIMES < 1.0, 0.5 * 9.81 * (1.0 - TIMES**2), 0.0)  # 9.8 m/s are braked within a frame's share
    fall[60:66] = -0.4 * np.sin(np.linspace(0.0, np.pi, 6))
    check_continuous(PATH, replace(trial, positions=walk(0.0).positions + 0.3 * fall[:, None, None] * [0.0, 1.0, 0.0]))


def test_held_positions_are_gaps() -> None:
    trial = walk()
    trial.positions[30:60, 2] = trial.positions[30, 2]
    found, notes = without_held(trial)
    assert np.isnan(found.positions[31:60, 2]).all()
    assert np.isfinite(found.positions).all(axis=-1).sum() == FRAMES * len(NAMES) - 29
    assert notes == {"C": "29 frames in which it was held"}


def test_standing_feet_are_not_held() -> None:
    """A foot that stands is left slowly, even where a computer made its path."""
    trial = walk()
    since = np.clip(TIMES - 0.8, 0.0, None)
    trial.positions[:, 0] = np.stack([np.minimum(4.0 * since**2, 1.0), 0.0 * since, 0.0 * since], axis=1)
    assert without_held(trial)[1] == {}
    trial.positions[:, 1] = [0.1, 0.0, 0.2]
    assert without_held(trial)[1] == {}


def test_a_marker_that_never_moves_is_stuck_only_where_the_body_travels() -> None:
    trial = walk()
    trial.positions[:, 3] = trial.positions[0, 3]
    trial.positions[:, 4] = np.nan
    assert stuck(trial) == ["D"]
    still = replace(trial, positions=np.broadcast_to(trial.positions[:1], trial.positions.shape))
    assert stuck(still) == []
