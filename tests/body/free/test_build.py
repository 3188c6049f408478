"""The free body: schema, T-pose, symmetry, regressor, determinism, cache."""

from pathlib import Path

import numpy as np
import pytest

from kinesynth.body.free import build
from kinesynth.body.free.anny_rig import joints_from_bones
from kinesynth.body.free.build import build_body, free_body, sources
from kinesynth.body.free.phenotypes import sample_adults
from kinesynth.body.free.t_pose import to_t_pose
from kinesynth.body.joints import JOINT_NAMES, OPPOSITE, PARENTS
from kinesynth.body.model import BodyModel
from kinesynth.cache_folder import cache_folder
from kinesynth.geometry.mesh import volume

J = {name: joint for joint, name in enumerate(JOINT_NAMES)}


@pytest.fixture(scope="module")
def rest(free: BodyModel) -> dict[str, np.ndarray]:
    return dict(zip(JOINT_NAMES, free.rest_joints(np.zeros(10)), strict=True))


def test_hierarchy_is_smplx_own() -> None:
    smplx = pytest.importorskip("smplx.joint_names")
    assert [name.removesuffix("_smplhf") for name in smplx.JOINT_NAMES[:55]] == list(JOINT_NAMES)
    assert JOINT_NAMES[PARENTS[J["right_thumb1"]]] == "right_wrist"
    assert JOINT_NAMES[PARENTS[J["left_pinky3"]]] == "left_pinky2"


def test_arms_lie_along_x_and_legs_along_y(rest: dict[str, np.ndarray]) -> None:
    for side, outward in (("left", 1.0), ("right", -1.0)):
        shoulder, elbow, wrist = (rest[f"{side}_{name}"] for name in ("shoulder", "elbow", "wrist"))
        for segment in (elbow - shoulder, wrist - elbow):
            assert segment[0] * outward / np.linalg.norm(segment) > np.cos(np.radians(1.0))
        shank = rest[f"{side}_ankle"] - rest[f"{side}_knee"]
        assert -shank[1] / np.linalg.norm(shank) > np.cos(np.radians(1.0))
        toes = rest[f"{side}_foot"] - rest[f"{side}_ankle"]
        assert toes[2] > 2.0 * abs(toes[0])


def test_feet_stand_flat(free: BodyModel, rest: dict[str, np.ndarray]) -> None:
    vertices = free.rest_vertices(np.zeros(10))
    for side in ("left", "right"):
        ankle = rest[f"{side}_ankle"]
        foot = vertices[(vertices[:, 1] < ankle[1]) & (np.sign(vertices[:, 0]) == np.sign(ankle[0]))]
        heel, toes = foot[foot[:, 2] < ankle[2]], foot[foot[:, 2] > ankle[2] + 0.10]
        assert abs(heel[:, 1].min() - toes[:, 1].min()) < 0.008
        assert abs(heel[:, 1].min() - vertices[:, 1].min()) < 0.008


def test_size_is_human(free: BodyModel) -> None:
    vertices = free.rest_vertices(np.zeros(10))
    assert 1.60 < np.ptp(vertices[:, 1]) < 1.80
    assert 0.055 < volume(vertices, free.faces) < 0.080
    edges = np.sort(np.concatenate([free.faces[:, [a, b]] for a, b in ((0, 1), (1, 2), (2, 0))]), axis=1)
    assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all(), "the mesh is not closed"


def test_components_are_of_unit_variance_and_symmetric(free: BodyModel) -> None:
    means, covariances = free.sex_means, free.sex_covariances
    assert means is not None
    assert covariances is not None
    total = covariances.mean(axis=0) + np.cov(means.T, bias=True)
    np.testing.assert_allclose(np.diag(total), 1.0, atol=0.1)
    for component in range(10):
        betas = np.eye(10)[component] * 2.0
        joints = free.rest_joints(betas)
        np.testing.assert_allclose(joints[list(OPPOSITE)] * [-1, 1, 1], joints, atol=1e-4)


def test_skinning_and_regressor_are_sparse(free: BodyModel) -> None:
    assert (free.skinning_weights > 0).sum(axis=1).max() <= 8
    np.testing.assert_allclose(free.skinning_weights.sum(axis=1), 1.0, atol=1e-6)
    regressor = free.layer.J_regressor.numpy()
    assert (regressor != 0).sum(axis=1).max() <= 32
    np.testing.assert_allclose(regressor.sum(axis=1), 1.0, atol=1e-6)


def test_face_parts_move_with_their_joints(free: BodyModel) -> None:
    weights = free.skinning_weights
    for eye in ("left_eye", "right_eye"):
        assert (weights[:, J[eye]] > 0.95).sum() >= 70
    assert (weights[:, J["jaw"]] > 0.99).sum() >= 200, "tongue"


def test_regressor_follows_the_rig_of_other_people(free: BodyModel) -> None:
    bodies = sample_adults(24, seed=99, cache=cache_folder() / "anny")
    vertices, heads = to_t_pose(bodies.vertices, bodies.heads, bodies.rig)
    joints = joints_from_bones(heads, bodies.rig.labels)
    error = np.linalg.norm(np.einsum("jn,snk->sjk", free.layer.J_regressor.numpy(), vertices) - joints, axis=-1)
    assert error.mean() < 0.003
    assert np.percentile(error, 95) < 0.012


def test_same_seed_same_bytes(free_path: Path) -> None:
    assert free_path.exists(), "anny is compiled by whoever builds the free body first"
    cache = cache_folder() / "anny"
    one, two, other = (free_body(samples=16, seed=seed, cache=cache) for seed in (1, 1, 2))
    assert all(one[name].tobytes() == two[name].tobytes() for name in one)
    assert one["shapedirs"].tobytes() != other["shapedirs"].tobytes()


def test_free_body_is_kept_for_the_next_run(tmp_path: Path, free_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kinesynth.body.free.build.free_body", lambda *_: pytest.fail("built again"))
    build_body(output=tmp_path / "model.npz")
    assert (tmp_path / "model.npz").read_bytes() == free_path.read_bytes()


def test_damaged_body_is_made_again(tmp_path: Path, licensed_path: Path) -> None:
    output = tmp_path / "out" / "model.npz"
    build_body(model=str(licensed_path), output=output)
    whole = output.read_bytes()
    output.write_bytes(whole[:1000])
    build_body(model=str(licensed_path), output=output)
    assert output.read_bytes() == whole


def test_the_cache_follows_the_code_that_builds_and_no_other() -> None:
    names = {path.name for path in sources(Path(build.__file__))}
    assert {"build.py", "joints.py", "schema.py", "phenotypes.py", "shape_space.py", "t_pose.py"} <= names
    assert names.isdisjoint({"subject.py", "virtual_markers.py", "model.py"})
