"""Markers made on a known body: shape and pose are found again, from standard labels and from unknown ones."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_labels import PLUG_IN_GAIT

from kinesynth.body.mocap.attachment import STANDOFF_M, at_landmarks
from kinesynth.body.mocap.fit import dress, follow_markers, marker_distance, read_trial, smplx_pose
from kinesynth.body.mocap.labels import known
from kinesynth.body.model import BodyModel, SmplxPose
from kinesynth.errors import BadInput, ClipRejected
from kinesynth.geometry.mesh import vertex_normals
from kinesynth.opensim_files.trc import MarkerTrajectories, write_trc

Trial = MarkerTrajectories
FPS, FRAMES = 30.0, 16
BETAS = np.array([0.8, -0.6, 0.4, 0.0, 0.3, 0.0, 0.0, 0.0, 0.0, 0.0])


def walker() -> SmplxPose:
    """Someone who steps ahead with swinging arms, in SMPL-X's own frame (y up)."""
    swing = np.sin(2 * np.pi * np.arange(FRAMES) / FRAMES)
    pose = SmplxPose.rest(BETAS, FRAMES)
    body = pose.body_pose.reshape(FRAMES, 21, 3)
    for hip, knee, shoulder, elbow, sign in ((0, 3, 15, 17, 1.0), (1, 4, 16, 18, -1.0)):
        body[:, hip, 0] = -0.5 * sign * swing
        body[:, knee, 0] = 0.4 + 0.3 * sign * swing
        body[:, shoulder, 2] = -sign * (1.1 + 0.2 * swing)
        body[:, elbow, 1] = -sign * 0.6
    transl = np.stack([0.02 * swing, np.ones(FRAMES), np.arange(FRAMES) * 0.04], axis=1)
    return replace(pose, body_pose=body.reshape(FRAMES, 63), transl=transl)


@pytest.fixture(scope="module")
def recorded(free: BodyModel) -> Trial:
    """The walker's Plug-in Gait markers in a z-up file, three of them with names of their own, some hidden."""
    vertices, _ = free.pose(walker())
    at, _ = at_landmarks(free, known(PLUG_IN_GAIT))
    markers = np.empty((FRAMES, len(PLUG_IN_GAIT), 3))
    for frame, posed in enumerate(vertices):
        markers[frame] = at.feet.of(posed) + STANDOFF_M * at.feet.of(vertex_normals(posed, free.faces))
    names = tuple({"LUPA": "antenna", "RTHI": "xy1", "T10": "back7"}.get(name, name) for name in PLUG_IN_GAIT)
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
