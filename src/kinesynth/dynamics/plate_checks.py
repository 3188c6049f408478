"""Whether measured forces belong to a motion: its time, its units, its axes, its weight, its feet."""

from pathlib import Path

import numpy as np

from kinesynth.dynamics.plate_feet import LOADED_NEWTONS, REACH_M, Step
from kinesynth.dynamics.plate_wrench import Wrenches
from kinesynth.errors import BadInput
from kinesynth.gravity import GRAVITY
from kinesynth.opensim_files.force_table import Plates

FARTHEST_M = 100.0  # from the origin of a laboratory
LONGEST_ARM_M = 1.0  # of a torque about a force's own point
PRESSING_N = 100.0  # a force that is surely one, whatever its unit of length
MIN_FRACTION, MAX_FRACTION = (
    0.3,
    1.5,
)  # of the load that the motion asks, on plates that bear any; a chair may too
MIN_UPRIGHT = 0.8  # of the mean force's length, along the vertical
LIFTED_M, SWINGS_M_PER_S = 0.05, 1.0  # so high above its lowest, and not slower at any point: a foot swings
MAX_ON_SWINGING = 0.15  # of the load
MASS_OFF = 0.05  # of the mass: more, and the user is told
MASS_SPREAD = 0.15  # of it, between quartiles over the frames: more, and a seat bears, or hands
MIN_WEIGHED = 0.2  # of the frames, in which the motion asks MIN_ASKED of the weight
MIN_ASKED = 0.5
_FRAME_FIX = "bring forces and motion into one frame and one time, or correct the column grf"


def check_overlap(path: Path, plates: Plates, times: np.ndarray) -> None:
    """Require that forces were measured during a clip, `times` (T,) s of its file.

    Raises:
        BadInput: they were not.
    """
    first, last = float(plates.times[0]), float(plates.times[-1])
    if last < times[0] or first > times[-1]:
        expected = f"some between {times[0]:g} and {times[-1]:g} s, where the motion is"
        raise BadInput(path, "time", f"forces from {first:g} to {last:g} s", expected, "shift the table's times")


def check_units(path: Path, plates: Plates) -> None:
    """Require points in metres and torques in newton metres.

    Raises:
        BadInput: they cannot be.
    """
    size = np.linalg.norm(plates.force, axis=-1)
    pressing = size >= PRESSING_N
    if not pressing.any():
        found = f"{size.max():.3g} at most"
        fix = "write the forces in newtons, or leave the column grf empty where nobody is on a plate"
        raise BadInput(path, "force", found, "a person's weight in newtons", fix)
    away = float(np.median(np.linalg.norm(plates.point, axis=-1)[pressing]))
    if away > FARTHEST_M:
        raise BadInput(path, "point", f"{away:.4g} from the origin", "metres", "write the points in metres")
    arm = float(np.median(np.linalg.norm(plates.torque, axis=-1)[pressing] / size[pressing]))
    if arm > LONGEST_ARM_M + away:
        found = f"{arm:.3g} times the force"
        raise BadInput(path, "torque", found, "newton metres about the point", "write the torques in newton metres")


def check_fit(
    path: Path,
    plates: Plates,
    wrenches: Wrenches,
    found: list[Step],
    apart: np.ndarray,
    vertical: np.ndarray,
    outside: np.ndarray,
) -> None:
    """Require that forces point up, bear a body, and act under its feet.

    Args:
        path: of the forces, for messages.
        plates: as read.
        wrenches: at the clip's T frames, in its world.
        found: the steps on them.
        apart: (T, P) m from the foot that each plate is under.
        vertical: (T,) N that the motion asks.
        outside: (T,) bool, frames without measurement.

    Raises:
        BadInput: they do not.
    """
    size = np.linalg.norm(wrenches.force, axis=-1)
    mean = wrenches.force[size >= LOADED_NEWTONS].sum(axis=0)
    if not np.linalg.norm(mean) > 0.0:
        return  # nobody stepped on a plate within the clip: no frame is measured where feet stand
    upright = float(mean[1] / np.linalg.norm(mean))
    if upright < MIN_UPRIGHT:
        axis = mean / np.linalg.norm(mean)
        found_axis = (
            f"{'+' if axis[np.abs(axis).argmax()] > 0 else '-'}{'xyz'[np.abs(axis).argmax()]} in the clip's world"
        )
        fix = "give forces on the body, not on the plate, in the axes of the motion's file"
        raise BadInput(path, "force", f"the mean along {found_axis}", "the mean upwards (+y)", fix)
    bearing = (wrenches.force[..., 1].sum(axis=1) >= LOADED_NEWTONS) & ~outside
    fraction = float(wrenches.force[bearing, :, 1].sum() / np.maximum(vertical[bearing].sum(), 1e-9))
    if not MIN_FRACTION <= fraction <= MAX_FRACTION:
        found_fraction = f"{fraction:.3g} times what the body weighs and its motion asks"
        fix = "write the forces in newtons (1 kN is 1000), state the subject's mass, or see whose forces these are"
        raise BadInput(path, "force", found_fraction, f"{MIN_FRACTION:g} to {MAX_FRACTION:g} times", fix)
    _check_feet(path, plates, wrenches.force[..., 1], found, apart)


def _check_feet(path: Path, plates: Plates, load: np.ndarray, found: list[Step], apart: np.ndarray) -> None:
    sides = ("right", "left")
    impulse = {step: float(load[step.frames, step.plate].sum()) for step in found}
    away = {step: float(np.median(apart[step.frames, step.plate])) for step in found}
    stated = {step: plates.feet[step.plate] for step in found}
    far = [step for step in found if not away[step] <= REACH_M]
    if sum(impulse[step] for step in far) > 0.5 * sum(impulse.values()):
        worst = max(far, key=impulse.__getitem__)
        foot = stated[worst]
        whose = "the nearest foot" if foot is None else f"the {sides[foot]} foot"
        where = f"{plates.names[worst.plate] or 'the plate'}: {away[worst]:.2f} m from {whose}"
        raise BadInput(path, "centre of pressure", where, f"{REACH_M:g} m at most", _FRAME_FIX)
    crossed = [step for step in found if None not in (stated[step], step.foot) and stated[step] != step.foot]
    if sum(impulse[step] for step in crossed) > 0.5 * sum(impulse.values()):
        worst = max(crossed, key=impulse.__getitem__)
        where = f"{plates.names[worst.plate]} under the {sides[stated[worst] or 0]} foot"
        fix = "exchange the feet in applied_to_body, or name the table itself in the column grf"
        raise BadInput(path, "applied_to_body", where, f"the {sides[worst.foot or 0]}, where it acts", fix)


def check_clock(path: Path, load: np.ndarray, points: np.ndarray, rate_hz: float) -> None:
    """Require that feet bear load while they stand: forces and motion have one clock.

    Args:
        path: of the forces, for the message.
        load: (T, 2) N, vertical, on the right and the left foot.
        points: (T, 2, K, 3) m of both soles.
        rate_hz: frames per second.

    Raises:
        BadInput: much of the load is on feet that swing.
    """
    lowest = points[..., 1].min(axis=2)
    lifted = lowest - np.quantile(lowest, 0.05, axis=0) > LIFTED_M
    speed = np.linalg.norm(np.gradient(points, 1.0 / rate_hz, axis=0), axis=-1).min(axis=2)
    fraction = float(load[lifted & (speed > SWINGS_M_PER_S)].sum() / np.maximum(load.sum(), 1e-9))
    if fraction > MAX_ON_SWINGING:
        found = f"{fraction:.0%} of the load on a foot that swings"
        raise BadInput(path, "time", found, "load on feet that stand", "give forces and motion the same clock")


def weighed(total: np.ndarray, vertical: np.ndarray, mass_kg: float, unmeasured: np.ndarray) -> tuple[str, ...]:
    """Return what is to be said of the mass: that by the plates, where in all frames it is another than the model's.

    Args:
        total: (T,) N, measured vertical force.
        vertical: (T,) N that the motion of a body of `mass_kg` asks.
        mass_kg: of the model.
        unmeasured: (T,) bool, frames in which not all of it is measured.
    """
    known = ~unmeasured & (total >= LOADED_NEWTONS)
    known &= vertical > MIN_ASKED * mass_kg * GRAVITY
    if known.mean() < MIN_WEIGHED:
        return ()
    fraction = total[known] / vertical[known]
    low, ratio, high = np.quantile(fraction, (0.25, 0.5, 0.75))
    if abs(ratio - 1.0) <= MASS_OFF or high - low > MASS_SPREAD * ratio:
        return ()
    return (f"the plates weigh {ratio * mass_kg:.1f} kg, the model has {mass_kg:.1f}: state the subject's mass",)
