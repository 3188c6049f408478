"""The force of fully active muscles in closed form, as OpenSim's static optimization computes it.

Millard et al. 2013, "Flexing computational muscle": force-length and force-velocity curves of the model, a pennate
fibre of constant height, and a tendon that does not stretch; passive forces take no part. One peculiarity of OpenSim
4.6 is reproduced on purpose: `calcActiveFiberForceAlongTendon` takes the pennation angle of a fibre as long as the
*normalised* length in metres, about ten times too long, so that its cosine is near one where 0.83 would be right (up to
18 % more force in the most pennate muscles). Activations are to be those that OpenSim's tool would give.
"""

from dataclasses import dataclass

import numpy as np

CURVE_POINTS = 2001
FORCE_LENGTH_RANGE = (0.0, 2.0)  # normalised fibre lengths, beyond which the active force is zero
FORCE_VELOCITY_RANGE = (-1.0, 1.0)  # normalised velocities, beyond which the curve is flat


@dataclass(frozen=True)
class Muscles:
    """A model's muscles and the coordinates that they may move.

    Attributes:
        names: the A muscles in the order of the model's ForceSet.
        moved: the coordinates on which a muscle has a moment arm.
        driven: those of them that no strong torque of the model drives. Muscles from trunk to humerus move the shoulder
            girdle too, but most of what drives it the model lacks.
        free: the coordinates that are neither coupled, locked nor prescribed.
        coordinate_names: all J coordinates in the order of the CoordinateSet.
        coordinate_ranges: (J, 2) rad or m.
        coordinate_defaults: (J,) rad or m.
    """

    names: tuple[str, ...]
    moved: tuple[str, ...]
    driven: tuple[str, ...]
    free: tuple[str, ...]
    coordinate_names: tuple[str, ...]
    coordinate_ranges: np.ndarray
    coordinate_defaults: np.ndarray


@dataclass(frozen=True)
class MuscleForce:
    """What decides the force of A muscles.

    Attributes:
        max_isometric_force: (A,) N.
        optimal_fibre_length: (A,) m.
        tendon_slack_length: (A,) m.
        optimal_pennation: (A,) rad, at the optimal fibre length.
        max_pennation: (A,) rad.
        max_contraction_velocity: (A,) optimal fibre lengths per second.
        min_fibre_length: (A,) m.
        bounds: (A, 2) minimum and maximum activation.
        force_length: (A, P) active force over normalised fibre length, at even steps through FORCE_LENGTH_RANGE.
        force_velocity: (A, P) the same over normalised velocity, through FORCE_VELOCITY_RANGE.
    """

    max_isometric_force: np.ndarray
    optimal_fibre_length: np.ndarray
    tendon_slack_length: np.ndarray
    optimal_pennation: np.ndarray
    max_pennation: np.ndarray
    max_contraction_velocity: np.ndarray
    min_fibre_length: np.ndarray
    bounds: np.ndarray
    force_length: np.ndarray
    force_velocity: np.ndarray

    def full(self, length: np.ndarray, speed: np.ndarray) -> np.ndarray:
        """Return the force (T, A) N along the tendon at activation 1.

        Args:
            length: (T, A) m, of muscle and tendon.
            speed: (T, A) m/s at which they lengthen.
        """
        height = self.optimal_fibre_length * np.sin(self.optimal_pennation)
        along = length - self.tendon_slack_length
        fibre = np.maximum(np.hypot(along, height), self.min_fibre_length)
        fibre = np.where(along > 0.0, fibre, self.min_fibre_length)
        normal = fibre / self.optimal_fibre_length
        velocity = speed * self._cosine(height / fibre) / (self.optimal_fibre_length * self.max_contraction_velocity)
        active = _interpolated(self.force_length, FORCE_LENGTH_RANGE, normal)
        active *= _interpolated(self.force_velocity, FORCE_VELOCITY_RANGE, velocity)
        return np.asarray(self.max_isometric_force * active * self._cosine(height / normal))

    def _cosine(self, sine: np.ndarray) -> np.ndarray:
        return np.asarray(np.sqrt(1.0 - np.minimum(sine, np.sin(self.max_pennation)) ** 2))


def _interpolated(tables: np.ndarray, span: tuple[float, float], arguments: np.ndarray) -> np.ndarray:
    """Return each row of `tables` (A, P) at its column of `arguments` (T, A), linearly; flat beyond the table."""
    count = tables.shape[1]
    place = np.clip((arguments - span[0]) * ((count - 1) / (span[1] - span[0])), 0.0, count - 1)
    left = np.minimum(place.astype(np.intp), count - 2)
    flat = left + np.arange(len(tables)) * count
    values = tables.ravel()
    low = values[flat]
    return np.asarray(low + (place - left) * (values[flat + 1] - low))
