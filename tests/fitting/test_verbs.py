"""The two verbs on a small body whose skeleton is known: its joint centres lie near the mesh's own."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from ball_body import PARENTS, VERTICES_PER_JOINT, random_pose
from scipy.spatial.transform import Rotation

from kinesynth.body.model import BodyModel, SmplxPose
from kinesynth.errors import BadInput
from kinesynth.fitting import fit
from kinesynth.fitting.fit import fit_body
from kinesynth.fitting.points import Mixture
from kinesynth.fitting.regressor import joint_regressor, read_regressor
from kinesynth.stage_file import Clip, Rejection, StageFile, read_stage, write_stage

BODIES = [f"body_{joint}" for joint in range(22)]
MARKERS = [f"M{joint}{letter}" for joint in range(22) for letter in "ABCDE"]


@pytest.fixture
def layout(monkeypatch: pytest.MonkeyPatch) -> Mixture:
    """Five markers on the ball of each joint: there are no landmarks to find on balls."""
    vertices = np.arange(22)[:, None] * VERTICES_PER_JOINT + np.arange(5)
    mixture = Mixture(vertices.reshape(-1, 1), np.ones((len(MARKERS), 1)))
    stand_in = SimpleNamespace(names=MARKERS, indices=mixture.indices, weights=mixture.weights)
    monkeypatch.setattr(fit, "resolve_markers", lambda _: stand_in)
    return mixture


def joint_centres(joints: np.ndarray) -> np.ndarray:
    """Return the centres (T, 22, 3) of a skeleton whose bones begin a little before the mesh's (T, 55, 3)."""
    parents = np.array([0, *PARENTS[1:22]])
    return 0.9 * joints[:, :22] + 0.1 * joints[:, parents]


def write_motion(path: Path, poses: dict[str, SmplxPose]) -> Path:
    clips = {
        name: Clip(name, pose.arrays(), {"subject": name.split("-")[0], "fps": 30.0}) for name, pose in poses.items()
    }
    write_stage(path, StageFile(clips))
    return path


def write_ik(path: Path, body: BodyModel, poses: dict[str, SmplxPose], layout: Mixture | None = None) -> Path:
    """Write what inverse kinematics would."""
    clips = {}
    for name, pose in poses.items():
        vertices, joints = body.pose(pose)
        centres = joint_centres(joints)
        markers = layout.of(vertices) if layout else np.zeros((len(pose), 0, 3))
        clips[name] = Clip(name, {"keypoints": np.concatenate([centres, centres], 1), "markers": markers})
    attrs = {"body_names": BODIES, "marker_names": MARKERS if layout else []}
    write_stage(path, StageFile(clips, attrs=attrs))
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, body: BodyModel, body_path: Path) -> Path:
    """A regressor from eight clips of four subjects, in a folder beside what it was trained on."""
    folder = tmp_path_factory.mktemp("trained")
    poses = {f"s{k // 2}-{k}": random_pose(24, seed=k, subject=k // 2) for k in range(8)}
    motion, ik = write_motion(folder / "motion.h5", poses), write_ik(folder / "ik.h5", body, poses)
    joint_regressor(body=body_path, motion=[motion], ik=[ik], output=folder / "regressor.npz")
    return folder / "regressor.npz"


def test_regressor_is_sparse_and_convex(trained: Path) -> None:
    regressor = read_regressor(trained)
    assert regressor.body_names == BODIES
    assert regressor.mixture.indices.shape == regressor.mixture.weights.shape == (22, 32)
    assert regressor.mixture.weights.min() >= 0
    np.testing.assert_allclose(regressor.mixture.weights.sum(1), 1, atol=1e-12)
    for indices, weights in zip(regressor.mixture.indices, regressor.mixture.weights, strict=True):
        used = indices[weights > 0]
        assert len(set(used)) == len(used)


def test_regressor_meets_a_subject_it_never_saw(trained: Path, body: BodyModel) -> None:
    regressor = read_regressor(trained)
    assert regressor.heldout_error_m.mean() < 0.008
    vertices, joints = body.pose(random_pose(24, seed=77, subject=50))
    error = np.linalg.norm(regressor.mixture.of(vertices) - joint_centres(joints), axis=-1)
    assert error.mean() < 0.010


def test_regressor_has_the_same_bytes_twice(trained: Path, tmp_path: Path, body_path: Path) -> None:
    again, folder = tmp_path / "again.npz", trained.parent
    joint_regressor(body=body_path, motion=[folder / "motion.h5"], ik=[folder / "ik.h5"], output=again)
    assert again.read_bytes() == trained.read_bytes()


@pytest.mark.parametrize("n_clips", [1, 4])
def test_regressor_is_well_posed_with_little_data(
    tmp_path: Path, body: BodyModel, body_path: Path, n_clips: int
) -> None:
    few = {f"s0-{k}": random_pose(8, seed=k) for k in range(n_clips)}
    motion, ik = write_motion(tmp_path / "m.h5", few), write_ik(tmp_path / "i.h5", body, few)
    joint_regressor(body=body_path, motion=[motion], ik=[ik], output=tmp_path / "r.npz")
    regressor = read_regressor(tmp_path / "r.npz")
    assert np.isfinite(regressor.heldout_error_m).all()
    vertices, joints = body.pose(random_pose(24, seed=77, subject=50))
    error = np.linalg.norm(regressor.mixture.of(vertices) - joint_centres(joints), axis=-1)
    assert error.mean() < 0.02


def test_regressor_refuses_shards_that_do_not_match(tmp_path: Path, body: BodyModel, body_path: Path) -> None:
    ik = write_ik(tmp_path / "ik.h5", body, {"s0-0": random_pose(4, 0)})
    motion = write_motion(tmp_path / "motion.h5", {"other-0": random_pose(4, 0)})
    with pytest.raises(BadInput, match=r"no clip s0-0.*same order"):
        joint_regressor(body=body_path, motion=[motion], ik=[ik], output=tmp_path / "r.npz")


def disturbed(pose: SmplxPose) -> SmplxPose:
    """The pose off by some 5 degrees a joint, 2 cm in place and a third of a deviation in shape."""
    rng = np.random.default_rng(5)
    return SmplxPose(
        pose.betas + rng.normal(scale=0.3, size=10),
        pose.global_orient + rng.normal(scale=0.05, size=3),
        pose.body_pose + rng.normal(scale=0.05, size=63),
        pose.left_hand_pose,
        pose.right_hand_pose,
        pose.transl + np.array([0.02, -0.01, 0.01]),
    )


@pytest.fixture
def fit_shard(
    tmp_path: Path, body: BodyModel, body_path: Path, layout: Mixture, trained: Path
) -> Callable[[dict[str, SmplxPose], StageFile | None], StageFile]:
    def run(truth: dict[str, SmplxPose], ik: StageFile | None = None) -> StageFile:
        motion = write_motion(tmp_path / "start.h5", {name: disturbed(pose) for name, pose in truth.items()})
        path = write_ik(tmp_path / "truth.h5", body, truth, layout)
        if ik is not None:
            write_stage(path, ik)
        fit_body(body=body_path, motion=motion, ik=path, regressor=trained, output=tmp_path / "fit.h5")
        return read_stage(tmp_path / "fit.h5")

    return run


FitShard = Callable[..., StageFile]


def test_fit_returns_to_the_body_that_made_markers_and_joints(fit_shard: FitShard, body: BodyModel) -> None:
    truth = {f"s7-{k}": random_pose(20, seed=30 + k, subject=7) for k in range(2)}
    stage = fit_shard(truth)
    for name, pose in truth.items():
        found = SmplxPose.from_clip(stage.clips[name])
        vertices, _ = body.pose(found)
        expected, _ = body.pose(pose)
        assert np.linalg.norm(vertices - expected, axis=-1).mean() < 0.005
        turns = [Rotation.from_rotvec(p.body_pose.reshape(-1, 3)) for p in (found, pose)]
        assert np.rad2deg((turns[0].inv() * turns[1]).magnitude()).mean() < 3
        assert stage.clips[name].arrays["residual"].shape == (20,)
        assert stage.clips[name].arrays["residual"].mean() < 0.010
        np.testing.assert_array_equal(found.left_hand_pose, pose.left_hand_pose)
        assert stage.clips[name].attrs["fps"] == 30
    shapes = [stage.clips[name].arrays["betas"] for name in truth]
    np.testing.assert_array_equal(*shapes)


def test_missing_markers_and_rejected_clips_are_carried(
    fit_shard: FitShard, body: BodyModel, layout: Mixture, tmp_path: Path
) -> None:
    truth = {f"s7-{k}": random_pose(12, seed=30 + k, subject=7) for k in range(3)}
    whole = read_stage(write_ik(tmp_path / "whole.h5", body, truth, layout))
    holed, astray = (dict(whole.clips[name].arrays) for name in ("s7-0", "s7-1"))
    holed["markers"][np.random.default_rng(0).random(holed["markers"].shape[:2]) < 0.2] = np.nan
    astray["markers"] = astray["markers"] + [3.0, 0, 0] * np.random.default_rng(1).random((12, len(MARKERS), 1))
    clips = {"s7-0": Clip("s7-0", holed), "s7-1": Clip("s7-1", astray)}
    rejected = {"s7-2": Rejection("s7-2", "inverse_kinematics", "marker error too large", 0.2)}
    stage = fit_shard(truth, StageFile(clips, rejected, whole.attrs))
    assert list(stage.clips) == ["s7-0"]
    assert stage.clips["s7-0"].arrays["residual"].mean() < 0.010
    assert stage.rejected["s7-2"].stage == "inverse_kinematics"
    assert stage.rejected["s7-1"].reason == "mesh does not meet the skeleton"
    assert stage.rejected["s7-1"].figure > 0.05


def test_a_shard_whose_clips_are_all_rejected_passes_through(fit_shard: FitShard) -> None:
    truth = {"s7-0": random_pose(4, seed=1)}
    rejected = {"s7-0": Rejection("s7-0", "inverse_kinematics", "tool failed")}
    stage = fit_shard(truth, StageFile({}, rejected, {"body_names": BODIES, "marker_names": MARKERS}))
    assert not stage.clips
    assert list(stage.rejected) == ["s7-0"]


def test_fit_refuses_a_skeleton_without_the_regressor_s_bodies(fit_shard: FitShard) -> None:
    stage = StageFile({}, {}, {"body_names": BODIES[1:], "marker_names": MARKERS})
    with pytest.raises(BadInput, match="no body_0"):
        fit_shard({"s7-0": random_pose(4, seed=1)}, stage)
