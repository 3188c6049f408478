"""Running on the spot: one foot after the other, with a short flight between in which the mass falls at g."""

import numpy as np
from scipy.interpolate import CubicSpline

from kinesynth.body.proportions import Proportions
from kinesynth.gravity import GRAVITY
from kinesynth.procedural.arms import pumped
from kinesynth.procedural.curves import bump, wander
from kinesynth.procedural.plan import Plan, frame_times, rolled_over_ball, standing, toe_pitch
from kinesynth.procedural.solve import at_ease, balanced, centre_over_feet, lowered, solve

_TOUCHDOWN, _FLAT, _TOE_OFF, _HIGHEST = np.radians([-12.0, -3.0, -34.0, -46.0])  # pitch of the foot
_SWAY = 0.008  # m, towards the standing foot: what keeps the centre of pressure under it


def running_in_place(proportions: Proportions, rng: np.random.Generator, seconds: float) -> Plan:
    """Run on the spot from the first frame on."""
    times = frame_times(seconds)
    plan = standing(proportions, len(times), rng)
    plan = at_ease(proportions, plan.but(ankles=plan.ankles * [0.65, 1.0, 1.0]))
    rest = centre_over_feet(proportions, plan)
    step, flight = 1.0 / rng.uniform(2.5, 2.9), rng.uniform(0.07, 0.10)
    phase = times / (2.0 * step) + rng.uniform()
    stance = 0.5 * (step - flight) / step
    plan = _place_feet(proportions, rng, plan, phase, stance)
    turn = 2.0 * np.pi * (phase - 0.5 * stance)  # 0 in the middle of the right foot's stance
    swing, bend = np.radians(rng.uniform(24.0, 32.0)), np.radians(rng.uniform(75.0, 95.0))
    plan = pumped(plan, turn + np.pi, np.ones_like(times), swing=swing, bend=bend)
    plan = plan.but(trunk=plan.trunk + np.stack([wander(times, rng, np.radians(1.0))] * 3, axis=1))
    height = _bounce(2.0 * phase % 1.0 * step, step, flight)
    target = rest + np.stack([-_SWAY * np.cos(turn), height, np.zeros_like(times)], axis=1)
    straightest = np.radians(14.0)
    lowest = lowered(proportions, plan.but(pelvis=plan.pelvis + np.outer(height, [0.0, 1.0, 0.0])), straightest)
    target[:, 1] += solve(proportions, lowest).centre[:, 1].mean() - height.mean()
    return balanced(proportions, lowest, target, axes=(0, 1, 2))


def _place_feet(
    proportions: Proportions, rng: np.random.Generator, plan: Plan, phase: np.ndarray, stance: float
) -> Plan:
    lift, back = rng.uniform(0.14, 0.22), rng.uniform(0.08, 0.16)
    ankles, pitch, toes = plan.ankles.copy(), plan.foot_pitch.copy(), plan.toes.copy()
    knots = (0.0, 0.4 * stance, stance, 0.5 * (1.0 + stance), 1.0)
    curve = CubicSpline(knots, (_TOUCHDOWN, _FLAT, _TOE_OFF, _HIGHEST, _TOUCHDOWN), bc_type="periodic")
    for side, offset in enumerate((0.0, 0.5)):
        local = (phase + offset) % 1.0
        air = bump(local, stance, 1.0)
        pitch[:, side] = curve(local)
        ankles[:, side] = rolled_over_ball(proportions, side, plan.ankles[0, side], pitch[:, side])
        ankles[:, side, 1] += lift * air
        ankles[:, side, 2] -= back * air
        toes[:, side] = (toe_pitch(pitch[:, side]) - pitch[:, side]) * (1.0 - air)
    return plan.but(ankles=ankles, foot_pitch=pitch, toes=toes)


def _bounce(since_contact: np.ndarray, step: float, flight: float) -> np.ndarray:
    """Return the height (T,) m of a mass that is pushed by half a sine in contact and falls in flight."""
    contact = step - flight
    t = np.minimum(since_contact, contact)
    push = 0.5 * step * (t - contact / np.pi * np.sin(np.pi * t / contact))
    fall = np.maximum(since_contact - contact, 0.0)
    height: np.ndarray = GRAVITY * (push - 0.5 * t**2 - 0.5 * flight * t + 0.5 * fall * (flight - fall))
    return height
