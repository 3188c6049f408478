"""A jointed body of ellipsoids in SMPL-X's schema: cheap to build, shaped enough to be dressed."""

import numpy as np

from kinesynth.body.joints import JOINT_NAMES, PARENTS
from kinesynth.render.anatomy import RestBody
from kinesynth.render.head import ellipsoid

_JOINTS = {
    "pelvis": (0, 0, 0), "hip": (8, -6, 1), "spine1": (0, 11, 0), "knee": (9, -46, 1), "spine2": (0, 20, 0),
    "ankle": (9, -87, 0), "spine3": (0, 32, 0), "foot": (10, -92, 14), "neck": (0, 50, 1), "collar": (2, 43, 2),
    "head": (0, 59, 3), "shoulder": (18, 44, 1), "elbow": (44, 44, 1), "wrist": (68, 44, 1), "jaw": (0, 60, 4),
    "eye": (3, 65, 10),
}  # fmt: skip


def rest_joints() -> np.ndarray:
    """Return the 55 joints (55,3) m of the T-pose."""
    return np.array([_place(name) for name in JOINT_NAMES]) / 100


def _place(name: str) -> tuple[float, float, float]:
    side, _, part = name.partition("_")
    sign = {"left": 1, "right": -1}.get(side, 1)
    x, y, z = _JOINTS.get(part or side, (70, 44, 1))  # fingers: near the wrist
    return sign * x, y, z


def ellipsoid_body() -> RestBody:
    """Return the body at rest."""
    joints = rest_joints()
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def add(centre: tuple[float, float, float], radii: tuple[float, float, float], *owners: str, axis: int = 1) -> None:
        vertices, faces = ellipsoid(np.array(centre) / 100, np.array(radii) / 100, 40)
        weights = np.zeros((len(vertices), 55))
        index = [JOINT_NAMES.index(owner) for owner in owners]
        for k, j in enumerate(index):
            # A vertex belongs to the last owner whose joint it has passed, going outwards along the axis.
            outwards = np.sign(centre[axis] / 100 - joints[index[0], axis]) or 1
            passed = k == 0 or outwards * (vertices[:, axis] - joints[j, axis]) > 0
            weights[np.broadcast_to(passed, len(vertices))] = np.eye(55)[j]
        parts.append((vertices, faces, weights))

    add((0, 20, 1), (17, 36, 11), "pelvis", "spine2")
    add((0, 53, 1), (6, 10, 6), "neck")
    add((0, 65, 1), (8, 12, 10), "head")
    for side, sign in (("left", 1), ("right", -1)):
        limb = [f"{side}_{name}" for name in ("shoulder", "elbow", "wrist")]
        add((sign * 44, 44, 1), (32, 5, 5), *limb, axis=0)
        add((sign * 9, -46, 1), (8, 48, 8), f"{side}_hip", f"{side}_knee", f"{side}_ankle")
        add((sign * 10, -91, 7), (4, 4, 13), f"{side}_ankle", f"{side}_foot", axis=2)
    vertices = np.concatenate([joints, *(part[0] for part in parts)])
    starts = 55 + np.cumsum([0, *(len(part[0]) for part in parts)])
    faces = np.concatenate([part[1] + start for part, start in zip(parts, starts[:-1], strict=True)])
    weights = np.concatenate([np.eye(55), *(part[2] for part in parts)])
    return RestBody(vertices, joints, weights, faces, np.array(PARENTS), tuple(JOINT_NAMES))


def only(joint: str, n: int) -> np.ndarray:
    """Return skinning weights (n,55) of points that one joint moves."""
    return np.tile(np.eye(55)[JOINT_NAMES.index(joint)], (n, 1))


def schema() -> dict[str, np.ndarray]:
    """Return the body as the arrays of an SMPL-X file; its first 55 vertices are the joints."""
    body = ellipsoid_body()
    n = len(body.vertices)
    return {
        "v_template": body.vertices,
        "shapedirs": np.zeros((n, 3, 20)),
        "posedirs": np.zeros((n, 3, 9 * 54)),
        "J_regressor": np.eye(55, n),
        "weights": body.weights,
        "kintree_table": np.stack([np.maximum(body.parents, 0), np.arange(55)]),
        "f": body.faces,
        **{f"hands_components{side}": np.eye(45) for side in "lr"},
        **{f"hands_mean{side}": np.zeros(45) for side in "lr"},
        "lmk_faces_idx": np.zeros(51, dtype=np.int64),
        "lmk_bary_coords": np.full((51, 3), 1 / 3),
        "dynamic_lmk_faces_idx": np.zeros((79, 17), dtype=np.int64),
        "dynamic_lmk_bary_coords": np.full((79, 17, 3), 1 / 3),
        "extra_vertex_ids": np.arange(21),
    }
