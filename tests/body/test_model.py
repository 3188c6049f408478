"""Posing: against an independent chain of rotations, in batches, in silence."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from kinesynth.body.free.build import build_body
from kinesynth.body.joints import JOINT_NAMES, PARENTS
from kinesynth.body.model import BodyModel, SmplxPose, load_body
from kinesynth.stage_file import Clip


def random_pose(frames: int, seed: int = 0) -> SmplxPose:
    rng = np.random.default_rng(seed)
    return SmplxPose(
        betas=rng.normal(size=10),
        global_orient=rng.normal(0.0, 1.0, (frames, 3)),
        body_pose=rng.normal(0.0, 0.3, (frames, 63)),
        left_hand_pose=rng.normal(0.0, 0.2, (frames, 45)),
        right_hand_pose=rng.normal(0.0, 0.2, (frames, 45)),
        transl=rng.normal(0.0, 1.0, (frames, 3)),
    )


def chain(body: BodyModel, pose: SmplxPose, frame: int) -> np.ndarray:
    """Joint centres of one frame by plain forward kinematics, (55, 3)."""
    still = np.zeros(9)  # jaw and eyes
    parts = [pose.global_orient, pose.body_pose, None, pose.left_hand_pose, pose.right_hand_pose]
    local = np.concatenate([still if part is None else part[frame] for part in parts]).reshape(-1, 3)
    rest = body.rest_joints(pose.betas)
    joints, world = rest.copy(), [Rotation.from_rotvec(local[0])]
    for joint in range(1, len(JOINT_NAMES)):
        parent = PARENTS[joint]
        joints[joint] = joints[parent] + world[parent].apply(rest[joint] - rest[parent])
        world.append(world[parent] * Rotation.from_rotvec(local[joint]))
    return joints + pose.transl[frame]


@pytest.fixture(params=["free", "licensed"])
def body(request: pytest.FixtureRequest) -> BodyModel:
    if request.param == "free":
        return request.getfixturevalue("free")
    output = request.getfixturevalue("tmp_path") / "model.npz"
    build_body(model=str(request.getfixturevalue("licensed_path")), output=output)
    return load_body(output)


def test_joints_follow_the_chain(body: BodyModel) -> None:
    pose = random_pose(3)
    _, joints = body.pose(pose)
    for frame in range(3):
        np.testing.assert_allclose(joints[frame], chain(body, pose, frame), atol=1e-7)


def test_batches_agree_with_single_frames(body: BodyModel) -> None:
    pose = random_pose(35)
    vertices, joints = body.pose(pose)
    assert vertices.shape == (35, body.n_vertices, 3)
    last = SmplxPose(pose.betas, *(array[-1:] for name, array in pose.arrays.items() if name != "betas"))
    one_vertices, one_joints = body.pose(last)
    np.testing.assert_allclose(vertices[-1], one_vertices[0], atol=1e-12)
    np.testing.assert_allclose(joints[-1], one_joints[0], atol=1e-12)


def test_rest_pose_is_the_template(body: BodyModel) -> None:
    betas = np.linspace(-1.0, 1.0, 10)
    vertices, joints = body.pose(SmplxPose.rest(betas))
    np.testing.assert_allclose(vertices[0], body.rest_vertices(betas), atol=1e-12)
    np.testing.assert_allclose(joints[0], body.rest_joints(betas), atol=1e-12)


def test_loading_says_nothing(free_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    load_body(free_path)
    assert capfd.readouterr() == ("", "")


def test_pose_travels_through_a_clip() -> None:
    pose = random_pose(4)
    again = SmplxPose.from_clip(Clip("a", pose.arrays))
    assert len(again) == 4
    for name, array in pose.arrays.items():
        np.testing.assert_array_equal(getattr(again, name), array)


def test_posed_skin_is_not_torn(free: BodyModel) -> None:
    """In a squat with bent arms no triangle of the skin grows out of proportion."""
    pose = SmplxPose.rest(np.zeros(10))
    body_pose = pose.body_pose.reshape(21, 3)
    for joint, angles in {
        "left_hip": (-100, 0, 0), "right_hip": (-100, 0, 0), "left_knee": (110, 0, 0), "right_knee": (110, 0, 0),
        "left_shoulder": (0, 0, -70), "right_shoulder": (0, 90, 0), "left_elbow": (0, -110, 0), "neck": (0, 40, 0),
    }.items():  # fmt: skip
        body_pose[JOINT_NAMES.index(joint) - 1] = np.radians(angles)
    posed, _ = free.pose(pose)
    rest = free.rest_vertices(np.zeros(10))
    corners = [(0, 1), (1, 2), (2, 0)]
    before, after = (
        np.stack([np.linalg.norm(v[free.faces[:, a]] - v[free.faces[:, b]], axis=1) for a, b in corners])
        for v in (rest, posed[0])
    )
    stretch = after / np.maximum(before, 0.004)
    assert np.percentile(stretch, 99.9) < 2.5
    assert stretch.max() < 9.0  # between the thighs, where edges are 3 mm long
