"""The external forces that a motion needs, and where the feet may take them up."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kinesynth.dynamics.airborne import (
    airborne,
    falling_path,
    falls,
    frames_of,
    free_fall_shift,
    held_contact,
    vertical_support,
)
from kinesynth.dynamics.contact import (
    SLOW,
    FootMotion,
    contact_likelihood,
    max_contact_speed,
    rest_heights,
    soft_landing,
    sole_points,
    velocities,
)
from kinesynth.dynamics.cutoffs import OWN, Cutoffs, angle_cutoffs, base_hz, path_cutoffs
from kinesynth.dynamics.falls import calmed, oscillation_gain
from kinesynth.dynamics.filters import low_pass
from kinesynth.dynamics.floors import Footing, boxes, floor_under
from kinesynth.dynamics.force_doubt import OCTAVE, ForceDoubt, flight_moment_doubt, quicker, support_doubt
from kinesynth.dynamics.names import PELVIS_FORCES, ROOT
from kinesynth.dynamics.other_contacts import OtherMotion
from kinesynth.dynamics.root_rotation import RootRotation
from kinesynth.options import option

if TYPE_CHECKING:
    from kinesynth.opensim_models.opened import Model

FREE_FALL_SWEEPS = 2  # OpenSim's spline and the shift's differences differ a little: the second makes up for it


@dataclass(frozen=True)
class SoleContact:
    """Where the soles touch.

    Attributes:
        likelihood: (T, 2, P), how likely each point of the soles carries load.
        floor: (T, 2) m, height of what each foot is nearest to standing on.
        rest_heights: (P,) m, where the points of the soles were found to rest above it.
        flights: spans of frames in which nothing touches.
        falls: whether the body falls anywhere, be it that its feet are not seen to leave the floor: a slow run.
    """

    likelihood: np.ndarray
    floor: np.ndarray
    rest_heights: np.ndarray
    flights: list[slice]
    falls: bool


@dataclass(frozen=True)
class Demand:
    """A motion, and what it asks of the ground.

    Attributes:
        forces: (T, J) N m and N, the generalised forces without external ones.
        feet: how the feet move.
        others: how other bodies do that something may push.
        soles: where they touch.
        angles: (T, J), the motion that asks it: low-passed, falling freely in flight, coupled coordinates included.
        airborne: (T,) bool, frames of a flight: no point of either sole is in contact.
        doubt: by how much the vertical force may be off.
        moment_doubt: (T,) N m/kg, by how much joint moments in flight may be; zero elsewhere.
        root: the columns of J in the order of `ROOT`.
        mass_kg: of the whole body.
        rate_hz: frames per second.
        cutoffs: at which the motion was low-passed.
        gain: how much of the mass centre's oscillation that the motion shows was taken (see `falls`).
    """

    forces: np.ndarray
    feet: FootMotion
    others: OtherMotion
    soles: SoleContact
    angles: np.ndarray
    airborne: np.ndarray
    doubt: ForceDoubt
    moment_doubt: np.ndarray
    root: list[int]
    mass_kg: float
    rate_hz: float
    cutoffs: Cutoffs
    gain: float


@dataclass(frozen=True)
class SoleContactRules:
    """When a point of the sole carries load (see `contact`).

    Contact is detected on feet filtered at `contact_cutoff_hz`, which is higher than the forces' cut-off: at 6 Hz
    lift-off would be detected 50 ms early.
    """

    contact_height_m: float = option(
        0.015, "a point of the sole that is higher above its rest hardly carries load", exclusiveMinimum=0
    )
    contact_speed_m_per_s: float = option(
        0.8, "a point of the sole that is faster hardly carries load", exclusiveMinimum=0
    )
    contact_speed_share: float = option(
        0.2,
        "as a fraction of a foot's greatest speed, the speed over the floor beyond which it hardly carries load, where "
        "that is more than contact_speed_m_per_s",
        minimum=0,
    )
    contact_lead_seconds: float = option(
        0.015, "for how long a tracked foot still sinks after the real one has met the floor", minimum=0
    )
    contact_cutoff_hz: float = option(
        15.0,
        "low-pass cut-off of the feet's motion for telling contact, 0.45 of the frame rate at most",
        exclusiveMinimum=0,
    )
    rest_tolerance_m: float = option(
        0.06, "how far from y = 0 the tracked soles may rest and still stand on the floor", minimum=0
    )
    least_force_newtons: float = option(
        20.0,
        "a foot with less vertical force carries none: its centre of pressure would be noise",
        minimum=0,
    )


def whole_body_demand(
    model: Path,
    names: list[str],
    root_rotation: RootRotation,
    angles: np.ndarray,
    fps: float,
    cutoff_hz: float,
    rules: SoleContactRules,
) -> Demand:
    """Return what `angles` (T, J), low-passed at `cutoff_hz` or at their own, ask of the ground.

    Runs OpenSim: call it in a child process.
    """
    from kinesynth.dynamics.body_motion import foot_motion, other_motion
    from kinesynth.opensim_models.coordinates import check_coordinates
    from kinesynth.opensim_models.couplers import coupled
    from kinesynth.opensim_models.opened import open_model
    from kinesynth.opensim_models.posing import mass_centres

    body = open_model(model)
    check_coordinates(body, names)
    motion = _Motion(body, model, names, root_rotation, angles, fps)
    base = base_hz(cutoff_hz)
    quick = quicker(base, rules.contact_cutoff_hz / base, fps)
    centre = mass_centres(body, coupled(body, angles))
    centre, soles, gain = _contact(
        foot_motion(body, motion.smoothed(np.full(len(names), quick))), centre, fps, quick, rules
    )
    cutoffs = Cutoffs(
        angle_cutoffs(angles, fps, cutoff_hz, root_rotation.columns),
        path_cutoffs(centre, fps, cutoff_hz, falls=soles.falls),
    )
    doubt = support_doubt(centre[:, 1], soles.flights, fps, base, cutoffs.path[1])
    posed, forces, moment_doubt = _posed(motion, centre, soles.flights, cutoffs, own=cutoff_hz == OWN)
    feet, others = foot_motion(body, posed), other_motion(body, posed)
    flying = frames_of(soles.flights, len(angles))
    return Demand(
        forces, feet, others, soles, posed, flying, doubt, moment_doubt, motion.root, motion.mass_kg, fps, cutoffs, gain
    )


@dataclass(frozen=True)
class _Motion:
    """A model's motion `angles` (T, J), to be filtered, moved along a path and asked for its forces."""

    body: "Model"
    model: Path
    names: list[str]
    root_rotation: RootRotation
    angles: np.ndarray
    fps: float

    @property
    def root(self) -> list[int]:
        """The columns in the order of `ROOT`."""
        return [self.names.index(name) for name in ROOT]

    @property
    def mass_kg(self) -> float:
        """The mass of the whole body."""
        from kinesynth.opensim_models.masses import total_mass

        return total_mass(self.body)

    @property
    def translations(self) -> list[int]:
        """The columns of the pelvis' place."""
        return self.root[: len(PELVIS_FORCES)]

    def smoothed(self, cutoffs_hz: np.ndarray) -> np.ndarray:
        """Return the angles, low-passed at `cutoffs_hz` (J,)."""
        from kinesynth.opensim_models.couplers import coupled

        smooth = np.empty_like(self.angles)
        for cutoff in np.unique(cutoffs_hz):
            columns = cutoffs_hz == cutoff
            smooth[:, columns] = low_pass(self.angles[:, columns], self.fps, cutoff)
        rotation = self.root_rotation
        smooth[:, rotation.columns] = rotation.low_passed(self.angles, self.fps, float(cutoffs_hz[rotation.columns[0]]))
        return coupled(self.body, smooth)

    def along(self, path: np.ndarray, cutoffs_hz: np.ndarray) -> np.ndarray:
        """Return the low-passed angles with the whole body moved so that its mass centre follows `path` (T, 3) m."""
        from kinesynth.opensim_models.posing import mass_centres

        posed = self.smoothed(cutoffs_hz)
        posed[:, self.translations] += path - mass_centres(self.body, posed)
        return posed

    def forces(self, posed: np.ndarray) -> np.ndarray:
        """Return the generalised forces (T, J) of a motion without external ones."""
        from kinesynth.opensim_models.id_tool import generalised_forces
        from kinesynth.opensim_models.tool_files import scratch_folder

        with scratch_folder() as folder:
            return generalised_forces(folder, self.model, self.names, np.arange(len(posed)) / self.fps, posed)


def _posed(
    motion: _Motion, centre: np.ndarray, flights: list[slice], cutoffs: Cutoffs, *, own: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the low-passed angles (T, J), their generalised forces, and the doubt (T,) of moments in flight.

    The mass centre follows `centre` (T, 3) m, low-passed at its `own` cut-offs, and in `flights` falls freely.
    """
    from kinesynth.opensim_models.posing import mass_centres

    frames, fps = len(motion.angles), motion.fps
    if own or flights:
        posed = motion.along(falling_path(centre, flights, fps, cutoffs.path), cutoffs.angles)
    else:
        posed = motion.smoothed(cutoffs.angles)
    if not flights:
        return posed, motion.forces(posed), np.zeros(frames)
    mass = motion.mass_kg
    posed, forces = _in_free_fall(motion, posed, flights, mass)
    quick_angles = np.array([quicker(each, OCTAVE, fps) for each in cutoffs.angles])
    quick_forces = motion.forces(motion.along(mass_centres(motion.body, posed), quick_angles))
    return posed, forces, flight_moment_doubt(forces, quick_forces, motion.root, mass, frames_of(flights, frames))


def _in_free_fall(
    motion: _Motion, posed: np.ndarray, flights: list[slice], mass_kg: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return `posed` (T, J) shifted so that nothing supports it in `flights`, and its generalised forces."""
    forces = motion.forces(posed)
    for _ in range(FREE_FALL_SWEEPS):
        shift = free_fall_shift(forces[:, motion.translations] / mass_kg, flights, motion.fps)
        posed[:, motion.translations] += shift
        forces = motion.forces(posed)
    return posed, forces


def _contact(
    feet: FootMotion, centre: np.ndarray, fps: float, cutoff_hz: float, rules: SoleContactRules
) -> tuple[np.ndarray, SoleContact, float]:
    """Return the path (T, 3) m of a mass centre, where the soles touch, and the path's gain (see `falls`).

    The path is `centre` but for a runner's, who falls no faster than bodies fall.
    """
    smooth = low_pass(centre, fps, cutoff_hz)
    soles = sole_contact(feet, smooth, fps, rules)
    gain = oscillation_gain(vertical_support(smooth[:, 1], fps), soles.flights, fps)
    if gain == 1.0:
        return centre, soles, gain
    calm = centre.copy()
    calm[:, 1] = calmed(centre[:, 1], fps, gain)
    return calm, sole_contact(feet, low_pass(calm, fps, cutoff_hz), fps, rules), gain


def sole_contact(feet: FootMotion, centre: np.ndarray, fps: float, rules: SoleContactRules) -> SoleContact:
    """Return where the soles touch, from the feet's motion and the path (T, 3) m of the body's mass centre."""
    points = sole_points(feet)
    velocity = velocities(points, fps)
    speed = np.linalg.norm(velocity, axis=-1)
    fast = max_contact_speed(velocity, rules.contact_speed_m_per_s, rules.contact_speed_share)
    slow = speed < SLOW * fast
    rest = rest_heights(points, slow, rules.rest_tolerance_m)
    above = points[..., 1] - rest
    support = vertical_support(centre[:, 1], fps)
    footing = Footing(above.min(axis=-1), slow.any(axis=-1), points.mean(axis=2)[..., [0, 2]])
    floor = floor_under(footing, boxes(footing, centre[:, [0, 2]], support, fps))
    likelihood = contact_likelihood(
        above - floor[..., None], velocity, rules.contact_height_m, fast, rules.contact_lead_seconds
    )
    likelihood = likelihood * soft_landing(likelihood, velocity, fast)
    flights = airborne(likelihood, support, fps)
    held = held_contact(likelihood, flights, fps)
    return SoleContact(held, floor, rest, flights, bool(flights) or falls(support, fps))
