"""Calibrated cameras, and how one is set up before a person.

OpenCV convention: x right, y down, z forward; pixel (0,0) is the centre of the top-left pixel. Which cameras there are
is a table's (`rigs`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from kinesynth.geometry.projection import NO_DISTORTION, project

SENSOR_WIDTH_MM = 36.0
FOCAL_LENGTH_MM = 33.0
Row = tuple[float, float, float, float]


@dataclass(frozen=True)
class Lens:
    """A lens: its focal length on a sensor of `SENSOR_WIDTH_MM`, fitted to the picture's width, and its distortion.

    `distortion` is k1, k2, p1, p2, k3 (`kinesynth.geometry.projection`).
    """

    focal_mm: float = FOCAL_LENGTH_MM
    distortion: tuple[float, float, float, float, float] = NO_DISTORTION


@dataclass(frozen=True)
class Exposure:
    """What a camera does to a picture besides projecting it.

    Attributes:
        seconds: for how long the shutter is open about the frame's instant; 0: no motion blur.
        noise: standard deviation in a picture's dark parts, as a fraction of white.
        rate: H.264's constant rate factor; 0: as the renderer encodes.
        seed: of the noise.
    """

    seconds: float = 0.0
    noise: float = 0.0
    rate: int = 0
    seed: int = 0


@dataclass(frozen=True)
class Framing:
    """By how much a camera is set up otherwise than to show the whole person.

    Attributes:
        nearness: its distance over that at which it would show all of it.
        right_deg, up_deg: by how much it is turned aside then.
    """

    nearness: float = 1.0
    right_deg: float = 0.0
    up_deg: float = 0.0


@dataclass(frozen=True)
class Camera:
    """One static camera.

    Attributes:
        name: the view's name.
        width, height: of the picture, px.
        lens: focal length and distortion.
        world_to_camera: rows of the (4,4) rigid transform from the world (y up, m) to the camera (OpenCV, m).
        exposure: blur, noise and compression.
        framing: what was sampled to cut the person; part of `world_to_camera`.
    """

    name: str
    width: int
    height: int
    lens: Lens
    world_to_camera: tuple[Row, Row, Row, Row]
    exposure: Exposure = field(default_factory=Exposure)
    framing: Framing = field(default_factory=Framing)

    @property
    def K(self) -> np.ndarray:  # noqa: N802  (the name of the matrix in every textbook)
        """Intrinsic matrix (3,3), px."""
        focal = self.width * self.lens.focal_mm / SENSOR_WIDTH_MM
        return np.array([[focal, 0, (self.width - 1) / 2], [0, focal, (self.height - 1) / 2], [0, 0, 1]])

    @property
    def extrinsics(self) -> np.ndarray:
        """World-to-camera transform (4,4)."""
        return np.array(self.world_to_camera)

    @property
    def distortion(self) -> np.ndarray:
        """Distortion coefficients (5,)."""
        return np.array(self.lens.distortion)

    @property
    def position(self) -> np.ndarray:
        """Position of the camera, (3,) m in the world."""
        return np.asarray(-self.extrinsics[:3, :3].T @ self.extrinsics[:3, 3])

    def project(self, points: np.ndarray) -> np.ndarray:
        """Return the pixels (...,2) of world points (...,3) m."""
        return project(points, self.K, self.extrinsics, self.distortion)[0]

    def depth(self, points: np.ndarray) -> np.ndarray:
        """Return how far (...) world points (...,3) m are before the camera, along its axis, m."""
        return np.asarray(points @ self.extrinsics[2, :3] + self.extrinsics[2, 3])


@dataclass(frozen=True)
class Setup:
    """How somebody sets up a camera.

    Attributes:
        azimuth_deg: the side from which it looks at a person who faces +x, about +y from +x towards -z.
        height_m: above the ground.
        tilt_deg: by how much it looks above (positive) the middle of where the person moves.
        pitch_deg: minimum and maximum of its angle above the horizon.
        roll_deg: about its own axis.
        margin: fraction of the picture's width and height that the person keeps from every edge.
        lens: focal length and distortion.
    """

    azimuth_deg: float = 0.0
    height_m: float = 1.1
    tilt_deg: float = 0.0
    pitch_deg: tuple[float, float] = (-89.0, 89.0)
    roll_deg: float = 0.0
    margin: float = 0.08
    lens: Lens = field(default_factory=Lens)


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


def set_up(
    name: str, setup: Setup, points: np.ndarray, size: tuple[int, int], exposure: Exposure | None = None
) -> Camera:
    """Return a camera at the minimum distance at which all `points` (P,3) m are inside the picture by the margin."""
    return set_up_at(name, setup, points, size, whole_distance(name, setup, points, size), exposure)


def set_up_at(
    name: str, setup: Setup, points: np.ndarray, size: tuple[int, int], distance: float,
    exposure: Exposure | None = None, framing: Framing | None = None,
) -> Camera:  # fmt: skip
    """Return a camera `distance` m before the middle of `points` (P,3) m, or by `framing` nearer and turned aside."""
    framing = framing or Framing()
    distance *= framing.nearness
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    azimuth = np.deg2rad(setup.azimuth_deg)
    side = np.array([np.cos(azimuth), 0.0, -np.sin(azimuth)])
    position = centre + distance * side
    position[1] = setup.height_m
    target = _target(setup, position, _turned(centre, position, framing), distance, framing.up_deg)
    transform = look(position, target, np.deg2rad(setup.roll_deg))
    rows = tuple(tuple(float(value) for value in row) for row in transform)
    return Camera(name, *size, setup.lens, rows, exposure or Exposure(), framing)  # type: ignore[arg-type]


def whole_distance(name: str, setup: Setup, points: np.ndarray, size: tuple[int, int]) -> float:
    """Return the minimum distance, m, at which all `points` (P,3) m are inside the picture by the margin."""
    return _min_distance(lambda distance: _fits(set_up_at(name, setup, points, size, distance), points, setup.margin))


def _turned(target: np.ndarray, position: np.ndarray, framing: Framing) -> np.ndarray:
    """Return a target (3,) turned to the right about the vertical through a camera at `position` (3,)."""
    if not framing.right_deg:
        return target
    angle = np.deg2rad(framing.right_deg)
    (x, _, z), y = target - position, target[1]
    right = np.array([x * np.cos(angle) - z * np.sin(angle), 0.0, x * np.sin(angle) + z * np.cos(angle)])
    return np.asarray(position * [1, 0, 1] + right + [0, y, 0])


def _target(setup: Setup, position: np.ndarray, centre: np.ndarray, distance: float, up_deg: float = 0.0) -> np.ndarray:
    """Return the point (3,) at which a camera looks: the centre, unless its tilt or its pitch's limits differ."""
    aim = np.rad2deg(np.arctan2(centre[1] - position[1], distance))
    pitch = np.clip(aim + setup.tilt_deg + up_deg, *setup.pitch_deg)
    if pitch == aim:
        return centre
    return np.array([centre[0], position[1] + distance * np.tan(np.deg2rad(pitch)), centre[2]])


def _min_distance(fits: Callable[[float], bool]) -> float:
    """Return the minimum distance, m, by bisection to far below a millimetre."""
    near, far = 1.0, 100.0
    for _ in range(40):
        middle = (near + far) / 2
        near, far = (near, middle) if fits(middle) else (middle, far)
    return far


def _fits(camera: Camera, points: np.ndarray, margin: float) -> bool:
    if camera.depth(points).min() < 0.3:
        return False
    size = np.array([camera.width, camera.height])
    pixels = camera.project(points) + 0.5
    return bool(np.all(pixels >= margin * size) and np.all(pixels <= (1 - margin) * size))
