"""What a motion asks of the ground: the forces that its whole body needs, and where its feet may get them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kinesynth.dynamics.contact import FootMotion, contact_likelihood, rest_heights, sole_points, speeds
from kinesynth.dynamics.filters import low_pass
from kinesynth.dynamics.flight import airborne, frames_of, free_fall_shift
from kinesynth.dynamics.names import PELVIS_FORCES, ROOT
from kinesynth.dynamics.root_rotation import RootRotation

GREATEST_CUTOFF = 0.45  # of the frame rate
FREE_FALL_SWEEPS = 2  # OpenSim's spline and the shift's differences differ a little: the second mends it


@dataclass(frozen=True)
class Demand:
    """A motion, and what it asks of the ground.

    Attributes:
        forces: (T, J) N m and N, the generalised forces without external ones.
        feet: how the feet move.
        likelihood: (T, 2, P), how likely each point of the soles carries load.
        rest_heights: (P,) m, where the points of the soles were found to rest.
        angles: (T, J), the motion that asks it: low-passed, falling freely in flight, coupled coordinates included.
        airborne: (T,) bool, frames of a flight: no point of either sole is in contact.
        root: the columns of J in the order of `ROOT`.
        mass_kg: of the whole body.
        rate_hz: frames per second.
    """

    forces: np.ndarray
    feet: FootMotion
    likelihood: np.ndarray
    rest_heights: np.ndarray
    angles: np.ndarray
    airborne: np.ndarray
    root: list[int]
    mass_kg: float
    rate_hz: float


@dataclass(frozen=True)
class ContactModel:
    """When a point of the sole carries load (see `contact`), and how much friction it has.

    Contact is told from feet low-passed at `cutoff_hz`, more than the forces are: at 6 Hz a foot would leave the floor
    half a tenth of a second early.
    """

    height_m: float
    speed_m_per_s: float
    rest_tolerance_m: float
    friction: float
    least_force_newtons: float
    cutoff_hz: float


def whole_body_demand(
    model: Path,
    names: list[str],
    root_rotation: RootRotation,
    angles: np.ndarray,
    fps: float,
    cutoff_hz: float,
    contact: ContactModel,
) -> Demand:
    """Return what `angles` (T, J), low-passed, ask of the ground. Runs OpenSim: call it in a child process."""
    from kinesynth.dynamics import model as opensim_model
    from kinesynth.opensim_models.couplers import coupled

    body = opensim_model.load_model(model)
    opensim_model.check_coordinates(body, names)
    root, mass = [names.index(name) for name in ROOT], opensim_model.total_mass(body)
    translations = root[: len(PELVIS_FORCES)]
    times = np.arange(len(angles)) / fps

    def smoothed(cutoff: float) -> np.ndarray:
        smooth = low_pass(angles, fps, cutoff)
        smooth[:, root_rotation.columns] = root_rotation.low_passed(angles, fps, cutoff)
        return coupled(body, smooth)

    feet = opensim_model.foot_motion(body, smoothed(max(cutoff_hz, min(contact.cutoff_hz, GREATEST_CUTOFF * fps))))
    likelihood, rest = sole_contact(feet, fps, contact)
    flights = airborne(likelihood, fps)

    def demand(posed: np.ndarray) -> Demand:
        with opensim_model.scratch_folder() as folder:
            forces = opensim_model.generalised_forces(folder, model, names, times, posed)
        moving = opensim_model.foot_motion(body, posed)
        return Demand(forces, moving, likelihood, rest, posed, frames_of(flights, len(angles)), root, mass, fps)

    found = demand(smoothed(cutoff_hz))
    for _ in range(FREE_FALL_SWEEPS if flights else 0):
        posed = found.angles.copy()
        posed[:, translations] += free_fall_shift(found.forces[:, translations] / mass, flights, fps)
        found = demand(posed)
    return found


def sole_contact(feet: FootMotion, fps: float, contact: ContactModel) -> tuple[np.ndarray, np.ndarray]:
    """Return how likely each point of the soles carries load, (T, 2, P), and the heights (P,) m at which they rest."""
    points = sole_points(feet)
    speed = speeds(points, fps)
    rest = rest_heights(points, speed, contact.rest_tolerance_m)
    return contact_likelihood(points[..., 1] - rest, speed, contact.height_m, contact.speed_m_per_s), rest
