"""Markers made on a known body: shape and pose are found again, from standard labels and from unknown ones."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_labels import PLUG_IN_GAIT

from kinesynth.body.model import BodyModel
from kinesynth.errors import BadInput, ClipRejected
from kinesynth.markers.trial import read_trial
from kinesynth.mosh.fit import dress, follow_markers, marker_distance, smplx_pose
from kinesynth.opensim_files.trc import MarkerTrajectories, write_trc
from walker import FPS, FRAMES, walker, worn

Trial = MarkerTrajectories


@pytest.fixture(scope="module")
def recorded(free: BodyModel) -> Trial:
    """The walker's Plug-in Gait markers in a z-up file, three of them with names of their own, some hidden.

    A ball and the centre of a hip are among them.
    """
    _, joints = free.pose(walker())
    ball = np.linspace([1.0, 0.5, 2.0], [-1.0, 1.5, 2.0], FRAMES)
    markers = np.concatenate([worn(free, PLUG_IN_GAIT, walker()), np.stack([ball, joints[:, 2]], axis=1)], axis=1)
    names = tuple({"LUPA": "antenna", "RTHI": "xy1", "T10": "back7"}.get(name, name) for name in PLUG_IN_GAIT)
    names += ("orb", "p5")
    markers[3:9, names.index("LKNE")] = np.nan
    markers[10] = np.nan
    return MarkerTrajectories(names, markers[..., [2, 0, 1]], FPS, np.arange(FRAMES) / FPS)


@pytest.fixture(scope="module")
def trial(recorded: Trial, free: BodyModel, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    path = tmp_path_factory.mktemp("trial") / "walk.trc"
    write_trc(path, recorded.names, recorded.positions, FPS)
    return read_trial(path, free)


def test_shape_and_pose_are_found_again(trial: Trial, free: BodyModel) -> None:
    dressed = dress(free, [trial])
    assert {"antenna", "xy1", "back7"} <= set(dressed.attachment.names)
    assert not dressed.has_fingers
    assert dressed.left_out.keys() == {"orb", "p5"}
    assert (dressed.left_out["p5"], len(dressed.notes)) == ("inside the body", 1)
    state = follow_markers(dressed, trial)
    assert np.sqrt(np.nanmean(marker_distance(dressed, state, trial) ** 2)) < 0.005
    found, expected = (free.pose(pose)[1][:, :22] for pose in (smplx_pose(state, free), walker()))
    error = np.linalg.norm(found - found[:, :1] - (expected - expected[:, :1]), axis=-1)
    assert np.delete(error, 10, axis=0).mean() < 0.015
    assert error[10].mean() < 0.03, "a frame without markers lies between its neighbours"


def test_too_few_markers(free: BodyModel, recorded: Trial, trial: Trial, tmp_path: Path) -> None:
    write_trc(tmp_path / "few.trc", recorded.names[:9], recorded.positions[:, :9], FPS)
    with pytest.raises(BadInput, match=r"labels: found 7 known of 9 .* 12 labels or more"):
        read_trial(tmp_path / "few.trc", free)
    unseen = replace(trial, positions=np.full_like(trial.positions, np.nan))
    with pytest.raises(ClipRejected, match="too few markers are seen at once"):
        dress(free, [unseen])


def test_wrong_unit(free: BodyModel, recorded: Trial, tmp_path: Path) -> None:
    write_trc(tmp_path / "big.trc", recorded.names, 200.0 * recorded.positions, FPS)
    with pytest.raises(BadInput, match="unit: found markers"):
        read_trial(tmp_path / "big.trc", free)
