"""Somebody who steps from one foot to the other on force plates: forces that are known, and files that hold them."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from kinesynth.dynamics.measured_forces import MeasuredForces, Standing, measured_forces
from kinesynth.dynamics.plate_wrench import Place
from kinesynth.gravity import GRAVITY
from kinesynth.opensim_files.storage import write_storage

MASS, RATE, SECONDS, START = 70.0, 100.0, 3.0, 4.0
PLATE_RATE = 1000.0
WEIGHT = MASS * GRAVITY
FOOT = np.array([[0.0, 0.0, -0.03], [0.0, 0.0, 0.03], [0.15, 0.0, -0.04], [0.15, 0.0, 0.04], [0.22, 0.0, 0.0]])
HEELS = np.array([[0.0, 0.0, 0.1], [0.0, 0.0, -0.1]])  # right and left; they stay where they are


@dataclass(frozen=True)
class Walk:
    """Forces in the world, at any times (T,) s after the clip's first frame, and where the file's axes are.

    Attributes:
        place: how the file's axes become the world's.
        unit: factors on force, point and torque as they stand in the file.
    """

    place: Place = field(default_factory=lambda: Place(np.eye(3), 1.0, np.zeros(3), np.zeros(2)))
    unit: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @property
    def frames(self) -> np.ndarray:
        return np.arange(round(SECONDS * RATE)) / RATE

    def load(self, seconds: np.ndarray) -> np.ndarray:
        """Return the fraction (T, 2) of the weight under each foot: 0.7 s on one, a change of 0.1 s, and back."""
        phase = np.sin(2.0 * np.pi * seconds / 1.6)
        right = np.clip(0.5 + 2.5 * phase, 0.0, 1.0)
        return np.stack([right, 1.0 - right], axis=-1)

    def wrench(self, seconds: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return force, centre of pressure and free moment, each (T, 2, 3), in the world."""
        fraction = self.load(seconds)[..., None]
        force = WEIGHT * fraction * np.array([0.1, 1.0, -0.05])
        cop = np.tile(HEELS, (len(seconds), 1, 1))
        cop[..., 0] += 0.1 + 0.05 * np.sin(2.0 * np.pi * seconds / 3.0)[:, None]
        return force, cop, 5.0 * fraction * np.array([0.0, 1.0, 0.0])

    def standing(self) -> Standing:
        """Return what the motion tells."""
        points = np.tile(HEELS[:, None] + FOOT, (len(self.frames), 1, 1, 1))
        lifted = self.load(self.frames) <= 0.0
        swing = lifted * np.sin(20.0 * np.pi * self.frames)[:, None]
        points[..., 0] += 0.1 * swing[:, :, None]
        points[..., 1] += 0.1 * lifted[:, :, None]
        return Standing(points, np.zeros(lifted.shape), ~lifted, np.full(len(points), WEIGHT), MASS, RATE)

    def in_file(self, seconds: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the wrench in the file's axes and units."""
        force, cop, moment = self.wrench(seconds)
        place = self.place
        carried = cop.copy()
        carried[..., [0, 2]] += (seconds[:, None] * place.belt)[:, None]
        points = (carried - place.shift) @ place.turn / place.scale
        return self.unit[0] * force @ place.turn, self.unit[1] * points, self.unit[2] * moment @ place.turn

    def write(self, path: Path, plates: tuple[int, ...] = (0, 1), seconds: float = SECONDS) -> Path:
        """Write a .mot of plates, each of which is under the foot of that number."""
        times = np.arange(round(seconds * PLATE_RATE)) / PLATE_RATE
        wrench = self.in_file(times)
        columns = {
            f"ground_force_{number + 1}_{letter}{axis}": array[:, foot, at]
            for number, foot in enumerate(plates)
            for letter, array in zip("vpm", wrench, strict=True)
            for at, axis in enumerate("xyz")
        }
        write_storage(path, START + times, columns, in_degrees=False, name="forces")
        return path

    def measured(self, path: Path, start: float = START, standing: Standing | None = None) -> MeasuredForces:
        return measured_forces(path, start, self.place, 20.0, standing or self.standing())


def laboratory() -> Place:
    """Return the place of a file with z up, somewhere else, on a treadmill that runs against x at 1.2 m/s."""
    z_up = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    turn = Rotation.from_euler("y", 0.6).as_matrix() @ z_up
    return Place(turn, 1.0, np.array([2.0, -0.3, -1.0]), np.array([-1.2, 0.1]))


def with_standing(walk: Walk, **changes: object) -> Standing:
    return replace(walk.standing(), **changes)  # type: ignore[arg-type]
