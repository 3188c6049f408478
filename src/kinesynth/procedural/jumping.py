"""A jump from standing. In flight the centre of mass falls at g, and angular momentum stays what it was."""

import numpy as np

from kinesynth.body.proportions import Proportions
from kinesynth.gravity import GRAVITY
from kinesynth.procedural.curves import between, bump, ease, there_and_back, through, wander
from kinesynth.procedural.plan import Plan, frame_times, rolled_over_ball, standing, toe_pitch
from kinesynth.procedural.solve import at_ease, balanced, centre_over_feet, solve

_TAKEOFF_PITCH = np.radians(-48.0)
_SOFTER = 0.045  # m; one lands with the knees less straight than they took off
_LEAVE, _LIFT = 0.03, 0.05  # s before and after take-off: a foot cannot gain the body's speed at once
_BOW_IN_AIR = 0.04  # of the deepest


def vertical_jump(proportions: Proportions, rng: np.random.Generator, seconds: float) -> Plan:
    """Countermovement, push-off with an arm swing, flight, soft landing; then stand."""
    times = frame_times(seconds)
    plan = at_ease(proportions, standing(proportions, len(times), rng))
    height, depth = rng.uniform(0.16, 0.28), rng.uniform(0.20, 0.28)
    takeoff_speed = float(np.sqrt(2.0 * GRAVITY * height))
    tiptoe = _tiptoe_rise(proportions, plan)
    dip, push = rng.uniform(0.46, 0.54), 2.0 * (depth + tiptoe) / takeoff_speed * 0.98
    bottom = rng.uniform(0.02, 0.08) + dip
    takeoff = bottom + push
    landing_speed = float(np.sqrt(takeoff_speed**2 + 2.0 * GRAVITY * _SOFTER))
    landing = takeoff + (takeoff_speed + landing_speed) / GRAVITY
    absorb = 2.0 * (0.8 * depth + tiptoe - _SOFTER) / landing_speed * 0.98
    knots = (bottom - dip, bottom, takeoff, landing, landing + absorb, landing + absorb + 0.75)
    states = [
        (0.0, 0.0, 0.0),
        (-depth, 0.0, 0.9 * GRAVITY),
        (tiptoe, takeoff_speed, -GRAVITY),
        (tiptoe - _SOFTER, -landing_speed, -GRAVITY),
        (-0.8 * depth, 0.0, 0.8 * GRAVITY),
        (0.0, 0.0, 0.0),
    ]
    rise = between(np.clip(times, knots[0], knots[-1]), knots, [np.array(state)[:, None] for state in states])[:, 0]
    plan = _jump_feet(proportions, plan, times, rise - tiptoe, knots)
    plan = _jump_body(plan, rng, times, knots)
    centre = centre_over_feet(proportions, plan)
    centre[:, 2] = centre[0, 2]
    centre[:, 1] = solve(proportions, plan).centre[0, 1] + rise
    return balanced(proportions, plan, centre, axes=(0, 1, 2))


def _tiptoe_rise(proportions: Proportions, plan: Plan) -> float:
    """Return by how much the centre of mass is higher at take-off than in standing, in metres."""
    pitch = np.full(len(plan.pelvis), _TAKEOFF_PITCH)
    lift = rolled_over_ball(proportions, 0, plan.ankles[0, 0], pitch)[0, 1] - plan.ankles[0, 0, 1]
    return float(lift + 0.02)


def _jump_feet(
    proportions: Proportions, plan: Plan, times: np.ndarray, flight: np.ndarray, knots: tuple[float, ...]
) -> Plan:
    """Roll off over the balls, hang from the body in the air, land on the balls and roll down."""
    _, bottom, takeoff, landing, _, _ = knots
    pitch = _TAKEOFF_PITCH * ease(times, bottom + 0.35 * (takeoff - bottom), takeoff + 0.05)
    pitch = pitch * (1.0 - ease(times, landing - 0.06, landing + 0.14))
    airborne = ease(times, takeoff - _LEAVE, takeoff + _LIFT) - ease(times, landing - _LIFT, landing + _LEAVE)
    ankles, foot_pitch, toes = plan.ankles.copy(), plan.foot_pitch.copy(), plan.toes.copy()
    for side in (0, 1):
        ankles[:, side] = rolled_over_ball(proportions, side, plan.ankles[0, side], pitch)
        ankles[:, side, 1] += airborne * np.maximum(flight, 0.0)
        foot_pitch[:, side] = pitch
        toes[:, side] = (toe_pitch(pitch) - pitch) * (1.0 - 0.7 * bump(times, takeoff, landing))
    return plan.but(ankles=ankles, foot_pitch=foot_pitch, toes=toes)


def _jump_body(plan: Plan, rng: np.random.Generator, times: np.ndarray, knots: tuple[float, ...]) -> Plan:
    """Bow and swing the arms back, throw them up, let them fall on landing.

    In the air trunk and arms rest: nothing would carry what turns them, so that the rest of the body had to turn back.
    """
    start, bottom, takeoff, landing, settled, end = knots
    before, after = (start, bottom, takeoff), (landing, settled, end)
    bow = through(times, before, (0.0, 1.0, _BOW_IN_AIR)) + through(
        times, after, (0.0, 0.75 - _BOW_IN_AIR, -_BOW_IN_AIR)
    )
    reach = np.radians(rng.uniform(95.0, 130.0))
    arms = through(times, (start, bottom - 0.06, takeoff), (0.0, -0.45, 0.9)) + through(times, after, (0.0, -0.6, -0.9))
    shoulders, elbows, neck = plan.shoulders.copy(), plan.elbows.copy(), plan.neck.copy()
    shoulders[:, :, 0] += (reach * arms)[:, None]
    elbows += (np.radians(25.0) * there_and_back(times, start, bottom - start, takeoff - bottom, end - takeoff))[
        :, None
    ]
    neck[:, 0] -= np.radians(22.0) * bow
    neck[:, 2] += wander(times, rng, np.radians(2.0))
    lean = np.stack([np.radians(28.0) * bow, np.zeros_like(bow), np.zeros_like(bow)], axis=1)
    return plan.but(
        pelvis_angles=plan.pelvis_angles + lean,
        trunk=plan.trunk + 0.5 * lean,
        neck=neck,
        shoulders=shoulders,
        elbows=elbows,
    )
