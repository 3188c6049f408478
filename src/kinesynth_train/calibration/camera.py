"""One calibrated camera, and what is done to every camera whatever its file.

OpenCV's convention: x right, y down, z forward; pixel (0, 0) is the centre of the top left pixel. Worlds are y up.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from kinesynth.errors import BadInput
from kinesynth.geometry.projection import distort, project, undistort

FARTHEST_M = 100.0  # no camera of a person stands farther away: such a number is in millimetres
NEAREST_MM = 100.0  # and no set of cameras in millimetres lies within this of the origin
MIN_FOCAL, MAX_FOCAL = 0.2, 20.0  # focal length over the picture's longer side
ORTHONORMAL = 1e-3
MAX_TRANSLATION = 1e8  # 100 km, in millimetres
FIX = "calibrate again, or convert the calibration with Pose2Sim.calibration() and check the file it writes"
# Of each axis that may be up in a file's world, the rotation that makes it y. The first is Pose2Sim's between its
# calibrations and its .trc files: (x, y, z) there is (y, z, x) here.
TO_Y_UP = {
    "z": np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]),
    "y": np.eye(3),
    "x": np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
    "-z": np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]]),
    "-y": np.diag([1.0, -1.0, -1.0]),
    "-x": np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]),
}


@dataclass(frozen=True, eq=False)
class Camera:
    """A calibrated camera.

    Attributes:
        name: by which a video is matched to it.
        width, height: px, of the pictures that it was calibrated with.
        K: (3, 3) px.
        distortion: (5,) k1, k2, p1, p2, k3 (Brown 1971).
        world_to_camera: (4, 4) rigid, m; the world is y up.
    """

    name: str
    width: int
    height: int
    K: np.ndarray
    distortion: np.ndarray
    world_to_camera: np.ndarray

    @property
    def centre(self) -> np.ndarray:
        """Where the camera stands in the world (3,), m."""
        where: np.ndarray = -self.world_to_camera[:3, :3].T @ self.world_to_camera[:3, 3]
        return where

    def pixels(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the pixels (..., 2) of points (..., 3) m of the world, and their depth (...) m."""
        return project(points, self.K, self.world_to_camera, self.distortion)

    def on_plane(self, pixels: np.ndarray) -> np.ndarray:
        """Return the points (..., 2) of the plane at depth 1 that the camera shows at `pixels` (..., 2).

        NaN stays NaN.

        Raises:
            ValueError: the distortion cannot be inverted.
        """
        shown = (pixels - self.K[:2, 2]) @ np.linalg.inv(self.K[:2, :2]).T
        plane: np.ndarray = np.full(shown.shape, np.nan)
        known = np.isfinite(shown).all(axis=-1)
        plane[known] = undistort(shown[known], self.distortion)
        return plane


def checked(
    path: Path,
    name: str,
    size: np.ndarray,
    K: np.ndarray,
    distortion: np.ndarray,
    rotation: np.ndarray,
    translation: np.ndarray,
) -> Camera:
    """Return a camera whose numbers are possible ones.

    Args:
        path: the file, for messages.
        name: the camera's.
        size: width and height, px.
        K: (3, 3) px.
        distortion: none, or up to five coefficients; more are taken if they are zero.
        rotation: (3, 3) from the world to the camera.
        translation: (3,) in the file's unit.

    Raises:
        BadInput: a number is missing, not finite or impossible.
    """

    def refuse(field: str, found: object, expected: str) -> BadInput:
        return BadInput(path, f"camera {name}: {field}", " ".join(str(found).split()), expected, FIX)

    size, distortion, translation = size.ravel(), distortion.ravel(), translation.ravel()
    if size.shape != (2,) or not np.isfinite(size).all() or (size < 16).any() or (size > 1e5).any():
        raise refuse("size", size.tolist(), "width and height in px")
    if K.shape != (3, 3) or not np.isfinite(K).all() or not np.allclose(K[2], [0, 0, 1]):
        raise refuse("matrix", K.tolist(), "a 3 x 3 camera matrix whose last row is 0 0 1")
    focal = np.diag(K)[:2] / size.max()
    if (focal < MIN_FOCAL).any() or (focal > MAX_FOCAL).any():
        raise refuse("focal length", np.diag(K)[:2].tolist(), f"px, for pictures of {size[0]:.0f} x {size[1]:.0f}")
    if (K[:2, 2] < -0.5 * size).any() or (K[:2, 2] > 1.5 * size).any():
        raise refuse("principal point", K[:2, 2].tolist(), "a point near the picture")
    if abs(K[0, 1]) > size.max():
        raise refuse("skew", f"{K[0, 1]:.3g}", "px, below the picture's size")
    if not np.isfinite(distortion).all() or np.any(distortion[5:]):
        raise refuse("distortion", distortion.tolist(), "at most five coefficients k1 k2 p1 p2 k3")
    if rotation.shape != (3, 3) or not np.abs(rotation @ rotation.T - np.eye(3)).max() < ORTHONORMAL:
        raise refuse("rotation", np.round(rotation, 4).tolist(), "a rotation from the world to the camera")
    if np.linalg.det(rotation) < 0:
        raise refuse("rotation", "a reflection", "a rotation: the handedness of the world differs")
    if translation.shape != (3,) or not (np.abs(translation) <= MAX_TRANSLATION).all():
        raise refuse("translation", translation.tolist(), f"three numbers up to {MAX_TRANSLATION:g}")
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = rotation, translation
    lens = np.zeros(5)
    lens[: min(len(distortion), 5)] = distortion[:5]
    camera = Camera(name, int(size[0]), int(size[1]), K, lens, pose)
    _check_lens(camera, refuse("distortion", lens.tolist(), "a lens that can be undone over the picture"))
    return camera


def _check_lens(camera: Camera, refusal: BadInput) -> None:
    """Raise `refusal` where undoing the lens and doing it again does not lead back to the picture's edge."""
    x, y = np.meshgrid(np.linspace(0, camera.width - 1, 9), np.linspace(0, camera.height - 1, 9))
    shown = (np.stack([x.ravel(), y.ravel()], axis=1) - camera.K[:2, 2]) @ np.linalg.inv(camera.K[:2, :2]).T
    try:
        if np.abs(distort(undistort(shown, camera.distortion), camera.distortion) - shown).max() < 1e-6:
            return
    except ValueError:
        pass
    raise refusal


def in_metres(cameras: Sequence[Camera]) -> tuple[list[Camera], str]:
    """Return cameras whose places are in metres, and a note where they were in millimetres.

    All of a file are in one unit: millimetres if one stands farther from the origin than `FARTHEST_M`.
    """
    if max((np.linalg.norm(camera.centre) for camera in cameras), default=0.0) <= FARTHEST_M:
        return list(cameras), ""
    shrunk = []
    for camera in cameras:
        pose = camera.world_to_camera.copy()
        pose[:3, 3] /= 1000.0
        shrunk.append(replace(camera, world_to_camera=pose))
    return shrunk, "translations taken to be in millimetres: a camera would stand farther than 100 m away"


def y_up(camera: Camera, rotation: np.ndarray) -> Camera:
    """Return the camera in a world in which `rotation` (3, 3) turns the file's world: p = rotation p_file."""
    pose = camera.world_to_camera.copy()
    pose[:3, :3] = pose[:3, :3] @ rotation.T
    return replace(camera, world_to_camera=pose)


def turned(camera: Camera, quarters: int) -> Camera:
    """Return the camera of pictures that are turned clockwise by so many quarter turns."""
    for _ in range(quarters % 4):
        k1, k2, p1, p2, k3 = camera.distortion
        (fx, skew, cx), (_, fy, cy), _ = camera.K
        if skew:
            raise ValueError("a camera with skew cannot be turned")
        K = np.array([[fy, 0.0, camera.height - 1 - cy], [0.0, fx, cx], [0.0, 0.0, 1.0]])
        pose = np.array([[0.0, -1.0, 0, 0], [1.0, 0.0, 0, 0], [0, 0, 1.0, 0], [0, 0, 0, 1.0]]) @ camera.world_to_camera
        lens = np.array([k1, k2, p2, -p1, k3])
        camera = Camera(camera.name, camera.height, camera.width, K, lens, pose)
    return camera


def resized(camera: Camera, width: int, height: int) -> Camera:
    """Return the camera of pictures that are resampled to another size; edges stay edges."""
    factor = np.diag([width / camera.width, height / camera.height, 1.0])
    half = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5], [0.0, 0.0, 1.0]])
    K = np.linalg.inv(half) @ factor @ half @ camera.K
    return replace(camera, K=K, width=width, height=height)
