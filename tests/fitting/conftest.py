"""A small body with SMPL-X's skeleton, for tests that need its mathematics and not its looks."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

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


def synthetic_layer(pose_blend: float = 0.005) -> SimpleNamespace:
    """Return what the fit reads of an `smplx.SMPLX`: a ball of vertices about each joint, random shape and blend."""
    rng = np.random.default_rng(7)
    joints = rest_joints()
    n_joints, n_vertices = len(joints), len(joints) * VERTICES_PER_JOINT
    owner = np.repeat(np.arange(n_joints), VERTICES_PER_JOINT)
    ball = rng.normal(size=(n_vertices, 3))
    radius = np.where(owner < 22, 0.07, 0.015)[:, None]
    vertices = joints[owner] + radius * ball / np.linalg.norm(ball, axis=1, keepdims=True)
    skinning = np.zeros((n_vertices, n_joints))
    share = rng.uniform(0.5, 1.0, n_vertices)
    skinning[np.arange(n_vertices), owner] = share
    skinning[np.arange(n_vertices), np.maximum(np.array(PARENTS)[owner], 0)] += 1 - share
    regressor = np.zeros((n_joints, n_vertices))
    regressor[owner, np.arange(n_vertices)] = 1 / VERTICES_PER_JOINT
    # Shape scales each axis a little and bends the body smoothly, as principal components do.
    shape = np.einsum("nc,cds->nds", vertices, rng.normal(scale=0.02, size=(3, 3, 10)))
    blend = rng.normal(scale=pose_blend, size=((n_joints - 1) * 9, n_vertices * 3))
    tensors = {
        "v_template": vertices,
        "shapedirs": shape,
        "posedirs": blend,
        "J_regressor": regressor,
        "lbs_weights": skinning,
    }
    return SimpleNamespace(
        **{name: torch.as_tensor(array) for name, array in tensors.items()}, parents=torch.as_tensor(PARENTS)
    )


@pytest.fixture(scope="session")
def layer() -> SimpleNamespace:
    return synthetic_layer()
