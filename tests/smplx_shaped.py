"""A file with the keys and shapes of an official SMPL-X model and synthetic content."""

import numpy as np

from kinesynth.body.joints import JOINT_NAMES, PARENTS

VERTICES, FACES, COMPONENTS = 10475, 20908, 400


def smplx_shaped_arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    joints = len(JOINT_NAMES)
    owner = np.arange(VERTICES) % joints
    centres = np.cumsum(rng.normal(0.0, 0.05, (joints, 3)), axis=0)
    weights = np.zeros((VERTICES, joints), np.float32)
    weights[np.arange(VERTICES), owner] = 0.75
    weights[np.arange(VERTICES), np.maximum(PARENTS, 0)[owner]] += 0.25
    regressor = np.zeros((joints, VERTICES), np.float32)
    regressor[owner, np.arange(VERTICES)] = 1.0
    parents = np.array(PARENTS, np.int64).astype(np.uint32)  # the pelvis has 4294967295, as in the official files
    return {
        "v_template": centres[owner] + rng.normal(0.0, 0.02, (VERTICES, 3)),
        "shapedirs": rng.normal(0.0, 0.005, (VERTICES, 3, COMPONENTS)).astype(np.float32),
        "posedirs": rng.normal(0.0, 0.0005, (VERTICES, 3, 9 * (joints - 1))).astype(np.float32),
        "J_regressor": regressor / regressor.sum(axis=1, keepdims=True),
        "weights": weights,
        "kintree_table": np.stack([parents, np.arange(joints, dtype=np.uint32)]),
        "f": rng.integers(0, VERTICES, (FACES, 3)).astype(np.uint32),
        "vt": rng.random((11313, 2)),
        "ft": rng.integers(0, 11313, (FACES, 3)).astype(np.uint32),
        "hands_componentsl": np.eye(45),
        "hands_componentsr": np.eye(45),
        "hands_meanl": rng.normal(0.0, 0.1, 45),
        "hands_meanr": rng.normal(0.0, 0.1, 45),
        "lmk_faces_idx": rng.integers(0, FACES, 51),
        "lmk_bary_coords": np.full((51, 3), 1 / 3),
        "dynamic_lmk_faces_idx": rng.integers(0, FACES, (79, 17)),
        "dynamic_lmk_bary_coords": np.full((79, 17, 3), 1 / 3),
    }
