"""A small body with SMPL-X's skeleton, for tests that need its mathematics and not its looks."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kinesynth.body.identity import FREE
from kinesynth.body.model import BodyModel, SmplxPose, load_body
from kinesynth.npz import write_npz

# SMPL-X's parents: pelvis to wrists, jaw, eyes, then five fingers of three joints for the left and the right hand.
PARENTS = [-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 15, 15, 15]
PARENTS += [
    parent for wrist, first in ((20, 25), (21, 40)) for f in range(first, first + 15, 3) for parent in (wrist, f, f + 1)
]

# Rest positions (x left, y up, z forward) of the 22 joints of the body, in centimetres, rounded.
BODY_JOINTS = [
    (0, 0, 0), (6, -9, -1), (-6, -9, -1), (0, 11, -2), (11, -47, -2), (-11, -47, -2), (0, 24, 0), (9, -88, -5),
    (-9, -88, -5), (0, 30, 2), (12, -94, 7), (-12, -94, 7), (0, 46, -1), (6, 37, 0), (-6, 37, 0), (1, 50, 2),
    (17, 40, -1), (-17, 40, -1), (43, 38, -4), (-43, 38, -4), (68, 39, -3), (-68, 39, -3),
]  # fmt: skip
VERTICES_PER_JOINT = 24


def rest_joints() -> np.ndarray:
    head, wrists = BODY_JOINTS[15], {20: 1, 21: -1}
    joints = [*BODY_JOINTS, (head[0], head[1] - 1, 3), (3, head[1] + 6, 8), (-3, head[1] + 6, 8)]
    for wrist, side in wrists.items():
        x, y, z = BODY_JOINTS[wrist]
        joints += [(x + side * (9 + 3 * k), y, z + 4 - 2 * finger) for finger in range(5) for k in range(3)]
    return np.array(joints) / 100


def synthetic_body() -> dict[str, np.ndarray]:
    """Return a body in SMPL-X's schema: a ball of vertices about each joint, random shape and pose correctives."""
    rng = np.random.default_rng(7)
    joints = rest_joints()
    n_joints, n_vertices = len(joints), len(joints) * VERTICES_PER_JOINT
    owner = np.repeat(np.arange(n_joints), VERTICES_PER_JOINT)
    ball = rng.normal(size=(n_vertices, 3))
    radius = np.where(owner < 22, 0.07, 0.015)[:, None]
    vertices = joints[owner] + radius * ball / np.linalg.norm(ball, axis=1, keepdims=True)
    parents = np.array([0, *PARENTS[1:]])
    own_fraction = rng.uniform(0.5, 1.0, n_vertices)
    skinning = np.zeros((n_vertices, n_joints))
    skinning[np.arange(n_vertices), owner] = own_fraction
    skinning[np.arange(n_vertices), parents[owner]] += 1 - own_fraction
    regressor = np.zeros((n_joints, n_vertices))
    regressor[owner, np.arange(n_vertices)] = 1 / VERTICES_PER_JOINT
    faces = np.arange(n_vertices).reshape(-1, 3)
    return {
        "v_template": vertices,
        # Shape stretches and shears the whole body a little, as principal components do.
        "shapedirs": np.einsum("nc,cds->nds", vertices, rng.normal(scale=0.02, size=(3, 3, 20))),
        "posedirs": rng.normal(scale=0.005, size=(n_vertices, 3, 9 * (n_joints - 1))),
        "J_regressor": regressor,
        "weights": skinning,
        "kintree_table": np.stack([parents, np.arange(n_joints)]),
        "f": faces,
        **{f"hands_components{side}": np.eye(45) for side in "lr"},
        **{f"hands_mean{side}": np.zeros(45) for side in "lr"},
        "lmk_faces_idx": np.zeros(51, dtype=np.int64),
        "lmk_bary_coords": np.full((51, 3), 1 / 3),
        "dynamic_lmk_faces_idx": np.zeros((79, 17), dtype=np.int64),
        "dynamic_lmk_bary_coords": np.full((79, 17, 3), 1 / 3),
        "extra_vertex_ids": np.arange(21),
    }


def random_pose(n_frames: int, seed: int, subject: int = 0) -> SmplxPose:
    """A body swinging all its joints smoothly by up to half a radian, at 30 frames a second, while it walks ahead."""
    rng = np.random.default_rng(seed)
    time = np.arange(n_frames)[:, None] / 30

    def swing(width: int) -> np.ndarray:
        return rng.uniform(0, 0.5, width) * np.sin(2 * np.pi * time + rng.uniform(0, 2 * np.pi, width))

    betas = np.random.default_rng([99, subject]).normal(size=10)
    return SmplxPose(betas, swing(3), swing(63), swing(45), swing(45), time * [1.2, 0, 0] + [0, 0.9, 0])


@pytest.fixture(scope="session")
def body_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("body") / "body.npz"
    write_npz(path, synthetic_body() | FREE.arrays())
    return path


@pytest.fixture(scope="session")
def body(body_path: Path) -> BodyModel:
    return load_body(body_path)


@pytest.fixture(scope="session")
def layer(body: BodyModel) -> Any:
    return body.layer
