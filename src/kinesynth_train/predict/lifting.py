"""Where to begin with one view: a first guess of the pose in each frame, and of how far away it is.

A detector that guesses depths too tells the pose; its metres are those of some mean person, seen along the line of
sight to the hips. Where there is none, the whole motion is searched from eight headings, in every fourth frame or so.
"""

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from kinesynth.skeleton import SkeletonDefinition
from kinesynth_train.calibration import Camera
from kinesynth_train.predict.motion_cost import Depths, MotionCost
from kinesynth_train.predict.refine import SightLines
from kinesynth_train.predict.scaled import points_standing
from kinesynth_train.predict.sequence import minimize_chain

BONES = (("RHip", "RKnee"), ("LHip", "LKnee"), ("RKnee", "RAnkle"), ("LKnee", "LAnkle"), ("RHip", "RShoulder"),
         ("LHip", "LShoulder"))  # fmt: skip
JOINTS = ("Shoulder", "Elbow", "Wrist", "Knee", "Ankle")  # whose depths are believed; feet and face are too small
DEPTH_SPREAD_M = 0.06  # of a detector's guess against the hips: estimate
HEADINGS = 8
COARSE_HZ = 15.0
TOLERANCE, MAX_ITERATIONS = 1e-3, 25


def no_depths(lines: SightLines) -> Depths:
    """Return depths of which nothing is guessed."""
    _, frames, points, _ = lines.directions.shape
    nothing = torch.zeros(frames, points, dtype=torch.float64)
    return Depths(torch.zeros(frames, 3, dtype=torch.float64), nothing, nothing, nothing)


def placed(camera: Camera, points: np.ndarray, lifted: np.ndarray) -> np.ndarray:
    """Return lifted points (T, M, 3), in the camera's axes about somewhere, as far away as the picture shows (T, M, 3).

    Args:
        camera: the view's.
        points: (T, M, 3) px and confidence.
        lifted: (T, M, 3) m.
    """
    plane = np.nan_to_num(camera.on_plane(points[..., :2]))
    weight = np.where(np.isfinite(lifted).all(axis=-1), points[..., 2], 0.0)
    rows = np.zeros((*weight.shape, 2, 3))
    rows[..., 0, 0] = rows[..., 1, 1] = 1.0
    rows[..., 2] = -plane
    known = np.nan_to_num(lifted)
    side = plane * known[..., 2:] - known[..., :2]
    rows, side = rows * weight[..., None, None], side * weight[..., None]
    flat = rows.reshape(len(points), -1, 3)
    matrix = flat.transpose(0, 2, 1) @ flat + 1e-9 * np.eye(3)
    return lifted + np.linalg.solve(matrix, flat.transpose(0, 2, 1) @ side.reshape(len(points), -1, 1))[:, None, :, 0]


def along_sight(camera: Camera, hips: np.ndarray, lifted: np.ndarray) -> np.ndarray:
    """Return points (T, M, 3) of a camera that looks at the hips (T, 2), px, in the axes of the one that is there."""
    sight = np.concatenate([camera.on_plane(hips), np.ones((len(hips), 1))], axis=1)
    axis = np.cross([0.0, 0.0, 1.0], sight)
    length = np.linalg.norm(axis, axis=1, keepdims=True)
    angle = np.arctan2(length, sight[:, 2:])
    turn = Rotation.from_rotvec(np.nan_to_num(axis / np.maximum(length, 1e-9) * angle)).as_matrix()
    return np.asarray(lifted @ turn.transpose(0, 2, 1))


def person_sized(skeleton: SkeletonDefinition, lifted: np.ndarray) -> np.ndarray:
    """Return lifted points (T, M, 3) whose limbs and trunk are, on the whole, as long as the skeleton's."""
    names, standing = skeleton.marker_names, points_standing(skeleton)
    ends = [(names.index(one), names.index(other)) for one, other in BONES]
    there = [np.nanmedian(np.linalg.norm(lifted[:, one] - lifted[:, other], axis=1)) for one, other in ends]
    known = [np.linalg.norm(standing[one] - standing[other]) for one, other in ends]
    return np.asarray(lifted * (np.sum(known) / np.sum(there)))


def guessed_depths(camera: Camera, names: tuple[str, ...], positions: np.ndarray) -> Depths:
    """Return what positions (T, M, 3) m in the world, which a detector guessed, tell of depths."""
    hips = positions[:, [names.index("RHip"), names.index("LHip")]].mean(axis=1)
    sight = hips - camera.centre
    sight = np.nan_to_num(sight / np.linalg.norm(sight, axis=1, keepdims=True))
    upward = np.cross(sight, np.cross([0.0, 1.0, 0.0], sight))
    away = positions - hips[:, None]
    believed = np.isfinite(away).all(axis=-1) & [name[1:] in JOINTS for name in names]
    away = np.where(believed[..., None], away, 0.0)
    metres, levers = ((away * axis[:, None]).sum(axis=-1) for axis in (sight, upward))
    weights = np.where(believed, DEPTH_SPREAD_M**-2, 0.0)
    return Depths(*(torch.tensor(each) for each in (sight, metres, levers, weights)))


def from_headings(
    skeleton: SkeletonDefinition, camera: Camera, points: np.ndarray, lines: SightLines, fps: float
) -> np.ndarray:
    """Return the angles (T, J) of the motion that costs least among those begun from `HEADINGS` headings.

    Args:
        skeleton: of the person's size, with the M points as its markers.
        camera: the view's.
        points: (T, M, 3) px and confidence.
        lines: of sight.
        fps: frames per second.
    """
    step = max(round(fps / COARSE_HZ), 1)
    chosen = np.unique(np.append(np.arange(0, len(points), step), len(points) - 1))
    coarse, tried = lines.select(torch.tensor(chosen)), []
    for heading in np.arange(HEADINGS) * 2 * np.pi / HEADINGS:
        start = _standing(skeleton, camera, points[chosen], heading)
        cost = MotionCost(skeleton, coarse, no_depths(coarse), start, fps / step)
        motion = minimize_chain(cost, start[:, cost.free], cost.bounds, TOLERANCE, MAX_ITERATIONS)
        tried.append((cost(motion).cost, heading, motion))
    motion = min(tried, key=lambda each: each[:2])[2]
    angles = np.tile(skeleton.coordinate_defaults, (len(points), 1))
    frames = np.arange(len(points))
    angles[:, cost.free] = np.stack([np.interp(frames, chosen, column) for column in motion.T], axis=1)
    return skeleton.coupled(angles)


def _standing(skeleton: SkeletonDefinition, camera: Camera, points: np.ndarray, heading: float) -> np.ndarray:
    """Return angles (T, J) of a body that stands, turned by a heading about y, where the picture shows it."""
    turned = points_standing(skeleton) @ Rotation.from_rotvec([0.0, heading, 0.0]).as_matrix().T
    to_camera = camera.world_to_camera[:3, :3]
    there = placed(camera, points, np.tile(turned @ to_camera.T, (len(points), 1, 1)))
    world = (there - camera.world_to_camera[:3, 3]) @ to_camera
    start = np.tile(skeleton.coordinate_defaults, (len(points), 1))
    names = skeleton.coordinate_names
    start[:, names.index("pelvis_rotation")] = heading
    shift = (world - turned).mean(axis=1)
    for axis, name in enumerate(("pelvis_tx", "pelvis_ty", "pelvis_tz")):
        start[:, names.index(name)] += shift[:, axis]
    return start
