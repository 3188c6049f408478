"""What plates measure, at a clip's frames and in its world: force and moment about one point for each plate.

A force and a moment about a fixed point may be low-passed, added and turned; a centre of pressure may not, which is a
quotient. So it is taken last.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kinesynth.dynamics.filters import low_pass
from kinesynth.dynamics.plate_feet import LOADED_NEWTONS
from kinesynth.opensim_files.force_table import Plates

_SLACK_SECONDS = 1e-6
MAX_CUTOFF = 0.45  # of the plates' rate: more is no filter


@dataclass(frozen=True)
class Wrenches:
    """Force and moment of P plates, or of both feet.

    Attributes:
        force: (T, P, 3) N.
        moment: (T, P, 3) N m, about the world's origin.
        height: (T, P) m, of the surface that is stood on.
    """

    force: np.ndarray
    moment: np.ndarray
    height: np.ndarray

    def centre_of_pressure(self) -> np.ndarray:
        """Return where (T, P, 3) m the forces act on their surfaces, the origin below where none presses."""
        force, moment = self.force, self.moment
        loaded = np.abs(force[..., 1]) >= LOADED_NEWTONS
        vertical = np.where(loaded, force[..., 1], 1.0)
        x = np.where(loaded, (moment[..., 2] + self.height * force[..., 0]) / vertical, 0.0)
        z = np.where(loaded, (self.height * force[..., 2] - moment[..., 0]) / vertical, 0.0)
        return np.stack([x, self.height, z], axis=-1)

    def free_moment(self, cop: np.ndarray) -> np.ndarray:
        """Return the moment (T, P, 3) N m about the vertical through `cop` (T, P, 3)."""
        return np.asarray((self.moment - np.cross(cop, self.force)) * np.array([0.0, 1.0, 0.0]))


@dataclass(frozen=True)
class Place:
    """How a file's axes and points become those of a clip's world (`motion.ground_alignment`).

    Attributes:
        turn: (3, 3).
        scale: of the file's points, that of the path.
        shift: (3,) m.
        belt: (2,) m/s, the velocity of a treadmill's belt that is removed from the motion.
    """

    turn: np.ndarray
    scale: float
    shift: np.ndarray
    belt: np.ndarray

    @classmethod
    def of(cls, attrs: Mapping[str, Any]) -> "Place":
        """Return what a clip's attributes say of it."""
        from_file = np.asarray(attrs["from_file"], float).reshape(3, 4)
        belt = np.zeros(2) + np.asarray(attrs.get("belt_velocity_m_per_s", 0.0))
        return cls(from_file[:, :3], float(attrs["root_scale"]), from_file[:, 3], belt)

    def points(self, points: np.ndarray, seconds: np.ndarray) -> np.ndarray:
        """Return points (T, P, 3) m of the file in the world, `seconds` (T,) after the clip's first frame."""
        placed = self.scale * points @ self.turn.T + self.shift
        placed[..., [0, 2]] -= (seconds[:, None] * self.belt)[:, None]
        return np.asarray(placed)


def at_frames(plates: Plates, times: np.ndarray, cutoff_hz: float, place: Place) -> Wrenches:
    """Return what the plates measure at `times` (T,) s of the file, low-passed, in the world.

    A plate that bears less than LOADED_NEWTONS bears nothing: there its point may be anywhere.
    """
    bearing = np.linalg.norm(plates.force, axis=-1, keepdims=True) >= LOADED_NEWTONS
    force = np.where(bearing, plates.force, 0.0)
    moment = np.where(bearing, plates.torque + np.cross(np.where(bearing, plates.point, 0.0), force), 0.0)
    heights = _heights(plates.point @ place.turn.T, force)
    values = np.concatenate([force, moment], axis=-1)
    if cutoff_hz < MAX_CUTOFF * plates.rate_hz:
        values = low_pass(values, plates.rate_hz, cutoff_hz)
    columns = values.reshape(len(values), -1).T
    within = ~beyond(plates, times)
    there = within[:, None] * np.stack([np.interp(times, plates.times, column) for column in columns], axis=-1)
    turned = there.reshape(len(times), len(plates.names), 2, 3) @ place.turn.T
    in_file = Wrenches(turned[:, :, 0], turned[:, :, 1], np.tile(heights, (len(times), 1)))
    # the point moves with the path's scale, the shift and the belt; force and free moment stay
    cop = in_file.centre_of_pressure()
    placed = place.points(cop @ place.turn, times - times[0])
    moved = in_file.free_moment(cop) + np.cross(placed, in_file.force)
    return Wrenches(in_file.force, moved, placed[..., 1])


def beyond(plates: Plates, times: np.ndarray) -> np.ndarray:
    """Return (T,) bool, the `times` (T,) s at which nothing was measured."""
    return np.asarray((times < plates.times[0] - _SLACK_SECONDS) | (times > plates.times[-1] + _SLACK_SECONDS))


def _heights(points: np.ndarray, force: np.ndarray) -> np.ndarray:
    """Return how high (P,) m each plate's surface is: where its force acts, the mean by force."""
    weight = np.linalg.norm(force, axis=-1)
    total = weight.sum(axis=0)
    return np.asarray(np.where(total > 0.0, (weight * points[..., 1]).sum(axis=0) / np.maximum(total, 1e-9), 0.0))
