"""Is the frame rate that a file states its true one? A rate wrong by two makes inertial forces wrong by four.

First against the duration that the file states; then against what gravity and bodies allow, on a body of usual size:
speeds, free fall, what holds the body up (`kinesynth.motion.support`), and steps. The bounds are wide: they find rates
that are wrong by a factor, not by a tenth, and only in motions that gravity rules. docs/reliability.md says which.
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np

from kinesynth.amass import AmassFile, require_duration
from kinesynth.body.forward_kinematics import forward_kinematics
from kinesynth.body.proportions import ANKLES, FEET, WRISTS, Proportions, rough_centre_of_mass
from kinesynth.errors import ClipRejected
from kinesynth.gravity import GRAVITY
from kinesynth.motion.recording import Recording, from_amass
from kinesynth.motion.support import outside, standing_on_one, touching
from kinesynth.pose_layout import SMPLX
from kinesynth.runs import runs

TOO_SHORT = "too short to tell the rate"
_MIN_FRAMES = 12
_TELLING_SECONDS = 3.0  # shorter motions that show no step may not tell
_REASON = "implausible frame rate"
_FASTEST_LIMB = 18.0  # m/s relative to the pelvis, in 5 % of the frames
_FASTEST_ROOT = 13.0  # m/s; sprinters reach 12
_STRONGEST_FALL = 1.8  # g, sustained; a falling body has 1, and at twice the true rate 4
_FALL_SECONDS = 0.08
_SLOWEST_FALL = 0.4  # g; what a body without contact falls with, at least
_TOPPLES_M = 0.15  # outside the feet, RMS; real walks stay below 0.04 and reach 0.2 at twice their rate
_TOPPLES_LESS = 0.5  # of that, at half the rate: or else the body is held by something other than its feet
_WALK_RATIO = (0.13, 0.95)  # m s, step length over step rate; adults walk at 0.38 and run at 0.45
_STEP = (0.35, 1.6)  # m; shorter or longer ones are no walk or run to judge by
_SLOW_RATIO = 0.48  # m s; at half the true rate the ratio is twice the true one, 0.6 to 0.9
_ON_ONE_FOOT = 0.65  # of the frames; people who really walk slowly have both feet down for longer,
_BALANCED_M = 0.04  # and their weight over the foot that stands
_BEARS_DOUBLE_M = 0.03  # how much farther outside a true walk would be at twice its rate: 0.15 and more


def audit_rate(file: AmassFile) -> str:
    """Check the rate of an AMASS file; return why it could not be told, or nothing.

    Raises:
        BadInput: it contradicts the duration that the file states.
        ClipRejected: the body would move as no body can.
    """
    require_duration(file.path, file.n_frames, file.fps, file.seconds)
    return audit_recording(from_amass(file))


def audit_recording(recording: Recording) -> str:
    """Check the rate of any source's motion, as `audit_joint_paths` does, on a body of usual size."""
    pose = SMPLX.joints(recording.poses)
    joints, _ = forward_kinematics(_usual_joints(), recording.root, pose)
    return audit_joint_paths(joints, recording.fps)


def audit_joint_paths(joints: np.ndarray, fps: float) -> str:
    """Check the rate of any motion by what gravity and bodies allow.

    Args:
        joints: (T, 22, 3) m, the paths of SMPL-X's first 22 joints in a world whose y is up.
        fps: the rate to be checked, Hz.

    Returns:
        nothing, or why the motion could not tell: "too short to tell the rate".

    Raises:
        ClipRejected: the body would move as no body can; the detail says how.
    """
    if len(joints) < _MIN_FRAMES:
        return TOO_SHORT
    _audit_speeds(joints, fps)
    _audit_fall(rough_centre_of_mass(joints)[:, 1], fps)
    _audit_flights(joints, fps)
    _audit_support(joints, fps)
    steps = _steps(joints, fps)
    if steps is not None:
        _audit_steps(joints, fps, steps)
    return "" if steps is not None or len(joints) > _TELLING_SECONDS * fps else TOO_SHORT


def _audit_speeds(joints: np.ndarray, fps: float) -> None:
    limbs = joints[:, [*WRISTS, *ANKLES]] - joints[:, :1]
    fastest = float(np.quantile(_speed(limbs, fps).max(axis=1), 0.95))
    if fastest > _FASTEST_LIMB:
        raise ClipRejected(_REASON, fastest, f"hands or feet move at {fastest:.0f} m/s")
    root = float(np.quantile(_speed(joints[:, 0], fps), 0.98))
    if root > _FASTEST_ROOT:
        raise ClipRejected(_REASON, root, f"the pelvis moves at {root:.0f} m/s")


def _audit_fall(height: np.ndarray, fps: float) -> None:
    """No body falls faster than a stone: average its centre's downward acceleration over a while."""
    acceleration = _smooth(height, fps, derivative=2)
    frames = max(round(_FALL_SECONDS * fps), 1)
    sustained = np.convolve(acceleration, np.ones(frames) / frames, mode="valid")
    strongest = float(-sustained.min(initial=0.0)) / GRAVITY
    if strongest > _STRONGEST_FALL:
        raise ClipRejected(_REASON, strongest, f"the body falls with {strongest:.1f} g; a lower rate would explain it")


def _audit_flights(joints: np.ndarray, fps: float) -> None:
    """While both feet are off the floor and rise and fall with the pelvis, a parabola of 1 g is due."""
    feet = joints[:, FEET, 1]
    floor = np.quantile(feet.min(axis=1), 0.05)
    pelvis, lower = joints[:, 0, 1], feet.min(axis=1)
    above = lower > floor + 0.10
    for start, end in (run for run in runs(above) if run[0] > 0 and run[1] < len(above)):  # begun and ended in sight
        time = np.arange(end - start) / fps
        if len(time) < 6:
            continue
        curve = np.polyfit(time, pelvis[start:end], 2)
        fall = float(-2.0 * curve[0]) / GRAVITY
        residual = np.std(np.polyval(curve, time) - pelvis[start:end])
        rise = 0.125 * fall * GRAVITY * time[-1] ** 2
        together = np.corrcoef(pelvis[start:end], lower[start:end])[0, 1]
        if rise > 0.04 and residual < 0.05 * rise and together > 0.9 and fall < _SLOWEST_FALL:
            raise ClipRejected(
                _REASON, fall, f"in flight the body falls with {fall:.2f} g; a higher rate would explain it"
            )


def _audit_support(joints: np.ndarray, fps: float) -> None:
    """Feet that would let the body topple at this rate, and not at half of it, tell that half of it is nearer."""
    down = touching(joints)
    topples = outside(joints, fps, down)
    if topples > _TOPPLES_M and outside(joints, 0.5 * fps, down) < _TOPPLES_LESS * topples:
        detail = f"the feet could not hold the body, by {100.0 * topples:.0f} cm; half the rate would explain it"
        raise ClipRejected(_REASON, topples, detail)


@dataclass(frozen=True)
class _Steps:
    """Periodic steps of people who travel: length m, and how many a second."""

    length: float
    rate: float

    @property
    def ratio(self) -> float:
        """Step length over step rate, m s."""
        return self.length / self.rate


def _steps(joints: np.ndarray, fps: float) -> _Steps | None:
    """Return the steps of whoever travels with steps of human length, None where nobody does."""
    path = joints[:, 0, [0, 2]]
    travelled = path[-1] - path[0]
    distance, seconds = float(np.linalg.norm(travelled)), (len(path) - 1) / fps
    if distance < 2.0 or distance < 0.8 * np.linalg.norm(np.diff(path, axis=0), axis=1).sum():
        return None
    apart = (joints[:, ANKLES[0]] - joints[:, ANKLES[1]])[:, [0, 2]] @ travelled / distance
    spectrum = np.abs(np.fft.rfft((apart - apart.mean()) * np.hanning(len(apart)), 8 * len(apart))) ** 2
    rates = np.fft.rfftfreq(8 * len(apart), 1.0 / fps)
    stride_rate = float(rates[spectrum.argmax()])
    near = np.abs(rates - stride_rate) < 0.3 * stride_rate
    periodic = spectrum[near].sum() > 0.75 * spectrum.sum() and seconds * stride_rate > 2.0
    steps = _Steps(distance / seconds / (2.0 * stride_rate), 2.0 * stride_rate) if periodic else None
    return steps if steps is not None and _STEP[0] < steps.length < _STEP[1] else None


def _audit_steps(joints: np.ndarray, fps: float, steps: _Steps) -> None:
    """Steps of human length are taken at a human rate, and long ones not slowly without time to balance."""
    detail = f"steps of {steps.length:.2f} m at {steps.rate:.1f} a second"
    if not _WALK_RATIO[0] < steps.ratio < _WALK_RATIO[1]:
        raise ClipRejected(_REASON, steps.rate, detail)
    stands = standing_on_one(joints)
    if steps.ratio < _SLOW_RATIO or stands.any(axis=(1, 2)).mean() < _ON_ONE_FOOT:
        return
    beside, at_double = (outside(joints, rate, stands) for rate in (fps, 2.0 * fps))
    if beside > _BALANCED_M and at_double < beside + _BEARS_DOUBLE_M:
        detail += f", {100.0 * beside:.0f} cm off the foot that stands; twice the rate would explain it"
        raise ClipRejected(_REASON, steps.rate, detail)


def _speed(positions: np.ndarray, fps: float) -> np.ndarray:
    return np.asarray(np.linalg.norm(np.diff(positions, axis=0), axis=-1) * fps)


def _smooth(values: np.ndarray, fps: float, derivative: int) -> np.ndarray:
    window = min(max(int(0.1 * fps) | 1, 5), len(values) - 1 | 1)
    from scipy.signal import savgol_filter  # late: it takes half a second to import

    smooth: np.ndarray = savgol_filter(values, window, 3, deriv=derivative, delta=1.0 / fps)
    return smooth


@cache
def _usual_joints() -> np.ndarray:
    with (files("kinesynth.motion") / "tables" / "usual_joints.csv").open(encoding="utf-8") as stream:
        return np.array([[float(row[axis]) for axis in "xyz"] for row in csv.DictReader(stream)])


def audited(path: Path, recording: Recording, proportions: Proportions) -> Recording:
    """Return a recording whose joints move as a body's can, at its rate and in its units.

    Raises:
        ClipRejected: they do not; the detail names the file.
    """
    turns = SMPLX.joints(recording.poses)
    joints, _ = forward_kinematics(proportions.joints, recording.root_scale * recording.root, turns)
    try:
        audit_joint_paths(joints, recording.fps)
    except ClipRejected as error:
        detail = f"{path}: {error.detail} at {recording.fps:.4g} Hz; correct its rate, times or units"
        raise ClipRejected(error.reason, error.value, detail) from error
    return recording
