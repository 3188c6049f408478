"""A bystander: another person in the picture, without labels, sampled at random, moving by the procedural library."""

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from kinesynth.body.joints import PARENTS
from kinesynth.body.model import BodyModel, SmplxPose
from kinesynth.body.proportions import proportions_of
from kinesynth.config import Config
from kinesynth.procedural import MOTIONS, motion
from kinesynth.procedural.plan import RATE_HZ
from kinesynth.procedural.solve import relaxed_hands, solve
from kinesynth.render.person_files import joint_paths
from kinesynth.render.placing import (
    MAX_HIDDEN,
    Body,
    across,
    hidden,
    hidden_by_view,
    in_picture,
    inside_walls,
    most,
    standing,
    way_to_camera,
)
from kinesynth.render.sampling import sample_clothes, sample_look
from kinesynth.render.scene import Bystander, Scene
from kinesynth.seeds import generator
from kinesynth.subjects.sampled import sample_shape

MIN_SEEN = 0.3  # of the bystander's joints, in some frame of some view: else nobody is there
_PEOPLE, _PLACES = 4, 60  # that are tried
_CLEAR_OF_BODY_M = 0.3  # between joints: arms and legs are thinner
_CLEAR_OF_CAMERA_M = 0.9
_MOTIONS = [name for name in MOTIONS if name != "sit_down"]  # there is nothing to sit on
_GIRTH_M = 0.12  # from the joints to the skin, about
_LIMB_M = 0.08
_IN_THE_WAY = 0.5  # of places: before the person; others are anywhere around it
_AWAY_M, _ASIDE_M = (-2.2, 1.8), 0.9  # from the person to one of the cameras, and beside that way
_BEFORE_M, _HARDLY_ASIDE_M = (0.6, 2.0), 0.35
_FRAMES = 30  # of which it is asked what the bystander hides: at most


def sample_bystander(rng: np.random.Generator, model: BodyModel, scene: Scene, body: Body) -> Bystander | None:
    """Sample another person and where it moves: in a picture, clear of all else, and hiding only a part of the person.

    None where no place was found among so many tries.
    """
    for _ in range(_PEOPLE):
        who = _sample(rng, model)
        joints = joint_paths(model, bystander_pose(model, who, scene.fps, scene.n_frames))
        for _ in range(_PLACES):
            placed = _placed(rng, who, scene, body)
            moved = _moved(joints, placed)
            if _fits(scene, body, moved):
                return placed
    return None


def bystander_pose(model: BodyModel, who: Bystander, fps: float, n_frames: int) -> SmplxPose:
    """Return how a bystander moves: a motion of the library, at its place, turned about the vertical."""
    betas = np.array(who.betas)
    proportions = proportions_of(model, betas)
    seconds = n_frames / fps + 0.5
    posed = solve(proportions, motion(who.motion)(proportions, np.random.default_rng(who.seed), seconds))
    frames = np.minimum(np.rint(np.arange(n_frames) / fps * RATE_HZ).astype(int), len(posed.pelvis) - 1)
    turn = Rotation.from_euler("y", who.heading_rad)
    middle = posed.pelvis[frames].mean(axis=0) * [1, 0, 1]
    pelvis = turn.apply(posed.pelvis[frames] - middle) + np.array([who.place[0], 0.0, who.place[1]])
    left, right = relaxed_hands(n_frames)
    return SmplxPose(
        betas=betas,
        global_orient=(turn * Rotation.from_rotvec(posed.pose[frames, 0])).as_rotvec(),
        body_pose=posed.pose[frames, 1:].reshape(n_frames, -1),
        left_hand_pose=left,
        right_hand_pose=right,
        transl=pelvis - proportions.joints[0],
    )


def _sample(rng: np.random.Generator, model: BodyModel) -> Bystander:
    """Sample who it is and what it does."""
    seed = int(rng.integers(2**32))
    shape = sample_shape(model, "bystander", seed, Config().body.density_kg_m3)
    look = sample_look(generator(seed, "bystander", "look"), shape.sex)
    return Bystander(
        person=sample_clothes(rng, look),
        betas=tuple(float(beta) for beta in shape.betas),
        motion=str(rng.choice(_MOTIONS)),
        seed=int(rng.integers(2**32)),
        place=(0.0, 0.0),
        heading_rad=0.0,
    )


def _placed(rng: np.random.Generator, who: Bystander, scene: Scene, body: Body) -> Bystander:
    """Return somebody beside, behind or before the person, as one of the cameras sees it."""
    person, way, _ = way_to_camera(rng, scene, body)
    away, aside = (_BEFORE_M, _HARDLY_ASIDE_M) if rng.uniform() < _IN_THE_WAY else (_AWAY_M, _ASIDE_M)
    place = person + rng.uniform(*away) * way + rng.normal(0.0, aside) * across(way)
    return replace(who, place=(float(place[0]), float(place[1])), heading_rad=float(rng.uniform(0, 2 * np.pi)))


def _moved(joints: np.ndarray, who: Bystander) -> np.ndarray:
    """Return joints (T,J,3) of somebody at the origin, turned and moved to their place."""
    return np.asarray(
        joints @ Rotation.from_euler("y", who.heading_rad).as_matrix().T + [who.place[0], 0, who.place[1]]
    )


def _fits(scene: Scene, body: Body, joints: np.ndarray) -> bool:
    """Return whether somebody with these joints (T,J,3) is clear of all else, is seen, and hides only a part."""
    if not _is_clear(scene, body, joints):
        return False
    if max(in_picture(camera, joints).mean(axis=1).max() for camera in scene.cameras) < MIN_SEEN:
        return False
    step = -(-len(joints) // _FRAMES)
    bones, person = _bones(joints[::step]), body.joints[::step]
    for k, camera in enumerate(scene.cameras):
        covered = [hidden(boxes, each[None], camera.position) for boxes, each in zip(bones, person, strict=True)]
        by_things = [hidden_by_view(scene, thing, person)[k] for thing in scene.occluders]
        if most(np.any([np.concatenate(covered), *by_things], axis=0), in_picture(camera, person)) > MAX_HIDDEN:
            return False
    return True


def _bones(joints: np.ndarray) -> np.ndarray:
    """Return the corners (T,b,2,3) of boxes about the bones between joints (T,22,3)."""
    ends = np.stack([joints[:, 1:], joints[:, PARENTS[1 : joints.shape[1]]]])
    return np.stack([ends.min(axis=0) - _LIMB_M, ends.max(axis=0) + _LIMB_M], axis=2)


def _is_clear(scene: Scene, body: Body, joints: np.ndarray) -> bool:
    """Return whether joints (T,J,3) are clear of the person's in every frame, and of cameras, things and walls."""
    if not inside_walls(scene, joints, _GIRTH_M):
        return False
    level = joints[..., [0, 2]].reshape(-1, 2)
    eyes = np.array([camera.position for camera in scene.cameras])[:, [0, 2]]
    if np.linalg.norm(level[:, None] - eyes, axis=-1).min() < _CLEAR_OF_CAMERA_M:
        return False
    points = joints.reshape(-1, 3)
    for low, high in standing(scene):
        if ((points > low - _GIRTH_M) & (points < high + _GIRTH_M)).all(axis=1).any():
            return False
    apart = [
        np.linalg.norm(own[:, None] - other, axis=-1).min() for own, other in zip(joints, body.joints, strict=True)
    ]
    return bool(min(apart) > _CLEAR_OF_BODY_M)
