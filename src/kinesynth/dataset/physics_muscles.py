"""Masks against their reasons, joint moments against strength, reserves, and activations against moments in time."""

from collections.abc import Iterator

import numpy as np

from kinesynth.dataset.person import Person
from kinesynth.dataset.physics_body import Found, worst
from kinesynth.dataset.record import ClipRecord
from kinesynth.reasons import REASONS
from kinesynth.skeleton.moment_limits import moment_limits
from kinesynth.skeleton.torques import torque_driven

_SMALLEST = 0.2  # N m/kg: the fraction of a smaller moment is taken of this, as the filter does
_LEG = ("hip_flexion", "hip_adduction", "knee_angle", "ankle_angle")
_LAGS_S = (0.1, 0.4)
_MIN_FRAMES, _MIN_SPREAD, _MIN_CORRELATION = 12, 0.2, 0.7  # N m/kg for the spread


def muscle_values(clip: ClipRecord, person: Person) -> Iterator[Found]:
    """Yield values of masks, joint moments, reserves and activations."""
    arrays = clip.arrays
    wrong = _disagreements(clip, person)
    yield "validity", float(wrong.sum()), worst(wrong) if wrong.any() else ""
    names, mass = person.skeleton.coordinate_names, person.mass_kg
    moments, reserves = arrays["moments"].astype(float), arrays["reserves"].astype(float)
    valid = arrays["quality/force_valid"]
    if valid.any():
        fraction = np.where(valid[:, None], np.abs(moments), 0.0) / (moment_limits(names) * mass)
        yield "strength", float(fraction.max()), worst(fraction, names)
    valid = arrays["quality/activation_valid"]
    if valid.any():
        moments = person.skeleton.carried(arrays["smooth_angles"].astype(float), moments)
        by_torque = np.isclose(reserves, moments, rtol=1e-3, atol=1e-3)[valid].all(axis=0)
        by_torque |= np.isin(names, list(torque_driven()))
        fraction = np.abs(reserves) / np.maximum(np.abs(moments), _SMALLEST * mass)
        fraction = np.where(valid[:, None] & ~by_torque, fraction, 0.0)
        fraction[:, person.coordinates("pelvis_")] = 0.0  # residuals, which no muscle supplies
        yield "reserve", float(fraction.max()), worst(fraction, names)
        yield from _lag(clip, person)


def _disagreements(clip: ClipRecord, person: Person) -> np.ndarray:
    """Return (T,), true where masks and the reasons for them contradict each other."""
    arrays = clip.arrays
    reasons = arrays["quality/reasons"]
    bits = (reasons[:, None] >> np.arange(8 * reasons.itemsize)) & 1 > 0
    named = list(person.reasons) + [""] * (bits.shape[1] - len(person.reasons))
    levels = {reason.name: reason.level for reason in REASONS}
    spoils = [levels.get(name, "unknown") for name in named]  # a later release's reason may spoil forces, or not
    forbids = bits[:, [level in ("angles", "forces") for level in spoils]].any(axis=1)
    may_forbid = bits[:, [level != "activations" for level in spoils]].any(axis=1)
    force, activation = arrays["quality/force_valid"], arrays["quality/activation_valid"]
    wrong = (force & forbids) | (~force & ~may_forbid) | (activation & ~force)
    return np.asarray(wrong | (activation != ~bits.any(axis=1)))


def _lag(clip: ClipRecord, person: Person) -> Iterator[Found]:
    """Yield how much better a leg's moments go with its muscles' effort at another time than with that of their own.

    Static optimization knows no delay: effort, the sum of squared activations, rises and falls with the moments.
    """
    arrays, fps = clip.arrays, clip.fps
    lags = np.arange(max(2, int(np.ceil(_LAGS_S[0] * fps))), int(_LAGS_S[1] * fps) + 1)
    gains: list[tuple[float, str]] = []
    for side in ("r", "l"):
        muscles = [index for index, name in enumerate(person.skeleton.muscle_names) if name.endswith(f"_{side}")]
        joints = person.coordinates(*(f"{name}_{side}" for name in _LEG))
        effort = np.square(arrays["activations"][:, muscles], dtype=float).sum(axis=1)
        moment = np.abs(arrays["moments"][:, joints]).sum(axis=1) / person.mass_kg
        valid = arrays["quality/activation_valid"]
        if moment[valid].std() < _MIN_SPREAD:
            continue
        own = _correlation(effort, moment, valid, 0)
        others = {int(lag): _correlation(effort, moment, valid, int(lag)) for lag in (*-lags, *lags)}
        best = max(others, key=lambda lag: others[lag], default=0)
        if best and others[best] >= _MIN_CORRELATION:
            gains.append((others[best] - own, f"{'right' if side == 'r' else 'left'} leg, {best / fps:+.2f} s"))
    if gains:
        gain, place = max(gains)
        yield "activation_lag", max(gain, 0.0), place


def _correlation(effort: np.ndarray, moment: np.ndarray, valid: np.ndarray, lag: int) -> float:
    """Return the correlation of effort with the moment `lag` frames later, -1 where too few frames are valid."""
    frames = np.flatnonzero(valid)
    frames = frames[(frames + lag >= 0) & (frames + lag < len(valid))]
    frames = frames[valid[frames + lag]]
    if len(frames) < _MIN_FRAMES:
        return -1.0
    x, y = effort[frames] - effort[frames].mean(), moment[frames + lag] - moment[frames + lag].mean()
    return float(x @ y / max(np.sqrt((x @ x) * (y @ y)), 1e-12))
