"""The dressed person in motion, as files for the process that renders."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from kinesynth.body.model import BodyModel, SmplxPose
from kinesynth.pose_layout import WITH_FACE
from kinesynth.render import shading
from kinesynth.render.anatomy import Piece, RestBody
from kinesynth.render.job_folder import cache_path, shade_path, write_cache, write_pieces
from kinesynth.render.materials import other
from kinesynth.render.person import dress
from kinesynth.render.scene import Person, Scene
from kinesynth.render.skinning import bone_transforms, drape

_FRAMES_PER_CHUNK = 32
_BODY_JOINTS = 22  # SMPL-X's first: the others are of jaw, eyes and fingers


def write_person(folder: Path, model: BodyModel, pose: SmplxPose, scene: Scene) -> np.ndarray:
    """Write the dressed person's meshes and their motion to `folder`; return extreme points (P,3) m of all frames."""
    pieces, extremes = _write(folder, model, pose, scene.person, scene, 0)
    write_pieces(folder, pieces)
    return extremes


def write_bystander(folder: Path, model: BodyModel, pose: SmplxPose, person: Person, scene: Scene) -> None:
    """Write another dressed person to `folder`, beside the one who is there already."""
    pieces, _ = _write(folder, model, pose, person, scene, len(list(folder.glob("*.pc2"))))
    others = [replace(piece, name=other(piece.name), materials=tuple(map(other, piece.materials))) for piece in pieces]
    write_pieces(folder, others, labelled=False)


def _write(
    folder: Path, model: BodyModel, pose: SmplxPose, person: Person, scene: Scene, first: int
) -> tuple[list[Piece], np.ndarray]:
    """Write a person's motion and the light on it, as pieces from number `first` on; return pieces and extremes."""
    body = rest_body(model, pose.betas)
    pieces = dress(body, person)
    transforms = bone_motion(pose, body)
    chunks = [np.concatenate(parts) for parts in zip(*_posed(model, body, pieces, pose, transforms), strict=True)]
    for k, posed in enumerate(chunks):
        write_cache(cache_path(folder, first + k), len(pieces[k].rest), len(pose), posed)
    extremes = np.concatenate([_extremes(posed) for posed in chunks])
    if not scene.settings.shadows and np.isfinite(extremes).all():
        pieces = [*pieces, _write_shades(folder, body, pieces, chunks, transforms, scene, first)]
    return pieces, extremes


def _write_shades(
    folder: Path, body: RestBody, pieces: list[Piece], chunks: list[np.ndarray], transforms: np.ndarray, scene: Scene,
    first: int,
) -> Piece:  # fmt: skip
    """Write the light that reaches the pieces, which are numbered from `first` on, and the floor; return its patch."""
    spheres, light = shading.fill(body), shading.key_light(scene)
    low, high = (function([function(posed, axis=(0, 1)) for posed in chunks], axis=0) for function in (np.min, np.max))
    patch = shading.floor_patch(low, high, scene.room.floor.height_m)
    for k, (piece, posed) in enumerate(zip(pieces, chunks, strict=True)):
        np.save(shade_path(folder, first + k), shading.piece_shades(posed, piece.faces, spheres, transforms, light))
    last = first + len(pieces)
    write_cache(cache_path(folder, last), len(patch.rest), len(transforms), [patch.rest] * len(transforms))
    np.save(shade_path(folder, last), shading.floor_shades(patch, spheres, transforms, light))
    return patch


def bone_motion(pose: SmplxPose, body: RestBody) -> np.ndarray:
    """Return the bone transforms (T,J,3,4) of a clip."""
    rotations = WITH_FACE.joined(**pose.arrays).reshape(len(pose), -1, 3)
    return bone_transforms(rotations, pose.transl, body.joints, body.parents)


def _posed(
    model: BodyModel, body: RestBody, pieces: list[Piece], pose: SmplxPose, transforms: np.ndarray
) -> Iterator[list[np.ndarray]]:
    """Yield the pieces' points, float32 (t,n,3) m in the world, a chunk of frames after the other."""
    for start in range(0, len(pose), _FRAMES_PER_CHUNK):
        part = slice(start, start + _FRAMES_PER_CHUNK)
        arrays = {name: value if name == "betas" else value[part] for name, value in pose.arrays.items()}
        vertices, _ = model.pose(SmplxPose(**arrays))
        yield [drape(piece, transforms[part], body, vertices).astype(np.float32) for piece in pieces]


def joint_paths(model: BodyModel, pose: SmplxPose) -> np.ndarray:
    """Return where the body's joints (T,22,3) m are, hands and face left out."""
    body = rest_body(model, pose.betas)
    bones = bone_motion(pose, body)[:, :_BODY_JOINTS]
    joints = body.joints[:_BODY_JOINTS]
    return np.asarray(np.einsum("tjab,jb->tja", bones[..., :3], joints) + bones[..., 3])


def rest_body(model: BodyModel, betas: np.ndarray) -> RestBody:
    """Return a subject's body at rest."""
    return RestBody(
        model.rest_vertices(betas),
        model.rest_joints(betas),
        model.skinning_weights,
        model.faces,
        np.asarray(model.parents),
        tuple(model.joint_names),
        model.skin_zones,
    )


def _extremes(posed: np.ndarray) -> np.ndarray:
    """Return, of points (T,n,3), each frame's farthest in 26 directions (the corners of a cube and between them)."""
    grid = np.stack(np.meshgrid(*[[-1.0, 0.0, 1.0]] * 3), axis=-1).reshape(-1, 3)
    directions = grid[np.abs(grid).sum(axis=1) > 0]
    index = (posed @ directions.T.astype(posed.dtype)).argmax(axis=1)
    return np.take_along_axis(posed, index[..., None], axis=1).reshape(-1, 3).astype(np.float64)
