"""A made-up person before made-up cameras: a skeleton of known size in a known motion, seen as a detector sees it."""

from dataclasses import replace

import numpy as np
import torch

from kinesynth.skeleton import SkeletonLayer
from kinesynth_train.calibration import Camera
from kinesynth_train.predict.keypoint_files import Keypoints
from kinesynth_train.predict.landmarks import generic_skeleton, keypoint_sets, priors, with_landmarks
from kinesynth_train.predict.scaled import scaled
from kinesynth_train.predict.views import View

FPS, FRAMES = 60.0, 90
SET = "openpose_body25b"


def cameras(azimuths: tuple[float, ...] = (-0.4, 0.5)) -> dict[str, Camera]:
    """Return cameras 3.5 m from the origin, 1.3 m high, in front of somebody who looks along x."""
    result = {}
    for number, azimuth in enumerate(azimuths):
        where = np.array([3.5 * np.cos(azimuth), 1.3, 3.5 * np.sin(azimuth)])
        forward = np.array([0.0, 0.95, 0.0]) - where
        forward /= np.linalg.norm(forward)
        right = np.cross(forward, [0.0, 1.0, 0.0])
        right /= np.linalg.norm(right)
        pose = np.eye(4)
        pose[:3, :3] = np.stack([right, np.cross(forward, right), forward])
        pose[:3, 3] = -pose[:3, :3] @ where
        K = np.array([[700.0, 0.0, 359.5], [0.0, 700.0, 639.5], [0.0, 0.0, 1.0]])
        name = f"cam{number}"
        result[name] = Camera(name, 720, 1280, K, np.array([0.05, -0.02, 1e-3, 0, 0]), pose)
    return result


def motion(frames: int = FRAMES) -> np.ndarray:
    """Return angles (T, J): stepping on the spot, arms swinging, coordinates that no point tells at their means."""
    skeleton = generic_skeleton()
    names = skeleton.coordinate_names
    mean, precision = priors(skeleton)
    angles = np.tile(np.where(precision > 0, mean, skeleton.coordinate_defaults), (frames, 1))
    swing = np.sin(2 * np.pi * np.arange(frames) / FPS)
    for side, sense in (("r", 1), ("l", -1)):
        lift = np.maximum(sense * swing, 0.0)
        angles[:, names.index(f"hip_flexion_{side}")] = np.radians(5 + 35 * lift)
        angles[:, names.index(f"knee_angle_{side}")] = np.radians(8 + 60 * lift)
        angles[:, names.index(f"ankle_angle_{side}")] = np.radians(10 * lift)
        angles[:, names.index(f"arm_flex_{side}")] = np.radians(-20 * sense * swing)
        angles[:, names.index(f"elbow_flex_{side}")] = np.radians(45 + 10 * sense * swing)
    angles[:, names.index("pelvis_tx")] = 0.1 * swing
    angles[:, names.index("pelvis_ty")] = 0.93
    angles[:, names.index("pelvis_rotation")] = np.radians(20)
    return skeleton.coupled(angles)


def size() -> np.ndarray:
    """Return scales (B, 3): 3 percent larger than the generic skeleton, legs 2 percent longer still."""
    skeleton = generic_skeleton()
    scales = np.full((len(skeleton.body_names), 3), 1.03)
    for body in ("femur", "tibia", "patella"):
        scales[[skeleton.body_names.index(f"{body}_{side}") for side in "rl"]] = 1.05
    return scales


def in_world(angles: np.ndarray, keypoint_set: str = SET) -> np.ndarray:
    """Return a detector's points (T, P, 3) m of a motion; NaN for those that have no place."""
    marked, _ = with_landmarks(generic_skeleton(), keypoint_set)
    pose = SkeletonLayer(scaled(marked, size()))(torch.tensor(angles))
    names = keypoint_sets()[keypoint_set]
    points = np.full((len(angles), len(names), 3), np.nan)
    points[:, [names.index(name) for name in marked.marker_names]] = pose.markers.numpy()
    return points


def seen(camera: Camera, points: np.ndarray, noise: float = 0.0, seed: int = 3) -> np.ndarray:
    """Return points (T, P, 3) m as a camera sees them: px and confidence (T, P, 3)."""
    pixels, _ = camera.pixels(points)
    pixels = pixels + noise * np.random.default_rng([seed, len(points)]).normal(size=pixels.shape)
    known = np.isfinite(pixels).all(axis=-1, keepdims=True)
    return np.concatenate([np.where(known, pixels, np.nan), np.where(known, 0.9, 0.0)], axis=-1)


def view(camera: Camera, points: np.ndarray, keypoint_set: str = SET, first: float = 0.0) -> View:
    """Return a view of one person's points (T, P, 3), px and confidence."""
    times = np.arange(len(points)) / FPS + first
    return View(camera.name, camera, times, Keypoints(keypoint_set, points[:, None]))


def bare(camera: Camera) -> Camera:
    """Return the camera without distortion."""
    return replace(camera, distortion=np.zeros(5))
