"""A body of a thousand vertices with SMPL-X's skeleton and real soles, for tests of motion."""

import csv
from importlib.resources import files
from pathlib import Path

import numpy as np

from kinesynth.body.identity import FREE
from kinesynth.body.joints import JOINT_NAMES, PARENTS
from kinesynth.npz import write_npz

SOLE = -1.303


def rest_joints() -> np.ndarray:
    """Return 55 joints: 22 of the usual body, face, fingers in a row."""
    with (files("kinesynth.motion") / "tables" / "usual_joints.csv").open(encoding="utf-8") as stream:
        body = [[float(row[axis]) for axis in "xyz"] for row in csv.DictReader(stream)]
    joints = [*body, *(body[15] for _ in range(3))]
    for wrist, outward in ((20, 1), (21, -1)):
        x, y, z = body[wrist]
        joints += [[x + outward * (0.09 + 0.03 * k), y, z + 0.04 - 0.02 * f] for f in range(5) for k in range(3)]
    return np.array(joints)


def body_arrays() -> dict[str, np.ndarray]:
    """Return the schema's arrays; the first beta makes the body taller, the second its legs longer."""
    joints = rest_joints()
    corners = 0.02 * np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    vertices, weights = [], []
    for joint, centre in enumerate(joints):
        own = np.zeros(len(joints))
        own[joint] = 1.0
        vertices += list(centre + corners)
        weights += [own] * len(corners)
    regressor = np.zeros((len(joints), len(vertices)))
    for joint in range(len(joints)):
        regressor[joint, 8 * joint : 8 * joint + 8] = 1 / 8
    for ankle, foot in ((8, 11), (7, 10)):
        for z in np.linspace(-0.035, 0.21, 15):
            for x in (-0.035, 0.0, 0.035):
                fraction = np.clip((z - 0.13) / 0.02, 0.0, 1.0)  # of the toes, from the ball on
                own = np.zeros(len(joints))
                own[ankle], own[foot] = 1.0 - fraction, fraction
                vertices.append([joints[ankle, 0] + x, SOLE, joints[ankle, 2] + z])
                weights.append(own)
    points = np.array(vertices)
    shape = np.zeros((*points.shape, 20))
    shape[..., 0] = 0.02 * points
    shape[..., 1] = 0.03 * np.minimum(points - joints[0], 0.0) * [0.0, 1.0, 0.0]
    return {
        "v_template": points,
        "shapedirs": shape,
        "posedirs": np.zeros((len(points), 3, 486)),
        "J_regressor": np.pad(regressor, ((0, 0), (0, len(points) - regressor.shape[1]))),
        "weights": np.array(weights),
        "kintree_table": np.stack([PARENTS, np.arange(len(JOINT_NAMES))]),
        "f": np.arange(3 * (len(points) // 3)).reshape(-1, 3),
        **{f"hands_components{side}": np.eye(45) for side in "lr"},
        **{f"hands_mean{side}": np.zeros(45) for side in "lr"},
        "lmk_faces_idx": np.zeros(51, np.int64),
        "lmk_bary_coords": np.full((51, 3), 1 / 3),
        "dynamic_lmk_faces_idx": np.zeros((79, 17), np.int64),
        "dynamic_lmk_bary_coords": np.full((79, 17, 3), 1 / 3),
        "extra_vertex_ids": np.arange(21),
    }


def write_small_body(path: Path) -> Path:
    """Write the body to `path`."""
    write_npz(path, body_arrays() | FREE.arrays())
    return path
