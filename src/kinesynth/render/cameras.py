"""Calibrated pinhole cameras and where they stand.

OpenCV convention: x right, y down, z forward; pixel (0,0) is the centre of the top-left pixel. The pair `frontal` and
`sagittal` follows ODAH (2024): static, 1.1 ± 0.1 m above the floor, 33 mm lens on a 36 mm sensor fitted horizontally.
"""

import re
from dataclasses import dataclass

import numpy as np

from kinesynth.errors import BadInput

SENSOR_WIDTH_MM = 36.0
FOCAL_LENGTH_MM = 33.0

# The side from which each view looks at a person who faces +x, as an angle about +y from +x towards -z.
AZIMUTHS_DEG = {"frontal": 0.0, "sagittal": -90.0, "sagittal_left": 90.0, "rear": 180.0, "oblique": -45.0}

# Any number of views besides, drawn anew for each clip from everywhere around and from knee height to above the head.
_RANDOM = re.compile(r"random(_\w+)?")


@dataclass(frozen=True)
class Camera:
    """One static camera.

    Attributes:
        name: the view's name.
        width, height: of the picture, px.
        focal_length_mm: on a sensor of `SENSOR_WIDTH_MM`, fitted to the picture's width.
        world_to_camera: rows of the (4,4) rigid transform from the world (y up, m) to the camera (OpenCV, m).
    """

    name: str
    width: int
    height: int
    focal_length_mm: float
    world_to_camera: tuple[tuple[float, float, float, float], ...]

    @property
    def K(self) -> np.ndarray:  # noqa: N802  (the name of the matrix in every textbook)
        """Intrinsic matrix (3,3), px."""
        focal = self.width * self.focal_length_mm / SENSOR_WIDTH_MM
        return np.array([[focal, 0, (self.width - 1) / 2], [0, focal, (self.height - 1) / 2], [0, 0, 1]])

    @property
    def extrinsics(self) -> np.ndarray:
        """World-to-camera transform (4,4)."""
        return np.array(self.world_to_camera)

    @property
    def position(self) -> np.ndarray:
        """Where the camera stands, (3,) m in the world."""
        return np.asarray(-self.extrinsics[:3, :3].T @ self.extrinsics[:3, 3])

    def project(self, points: np.ndarray) -> np.ndarray:
        """Return the pixels (...,2) of world points (...,3) m."""
        return project(points, self.K, self.extrinsics)


def project(points: np.ndarray, K: np.ndarray, world_to_camera: np.ndarray) -> np.ndarray:
    """Return the pixels (...,2) at which a camera sees world points (...,3); pixel (0,0) is a pixel's centre."""
    inside = points @ world_to_camera[:3, :3].T + world_to_camera[:3, 3]
    image = inside @ K.T
    return np.asarray(image[..., :2] / image[..., 2:])


def view_names(views: int | list[str]) -> list[str]:
    """Return names of views from their number (in the order of `AZIMUTHS_DEG`) or a list of names.

    Raises:
        BadInput: a name is unknown or repeated, or the number is out of range.
    """
    known = list(AZIMUTHS_DEG)
    if isinstance(views, int):
        if not 1 <= views <= len(known):
            raise BadInput("config", "render.views", str(views), f"a number from 1 to {len(known)}", "change it")
        return known[:views]
    wrong = [name for name in views if name not in AZIMUTHS_DEG and not _RANDOM.fullmatch(name)]
    if wrong or len(set(views)) != len(views) or not views:
        expected = f"different names out of {known}, random, random_NAME"
        raise BadInput("config", "render.views", str(views), expected, "change it")
    return list(views)


def look(position: np.ndarray, target: np.ndarray, roll_rad: float = 0.0) -> np.ndarray:
    """Return the world-to-camera transform (4,4) of a camera at `position` looking at `target`, y up, then rolled."""
    forward = (target - position) / np.linalg.norm(target - position)
    right = np.cross(forward, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    cos, sin = np.cos(roll_rad), np.sin(roll_rad)
    rotation = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]]) @ np.stack([right, down, forward])
    transform = np.eye(4)
    transform[:3, :3] = rotation
    transform[:3, 3] = -rotation @ position
    return transform


@dataclass(frozen=True)
class Perturbation:
    """How a camera differs from its nominal place."""

    height_m: float = 1.1
    azimuth_deg: float = 0.0
    roll_deg: float = 0.0
    margin: float = 0.08
    focal_length_mm: float = FOCAL_LENGTH_MM


def sample_perturbation(rng: np.random.Generator, name: str = "frontal") -> Perturbation:
    """Draw the small errors with which a person would set up a camera; of a random view, the whole place and lens."""
    if name not in AZIMUTHS_DEG:
        return Perturbation(
            height_m=float(rng.uniform(0.5, 2.6)),
            azimuth_deg=float(rng.uniform(-180, 180)),
            roll_deg=float(rng.normal(0.0, 2.0)),
            margin=float(rng.uniform(0.03, 0.15)),
            focal_length_mm=float(rng.uniform(24, 70)),
        )
    return Perturbation(
        height_m=float(1.1 + rng.uniform(-0.1, 0.1)),
        azimuth_deg=float(rng.normal(0.0, 2.0)),
        roll_deg=float(rng.normal(0.0, 0.5)),
        margin=float(rng.uniform(0.05, 0.12)),
    )


def place(name: str, points: np.ndarray, width: int, height: int, perturbation: Perturbation) -> Camera:
    """Return the camera of view `name`, near enough and far enough that all `points` (P,3) m lie in the picture.

    The distance is the least at which the points keep `perturbation.margin` of the picture's width and height on
    every side.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    centre = (low + high) / 2
    azimuth = np.deg2rad(AZIMUTHS_DEG.get(name, 0.0) + perturbation.azimuth_deg)
    side = np.array([np.cos(azimuth), 0.0, -np.sin(azimuth)])

    def at(distance: float) -> Camera:
        position = centre + distance * side
        position[1] = perturbation.height_m
        transform = look(position, centre, np.deg2rad(perturbation.roll_deg))
        rows = tuple(tuple(float(value) for value in row) for row in transform)
        return Camera(name, width, height, perturbation.focal_length_mm, rows)  # type: ignore[arg-type]

    near, far = 1.0, 100.0
    for _ in range(40):  # bisection to far below a millimetre
        middle = (near + far) / 2
        near, far = (near, middle) if _fits(at(middle), points, perturbation.margin) else (middle, far)
    return at(far)


def _fits(camera: Camera, points: np.ndarray, margin: float) -> bool:
    depth = points @ camera.extrinsics[2, :3] + camera.extrinsics[2, 3]
    if depth.min() < 0.3:
        return False
    size = np.array([camera.width, camera.height])
    pixels = camera.project(points) + 0.5
    return bool(np.all(pixels >= margin * size) and np.all(pixels <= (1 - margin) * size))
