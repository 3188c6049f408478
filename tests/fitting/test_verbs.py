"""The verbs on a small body whose skeleton is known: its joint centres lie near the mesh's own."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from ball_body import PARENTS, VERTICES_PER_JOINT, random_pose
from kinesynth.body.model import BodyModel, SmplxPose
from kinesynth.errors import BadInput
from kinesynth.fitting.fit import fit_body
from kinesynth.fitting.regressor import SHIPPED, joint_regressor, read_regressor, shipped_regressor
from kinesynth.fitting.shape import fit_shape, read_shape
from kinesynth.records import Kinematics
from kinesynth.stage_file import Clip, Rejection, StageFile, read_stage, write_stage

BODIES = [f"body_{joint}" for joint in range(22)]
MARKERS = {
    f"M{joint}{letter}": joint * VERTICES_PER_JOINT + k for joint in range(22) for k, letter in enumerate("ABCDE")
}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five markers on the ball of each joint: there are no landmarks to find on balls."""
    path = tmp_path_factory.mktemp("markers") / "markers.csv"
    rows = (f"{name},{vertex},body_{name[1:-1]}\n" for name, vertex in MARKERS.items())
    path.write_text("marker,vertex,body\n" + "".join(rows))
    return path


def joint_centres(joints: np.ndarray) -> np.ndarray:
    """Return the centres (T, 22, 3) of a skeleton whose bones begin a little before the mesh's (T, 55, 3)."""
    parents = np.array([0, *PARENTS[1:22]])
    return 0.9 * joints[:, :22] + 0.1 * joints[:, parents]


def write_motion(path: Path, poses: dict[str, SmplxPose]) -> Path:
    clips = {
        name: Clip(name, pose.arrays, {"subject": name.split("-")[0], "fps": 30.0}) for name, pose in poses.items()
    }
    write_stage(path, StageFile(clips))
    return path


def write_ik(path: Path, body: BodyModel, poses: dict[str, SmplxPose]) -> Path:
    """Write what inverse kinematics would."""
    clips = {}
    for name, pose in poses.items():
        vertices, joints = body.pose(pose)
        keypoints = np.tile(joint_centres(joints), (1, 2, 1))
        markers = vertices[:, list(MARKERS.values())]
        followed = np.full(len(markers), 0.002)
        solved = Kinematics.partly(keypoints=keypoints, markers=markers, marker_error_rms=followed)
        clips[name] = solved.clip(name, {})
    write_stage(path, StageFile(clips, attrs={"body_names": BODIES, "marker_names": list(MARKERS)}))
    return path


def train(folder: Path, body: BodyModel, table: Path, poses: dict[str, SmplxPose], output: Path) -> Path:
    """Train on one shard per subject, as clip names begin."""
    motion, ik = [], []
    for subject in sorted({name.split("-")[0] for name in poses}):
        own = {name: pose for name, pose in poses.items() if name.startswith(subject)}
        motion.append(write_motion(folder / f"{subject}_motion.h5", own))
        ik.append(write_ik(folder / f"{subject}_ik.h5", body, own))
    joint_regressor(body=body.path, motion=motion, ik=ik, output=output, marker_vertices=table)
    return output


def four_subjects() -> dict[str, SmplxPose]:
    return {f"s{k // 2}-{k}": random_pose(24, seed=k, subject=k // 2) for k in range(8)}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, body: BodyModel, table: Path) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    return train(folder, body, table, four_subjects(), folder / "regressor.npz")


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


def test_regressor_has_the_same_bytes_twice(trained: Path, tmp_path: Path, body: BodyModel, table: Path) -> None:
    again = train(tmp_path, body, table, four_subjects(), tmp_path / "again.npz")
    assert again.read_bytes() == trained.read_bytes()


@pytest.mark.parametrize("n_clips", [1, 4])
def test_regressor_is_well_posed_with_little_data(tmp_path: Path, body: BodyModel, table: Path, n_clips: int) -> None:
    few = {f"s0-{k}": random_pose(8, seed=k) for k in range(n_clips)}
    regressor = read_regressor(train(tmp_path, body, table, few, tmp_path / "few.npz"))
    assert np.isfinite(regressor.heldout_error_m).all()
    vertices, joints = body.pose(random_pose(24, seed=77, subject=50))
    error = np.linalg.norm(regressor.mixture.of(vertices) - joint_centres(joints), axis=-1)
    assert error.mean() < 0.02


def test_regressor_refuses_shards_that_do_not_match(tmp_path: Path, body: BodyModel) -> None:
    ik = write_ik(tmp_path / "ik.h5", body, {"s0-0": random_pose(4, 0)})
    motion = write_motion(tmp_path / "motion.h5", {"other-0": random_pose(4, 0)})
    with pytest.raises(BadInput, match=r"no clip s0-0.*same order"):
        joint_regressor(body=body.path, motion=[motion], ik=[ik], output=tmp_path / "r.npz")


def test_an_unreadable_regressor_is_named(tmp_path: Path) -> None:
    (tmp_path / "r.npz").write_text("no archive")
    with pytest.raises(BadInput, match=r"r\.npz: file: found no npz archive"):
        read_regressor(tmp_path / "r.npz")


def test_shipped_regressor_is_sparse_convex_and_good_on_people_it_never_saw() -> None:
    regressor = read_regressor(SHIPPED)
    assert regressor.mixture.indices.shape[1] <= 32
    assert regressor.mixture.indices.max() < regressor.n_vertices
    assert regressor.mixture.weights.min() >= 0
    np.testing.assert_allclose(regressor.mixture.weights.sum(1), 1, atol=1e-12)
    assert regressor.heldout_error_m.mean() <= 0.008
    assert {"pelvis", "femur_r", "hand_l", "torso"} <= set(regressor.body_names)


def test_shipped_regressor_is_for_the_free_body_alone(tmp_path: Path, body: BodyModel) -> None:
    with pytest.raises(BadInput, match=r"free_body_regressor\.npz: n_vertices: found .*joint-regressor"):
        shipped_regressor(body=body.path, output=tmp_path / "r.npz")


def test_frames_that_the_skeleton_did_not_follow_teach_nothing(tmp_path: Path, body: BodyModel, table: Path) -> None:
    motion = write_motion(tmp_path / "motion.h5", {"s0-0": random_pose(4, 0)})
    ik = write_ik(tmp_path / "ik.h5", body, {"s0-0": random_pose(4, 0)})
    stage = read_stage(ik)
    astray = dict(stage.clips["s0-0"].arrays) | {"marker_error_rms": np.full(4, 0.05)}
    write_stage(ik, StageFile({"s0-0": Clip("s0-0", astray)}, attrs=stage.attrs))
    with pytest.raises(BadInput, match="marker_error_rms: found none"):
        joint_regressor(body=body.path, motion=[motion], ik=[ik], output=tmp_path / "r.npz", marker_vertices=table)


def test_all_shards_of_a_subject_share_one_shape(tmp_path: Path, body: BodyModel, table: Path, trained: Path) -> None:
    truth = {f"s7-{k}": random_pose(20, seed=30 + k, subject=7) for k in range(2)}
    motion = [write_motion(tmp_path / f"{name}_motion.h5", {name: disturbed(pose)}) for name, pose in truth.items()]
    ik = [write_ik(tmp_path / f"{name}_ik.h5", body, {name: pose}) for name, pose in truth.items()]
    output = tmp_path / "shape.json"
    fit_shape(body=body.path, motion=motion, ik=ik, regressor=trained, output=output, marker_vertices=table)
    betas, expected = read_shape(output), truth["s7-0"].betas
    difference = body.rest_vertices(betas) - body.rest_vertices(expected)
    assert np.linalg.norm(difference, axis=1).mean() < 0.01
    output.write_text('{"betas": [1, 2]}')
    with pytest.raises(BadInput, match="10 finite numbers"):
        read_shape(output)


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
def fit_shard(tmp_path: Path, body: BodyModel, table: Path, trained: Path) -> "FitShard":
    """Return a function that fits disturbed poses to the truth, or to what `ik` holds, and returns the result."""

    def run(truth: dict[str, SmplxPose], ik: StageFile | None = None) -> StageFile:
        motion = write_motion(tmp_path / "start.h5", {name: disturbed(pose) for name, pose in truth.items()})
        path = write_ik(tmp_path / "truth.h5", body, truth)
        if ik is not None:
            write_stage(path, ik)
        output, shape = tmp_path / "fit.h5", tmp_path / "shape.json"
        fit_shape(body=body.path, motion=[motion], ik=[path], regressor=trained, output=shape, marker_vertices=table)
        fit_body(
            body=body.path, motion=motion, ik=path, regressor=trained, shape=shape, output=output,
            marker_vertices=table,
        )  # fmt: skip
        return read_stage(output)

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


def test_missing_markers_and_rejected_clips_are_carried(fit_shard: FitShard, body: BodyModel, tmp_path: Path) -> None:
    truth = {f"s7-{k}": random_pose(12, seed=30 + k, subject=7) for k in range(3)}
    whole = read_stage(write_ik(tmp_path / "whole.h5", body, truth))
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
    assert stage.rejected["s7-1"].value > 0.05


def test_a_shard_whose_clips_are_all_rejected_passes_through(fit_shard: FitShard) -> None:
    truth = {"s7-0": random_pose(4, seed=1)}
    rejected = {"s7-0": Rejection("s7-0", "inverse_kinematics", "tool failed")}
    stage = fit_shard(truth, StageFile({}, rejected, {"body_names": BODIES, "marker_names": list(MARKERS)}))
    assert not stage.clips
    assert list(stage.rejected) == ["s7-0"]


def test_fit_refuses_a_skeleton_without_the_regressor_s_bodies(fit_shard: FitShard) -> None:
    stage = StageFile({}, {}, {"body_names": BODIES[1:], "marker_names": list(MARKERS)})
    with pytest.raises(BadInput, match="no body_0"):
        fit_shard({"s7-0": random_pose(4, seed=1)}, stage)
