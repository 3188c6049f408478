"""What is no marker on one person's skin is left out with its reason; codes for gaps are gaps; leaps are named."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kinesynth.errors import BadInput
from kinesynth.markers.screening import listed, screen
from kinesynth.opensim_files.trc import MarkerTrajectories

PATH = Path("walk.trc")
NAMES = (
    "LASI", "RASI", "LPSI", "RPSI", "C7", "CLAV", "STRN", "LSHO", "RSHO", "LKNE", "RKNE", "LANK", "RANK", "LHEE",
    "RHEE",
)  # fmt: skip
FRAMES = 40


@pytest.fixture
def trial() -> MarkerTrajectories:
    """Markers spread over the height of a person who moves ahead."""
    rng = np.random.default_rng(4)
    still = rng.uniform([-0.2, 0.0, -0.2], [0.2, 1.7, 0.2], (len(NAMES), 3))
    ahead = np.zeros((FRAMES, 1, 3))
    ahead[:, 0, 0] = 0.02 * np.arange(FRAMES)
    positions = still + ahead + rng.normal(0, 0.001, (FRAMES, len(NAMES), 3))
    return MarkerTrajectories(NAMES, positions, 100.0, np.arange(FRAMES) / 100.0)


def with_points(trial: MarkerTrajectories, **points: np.ndarray) -> MarkerTrajectories:
    added = np.stack([np.broadcast_to(point, (FRAMES, 3)) for point in points.values()], axis=1)
    return replace(trial, names=(*trial.names, *points), positions=np.concatenate([trial.positions, added], axis=1))


def test_a_good_file_stays_as_it_is(trial: MarkerTrajectories) -> None:
    screened = screen(PATH, trial)
    assert screened.markers.names == NAMES
    np.testing.assert_array_equal(screened.markers.positions, trial.positions)
    assert (screened.left_out, screened.gaps, screened.notes) == ({}, {}, ())


def test_what_is_left_out_is_told_in_one_line(trial: MarkerTrajectories) -> None:
    hidden = np.full((FRAMES, 3), np.nan)
    hidden[:2] = 1.0
    angle, twin = np.array([0.02, 0.001, 0.0]), trial.positions[:, 9]
    crowded = with_points(trial, LHJC=trial.positions[:, 0], RKneeAngles=angle, P9=hidden, LKNE2=twin)
    screened = screen(PATH, crowded)
    assert screened.markers.names == NAMES
    assert listed(screened.left_out) == (
        "LHJC (joint centre), RKneeAngles (angle), P9 (seldom seen), LKNE2 (at the same place as LKNE)"
    )
    assert len(screened.notes) == 1


def test_markers_that_one_posed_frame_shows_are_kept(trial: MarkerTrajectories) -> None:
    """As of a trial that ends when all markers are seen at last: knees and ankles tell a shape that thighs do not."""
    late = trial.positions.copy()
    late[:-1, -3:] = np.nan
    kept = screen(PATH, replace(trial, positions=late))
    assert kept.markers.names == NAMES
    assert kept.notes == ()
    late[-1, :3] = np.nan  # not so where the others have gone by then
    assert set(screen(PATH, replace(trial, positions=late)).left_out) == set(NAMES[-3:])


@pytest.mark.parametrize("code", [9.9999, -16.512, 99999.0])
def test_codes_for_gaps_are_gaps(trial: MarkerTrajectories, code: float) -> None:
    trial.positions[5:12, 3] = code
    trial.positions[30, 7] = code
    trial.positions[20] = code  # nobody was seen
    screened = screen(PATH, trial)
    gaps = np.isnan(screened.markers.positions).all(-1)
    assert gaps[5:12, 3].all()
    assert gaps[30, 7]
    assert gaps[20].all()
    assert gaps.sum() == 7 + 1 + len(NAMES)
    assert screened.gaps["RPSI"].startswith("8 frames at (")


def test_a_leap_is_named(trial: MarkerTrajectories) -> None:
    trial.positions[10:14, 9] += np.arange(4)[:, None] * 0.1 + 4.0
    with pytest.raises(BadInput, match=r"walk.trc: marker LKNE: found 6.9 m off the body in frames 11 to 14"):
        screen(PATH, trial)


def test_joint_centres_are_refused(trial: MarkerTrajectories) -> None:
    joints = ["Hip", "Knee", "Ankle", "BigToe", "Heel", "Shoulder", "Elbow", "Wrist"]
    names = [f"{side}{joint}" for side in "RL" for joint in joints]
    positions = np.random.default_rng(1).uniform(0.0, 1.7, (FRAMES, len(names), 3))
    video = replace(trial, names=tuple(names), positions=positions)
    with pytest.raises(
        BadInput, match=r"walk.trc: markers: found joint centres \(RHip, .* expected markers on the skin"
    ):
        screen(PATH, video)


def skeleton(depth: float) -> MarkerTrajectories:
    """Someone upright, a point at each joint as a frontal view shows them, and one of the chest `depth` m ahead."""
    joints = {
        "Shoulder": (0.2, 1.45),
        "Elbow": (0.25, 1.15),
        "Wrist": (0.3, 0.9),
        "Hip": (0.1, 0.95),
        "Knee": (0.1, 0.5),
    }
    joints |= {"Ankle": (0.1, 0.1), "Heel": (0.1, 0.02)}
    points = {
        f"{side}{joint}": (0.0, y, sign * z)
        for side, sign in (("R", 1.0), ("L", -1.0))
        for joint, (z, y) in joints.items()
    }
    points["front"] = (depth, 1.2, 0.0)
    positions = np.tile(np.array(list(points.values())), (FRAMES, 1, 1))
    return MarkerTrajectories(tuple(points), positions, 100.0, np.arange(FRAMES) / 100.0)


def test_joint_centres_under_names_of_markers_are_refused() -> None:
    with pytest.raises(BadInput, match="no point of the trunk lies in front or behind"):
        screen(PATH, skeleton(0.01))
    assert len(screen(PATH, skeleton(0.12)).labels) == 14
