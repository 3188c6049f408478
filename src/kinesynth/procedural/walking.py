"""Walking: feet roll over heel and ball, the pelvis travels, sways and bobs, the arms swing against the legs."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from kinesynth.body.proportions import Proportions
from kinesynth.procedural.curves import between, bump, through, wander
from kinesynth.procedural.plan import (
    Plan,
    ankle_height,
    frame_times,
    rolled_over_ball,
    rolled_over_heel,
    standing,
    toe_pitch,
)
from kinesynth.procedural.solve import lowered
from kinesynth.text import table_rows

_WALK_RATIO = 0.378  # m s; step length over step rate of adults (Sekiya & Nagasaki 1998: 0.0063 m per step/min)
_USUAL_LEG = 0.84  # m, thigh and shank of those adults; speeds scale with its root (equal Froude number)
_TOE_OFF = 0.61  # of the stride: double support is 2 (0.61 - 0.5) = 22 %
_HEEL_OFF, _FOOT_FLAT = 0.35, 0.09
_PASSING = 0.243  # phase at which the pelvis is over the standing ankle
_LOWEST = 0.06  # phase of double support's middle, where the pelvis is lowest
_STRAIGHTEST_KNEE = np.radians(6.0)
_CLEARANCE = 0.014
_SLIP, _LANDING, _LEAVING = 0.007, 0.035, 0.05  # m, and phases: pads and skin give way before and after the foot stands


@dataclass(frozen=True)
class Gait:
    """What distinguishes one walk from another: seconds, metres, metres per second, phase of the right heel strike."""

    stride: float
    speed: float
    half_width: float
    phase: float
    bob: float
    sway: float


def walking(proportions: Proportions, rng: np.random.Generator, seconds: float) -> Plan:
    """Walk at a steady speed.

    Step length follows from speed by the walk ratio. The legs' angles are not prescribed: they follow from the feet's
    roll-over and the pelvis' path, and stay in the ranges of Winter's normal gait.
    """
    times = frame_times(seconds)
    gait = _draw(proportions, rng)
    plan = standing(proportions, len(times), rng)
    phase = times / gait.stride + gait.phase
    plan = _place_feet(proportions, gait, times, plan)
    plan = _move_pelvis(proportions, gait, times, phase, plan)
    return _swing_arms(phase, rng, times, plan)


def _draw(proportions: Proportions, rng: np.random.Generator) -> Gait:
    size = proportions.leg_length / _USUAL_LEG
    speed = float(rng.uniform(1.05, 1.35) * size**0.5)
    step = float(np.sqrt(speed * _WALK_RATIO * rng.uniform(0.93, 1.07) * size**1.5))
    return Gait(
        stride=2.0 * step / speed,
        speed=speed,
        half_width=float(rng.uniform(0.042, 0.055)),
        phase=float(rng.uniform()),
        bob=float(rng.uniform(0.021, 0.025)),
        sway=float(rng.uniform(0.016, 0.024)),
    )


def _place_feet(proportions: Proportions, gait: Gait, times: np.ndarray, plan: Plan) -> Plan:
    """Write ankles, pitch and toes of both feet, stride by stride."""
    ankles, pitch, toes = np.empty_like(plan.ankles), np.empty_like(plan.foot_pitch), np.empty_like(plan.toes)
    for side, offset in enumerate((0.0, 0.5)):
        phase = times / gait.stride + gait.phase + offset
        pitch[:, side] = _pitch(phase)
        planted_toes = 1.0 - through(phase % 1.0, (_TOE_OFF, 0.69, 0.80), (0.0, 0.55, 1.0))
        toes[:, side] = (toe_pitch(pitch[:, side]) - np.minimum(pitch[:, side], 0.0)) * planted_toes
        lift = 0.0
        for _ in range(3):
            ankles[:, side] = _ankle_path(proportions, gait, side, phase, lift)
            lift += _missing_clearance(proportions, side, phase, ankles[:, side], pitch[:, side])
    return plan.but(ankles=ankles, foot_pitch=pitch, toes=toes)


def _ankle_path(proportions: Proportions, gait: Gait, side: int, phase: np.ndarray, lift: float) -> np.ndarray:
    """Return the ankle (T, 3): rolling over the heel, flat, over the ball, and a quintic through the air."""
    path = np.empty((len(phase), 3))
    for stride in range(int(np.floor(phase.min())), int(np.floor(phase.max())) + 1):
        here = (phase >= stride) & (phase < stride + 1)
        local = phase[here] - stride
        stance = _stance(proportions, gait, side, stride, np.minimum(local, _TOE_OFF))
        states = [_state(proportions, gait, side, stride, _TOE_OFF), _state(proportions, gait, side, stride + 1, 0.0)]
        swing = between(np.maximum(local, _TOE_OFF), (_TOE_OFF, 1.0), states)
        swing[:, 1] += lift * bump(local, _TOE_OFF, 1.0)
        path[here] = np.where((local < _TOE_OFF)[:, None], stance, swing)
    return path


def _stance(proportions: Proportions, gait: Gait, side: int, stride: int, local: np.ndarray) -> np.ndarray:
    """Return the ankle (T, 3) at `local` phases of a stride, as if its stance went on for ever."""
    start = (stride - gait.phase - (0.0, 0.5)[side]) * gait.stride
    ahead = gait.speed * (start + _PASSING * gait.stride)
    planted = np.array([(-1.0, 1.0)[side] * gait.half_width, ankle_height(proportions, side), ahead])
    pitch = _pitch(local)
    rolling = (roll(proportions, side, planted, pitch) for roll in (rolled_over_heel, rolled_over_ball))
    path = np.where((local < 0.5 * (_FOOT_FLAT + _HEEL_OFF))[:, None], *rolling)
    path[:, 2] -= _SLIP * np.maximum(1.0 - local / _LANDING, 0.0) ** 3
    path[:, 2] += _SLIP * np.maximum(1.0 + (local - _TOE_OFF) / _LEAVING, 0.0) ** 3
    return path


def _state(proportions: Proportions, gait: Gait, side: int, stride: int, local: float) -> np.ndarray:
    """Return position, velocity and acceleration (3, 3) with respect to phase, by central differences."""
    step = 1e-3
    before, at, after = _stance(proportions, gait, side, stride, local + np.array([-step, 0.0, step]))
    return np.stack([at, (after - before) / (2.0 * step), (after - 2.0 * at + before) / step**2])


def _pitch(phase: np.ndarray) -> np.ndarray:
    """Return the foot's pitch (toes up) over the stride, 0 from foot flat to heel-off."""
    knots, degrees = _pitch_table()
    local = np.where(phase % 1.0 < knots[0], phase % 1.0 + 1.0, phase % 1.0)
    return np.radians(through(local, knots, degrees))


@cache
def _pitch_table() -> tuple[tuple[float, ...], tuple[float, ...]]:
    rows = table_rows(files("kinesynth.procedural") / "tables" / "walking_foot.csv")
    return tuple(float(row["phase"]) for row in rows), tuple(float(row["pitch_deg"]) for row in rows)


def _missing_clearance(
    proportions: Proportions, side: int, phase: np.ndarray, ankle: np.ndarray, pitch: np.ndarray
) -> float:
    """Return by how much the toes or the heel miss their clearance in the middle of swing."""
    swing = (phase % 1.0 > 0.74) & (phase % 1.0 < 0.92)
    sole = proportions.soles[side].points - proportions.joints[(8, 7)[side]]
    height = ankle[swing, 1, None] + np.cos(pitch[swing, None]) * sole[:, 1] + np.sin(pitch[swing, None]) * sole[:, 2]
    return max(0.0, _CLEARANCE - float(height.min(initial=_CLEARANCE)))


def _move_pelvis(proportions: Proportions, gait: Gait, times: np.ndarray, phase: np.ndarray, plan: Plan) -> Plan:
    """Write the pelvis' path and angles; its height is the greatest that leaves the standing knees a little bent."""
    turn = 2.0 * np.pi * phase
    angles = np.stack(
        [
            np.radians(3.0) + np.radians(1.0) * np.cos(2.0 * turn - 0.6),
            -np.radians(3.5) * np.cos(turn - 2.0 * np.pi * 0.17),
            np.radians(4.5) * np.cos(turn),
        ],
        axis=1,
    )
    lowest = 2.0 * np.pi * _LOWEST
    pelvis = plan.pelvis.copy()
    pelvis[:, 0] = -gait.sway * np.cos(turn - 2.0 * np.pi * 0.31)
    pelvis[:, 1] -= gait.bob * np.cos(2.0 * (turn - lowest))
    pelvis[:, 2] = gait.speed * times + 0.008 * np.sin(2.0 * (turn - lowest))
    return lowered(proportions, plan.but(pelvis=pelvis, pelvis_angles=angles), _STRAIGHTEST_KNEE)


def _swing_arms(phase: np.ndarray, rng: np.random.Generator, times: np.ndarray, plan: Plan) -> Plan:
    """The chest turns against the pelvis, each arm swings against its leg, the head looks ahead."""
    turn = 2.0 * np.pi * phase
    swing, lean = np.radians(rng.uniform(16.0, 24.0)), np.radians(rng.uniform(1.0, 4.0))
    trunk = np.stack(
        [lean - plan.pelvis_angles[:, 0], -0.85 * plan.pelvis_angles[:, 1], -1.7 * plan.pelvis_angles[:, 2]], axis=1
    )
    neck = -(plan.pelvis_angles + trunk)
    neck[:, 2] += wander(times, rng, np.radians(4.0))
    shoulders, elbows = plan.shoulders.copy(), plan.elbows.copy()
    for side, sign in enumerate((-1.0, 1.0)):
        beat = sign * np.cos(turn - 0.25)
        shoulders[:, side, 0] = np.radians(2.0) + swing * beat
        elbows[:, side] = np.radians(22.0) + 0.5 * swing * beat + 0.1 * swing * np.cos(2.0 * turn)
    return plan.but(trunk=trunk, neck=neck, shoulders=shoulders, elbows=elbows)
