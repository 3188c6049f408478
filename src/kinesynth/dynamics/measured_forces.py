"""Ground forces that plates measured, in place of estimated ones: whose each is, and where one is not known."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kinesynth.dynamics.contact import sole_points
from kinesynth.dynamics.demand import Demand
from kinesynth.dynamics.names import ROOT
from kinesynth.dynamics.plate_checks import check_clock, check_fit, check_overlap, check_units, weighed
from kinesynth.dynamics.plate_feet import LOADED_NEWTONS, Step, distances, steps
from kinesynth.dynamics.plate_files import read_plates
from kinesynth.dynamics.plate_wrench import Place, Wrenches, at_frames, beyond
from kinesynth.gravity import GRAVITY
from kinesynth.opensim_files.force_table import Plates
from kinesynth.stage_file import Clip

TOUCHING = 0.5  # likelihood of contact of a foot that touches the ground
MISSING_BW = 0.1  # of vertical force: that much less than the motion asks, and a foot stands beside the plates


@dataclass(frozen=True)
class Standing:
    """How a clip's feet stand, from its motion.

    Attributes:
        points: (T, 2, K, 3) m of both soles, in the world.
        floor: (T, 2) m, height of what each foot is nearest to standing on.
        contact: (T, 2) bool, feet that touch the ground.
        vertical: (T,) N that the motion asks of its surroundings.
        mass_kg: of the whole body.
        rate_hz: frames per second.
    """

    points: np.ndarray
    floor: np.ndarray
    contact: np.ndarray
    vertical: np.ndarray
    mass_kg: float
    rate_hz: float


@dataclass(frozen=True)
class MeasuredForces:
    """What was measured under the right and the left foot.

    Attributes:
        force: (T, 2, 3) N, in ground.
        cop: (T, 2, 3) m, the middle of the foot where it carries nothing.
        moment: (T, 2, 3) N m, the free moment.
        unmeasured: (T,) bool, frames in which a foot's force is not known.
        notes: what was taken for granted.
    """

    force: np.ndarray
    cop: np.ndarray
    moment: np.ndarray
    unmeasured: np.ndarray
    notes: tuple[str, ...]


def forces_of(clip: Clip, demand: Demand, cutoff_hz: float) -> MeasuredForces:
    """Return what the file that a clip's attribute grf_file names measured under its feet.

    Raises:
        BadInput: as `measured_forces`.
    """
    standing = Standing(
        sole_points(demand.feet),
        demand.soles.floor,
        demand.soles.likelihood.max(axis=2) >= TOUCHING,
        demand.forces[:, demand.root[ROOT.index("pelvis_ty")]],
        demand.mass_kg,
        demand.rate_hz,
    )
    start = float(clip.attrs["start"])
    return measured_forces(Path(str(clip.attrs["grf_file"])), start, Place.of(clip.attrs), cutoff_hz, standing)


def measured_forces(path: Path, start: float, place: Place, cutoff_hz: float, standing: Standing) -> MeasuredForces:
    """Return what the plates of a file measured under a clip's feet.

    Args:
        path: of the forces (see `plate_files`).
        start: the file's own time (s) of the clip's first frame.
        place: how the file's axes become the world's.
        cutoff_hz: low-pass cut-off of forces and moments.
        standing: the clip's feet.

    Raises:
        BadInput: the forces do not belong to the motion, or the file is unusable.
    """
    plates = read_plates(path)
    times = start + np.arange(len(standing.vertical)) / standing.rate_hz
    check_overlap(path, plates, times)
    check_units(path, plates)
    on_plates = at_frames(plates, times, cutoff_hz, place)
    cop = on_plates.centre_of_pressure()
    found = steps(on_plates.force[..., 1], cop, standing.points)
    outside = beyond(plates, times)
    check_fit(path, plates, on_plates, found, _stated_distances(plates, cop, standing), standing.vertical, outside)
    fraction, unknown = _fractions(plates, found, standing)
    force, moment = (np.einsum("tpf,tpi->tfi", fraction, part) for part in (on_plates.force, on_plates.moment))
    feet = Wrenches(force, moment, _surface(on_plates, fraction))
    check_clock(path, feet.force[..., 1], standing.points, standing.rate_hz)
    unmeasured = outside | unknown | _beside(feet.force[..., 1], standing)
    notes = plates.notes + _notes(found, plates, unmeasured)
    notes += weighed(feet.force[..., 1].sum(axis=1), standing.vertical, standing.mass_kg, unmeasured)
    return MeasuredForces(*_resultant(feet, standing), unmeasured, notes)


def _fractions(plates: Plates, found: list[Step], standing: Standing) -> tuple[np.ndarray, np.ndarray]:
    """Return which plate bears which foot, (T, P, 2), and frames (T,) bool in which that is not known.

    A plate under both feet tells the foot's force that alone is down.
    """
    fraction = np.zeros((len(standing.vertical), len(plates.names), 2))
    unknown = np.zeros(len(fraction), dtype=bool)
    alone = standing.contact & ~standing.contact[:, ::-1]
    for step in found:
        foot = step.foot if plates.feet[step.plate] is None else plates.feet[step.plate]
        if foot is not None:
            fraction[step.frames, step.plate, foot] = 1.0
            continue
        one = alone[step.frames] if step.near else np.zeros_like(alone[step.frames])
        fraction[step.frames, step.plate] = one
        unknown[step.frames] |= ~one.any(axis=1)
    return fraction, unknown


def _beside(vertical: np.ndarray, standing: Standing) -> np.ndarray:
    """Return (T,) bool, frames in which a foot stands on no plate: it touches the ground and load is missing."""
    bare = (standing.contact & (vertical < LOADED_NEWTONS)).any(axis=1)
    missing = standing.vertical - vertical.sum(axis=1)
    return np.asarray(bare & (missing > MISSING_BW * standing.mass_kg * GRAVITY))


def _surface(on_plates: Wrenches, fraction: np.ndarray) -> np.ndarray:
    """Return the height (T, 2) m of what each foot stands on: its plates', by load."""
    weight = fraction * np.maximum(on_plates.force[..., 1], 0.0)[..., None]
    total = weight.sum(axis=1)
    return np.asarray((weight * on_plates.height[..., None]).sum(axis=1) / np.where(total > 0.0, total, 1.0))


def _resultant(feet: Wrenches, standing: Standing) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return force, centre of pressure and free moment, each (T, 2, 3)."""
    loaded = feet.force[..., 1:2] >= LOADED_NEWTONS
    middle = standing.points.mean(axis=2)
    middle[..., 1] = standing.floor
    cop = np.where(loaded, feet.centre_of_pressure(), middle)
    return np.where(loaded, feet.force, 0.0), cop, np.where(loaded, feet.free_moment(cop), 0.0)


def _stated_distances(plates: Plates, cop: np.ndarray, standing: Standing) -> np.ndarray:
    """Return how far (T, P) m each force is from the foot that its file names, or else from the nearer one."""
    near = distances(cop, standing.points)
    columns = [near[:, at].min(axis=1) if foot is None else near[:, at, foot] for at, foot in enumerate(plates.feet)]
    return np.stack(columns, axis=1)


def _notes(found: list[Step], plates: Plates, unmeasured: np.ndarray) -> tuple[str, ...]:
    feet: dict[str, list[str]] = {"right": [], "left": [], "both or neither": []}
    for step in found:
        foot = step.foot if plates.feet[step.plate] is None else plates.feet[step.plate]
        feet["both or neither" if foot is None else ("right", "left")[foot]].append(
            plates.names[step.plate] or "its own"
        )
    pairs = ", ".join(f"{foot} foot on {', '.join(dict.fromkeys(names))}" for foot, names in feet.items() if names)
    notes = (f"force plates: {pairs}",)
    fraction = float(unmeasured.mean())
    return notes + ((f"a foot's force is not measured in {fraction:.0%} of the frames",) if fraction > 0.0 else ())
