"""Squatting, and sitting down onto a stool that is not there: the feet stay flat, the mass stays over them."""

import numpy as np

from kinesynth.body.proportions import Proportions
from kinesynth.procedural.curves import there_and_back, wander
from kinesynth.procedural.plan import Plan, frame_times, standing
from kinesynth.procedural.solve import at_ease, balanced, centre_over_feet


def squat(proportions: Proportions, rng: np.random.Generator, seconds: float) -> Plan:
    """Squat again and again, arms forward as a counterweight."""
    depth, period = rng.uniform(0.28, 0.40), rng.uniform(1.7, 2.2)
    lean, reach = np.radians(rng.uniform(28.0, 38.0)), np.radians(rng.uniform(60.0, 85.0))
    return _sink(proportions, rng, seconds, depth=depth, lean=lean, reach=reach, period=period, hold=0.08)


def sit_down(proportions: Proportions, rng: np.random.Generator, seconds: float) -> Plan:
    """Lower the hips to a stool's height, stay a moment, and stand up."""
    depth, period = rng.uniform(0.38, 0.44), rng.uniform(2.4, 3.0)
    lean, reach = np.radians(rng.uniform(40.0, 48.0)), np.radians(rng.uniform(35.0, 55.0))
    return _sink(proportions, rng, seconds, depth=depth, lean=lean, reach=reach, period=period, hold=0.5)


def _sink(
    proportions: Proportions,
    rng: np.random.Generator,
    seconds: float,
    *,
    depth: float,
    lean: float,
    reach: float,
    period: float,
    hold: float,
) -> Plan:
    """Lower the pelvis by `depth` leg lengths once per `period`, leaning and reaching forward with it."""
    times = frame_times(seconds)
    plan = standing(proportions, len(times), rng)
    toes_out = np.radians(rng.uniform(4.0, 12.0))
    spread = rng.uniform(1.2, 1.5)
    plan = plan.but(ankles=plan.ankles * [spread, 1.0, 1.0], foot_yaw=np.full_like(plan.foot_yaw, toes_out))
    plan = at_ease(proportions, plan)
    down, rest, move = np.zeros_like(times), rng.uniform(0.05, 0.15), 0.5 * (period - hold)
    for start in np.arange(rest, seconds, period + rest):
        down += there_and_back(times, float(start), move, hold, move)
    late = np.interp(times - 0.06, times, down)  # the arms follow the body
    pelvis, angles, trunk, neck = plan.pelvis.copy(), plan.pelvis_angles.copy(), plan.trunk.copy(), plan.neck.copy()
    pelvis[:, 1] -= depth * proportions.leg_length * down
    angles[:, 0] += 0.65 * lean * down
    trunk[:, 0] += 0.35 * lean * down + wander(times, rng, np.radians(0.8))
    neck[:, 0] -= 0.6 * lean * down
    neck[:, 2] += wander(times, rng, np.radians(3.0))
    shoulders, elbows, forearms = plan.shoulders.copy(), plan.elbows.copy(), plan.forearms.copy()
    shoulders[:, :, 0] += (reach * late)[:, None]
    elbows += (np.radians(8.0) * late)[:, None]
    forearms += (np.radians(35.0) * late)[:, None]
    plan = plan.but(
        pelvis=pelvis,
        pelvis_angles=angles,
        trunk=trunk,
        neck=neck,
        shoulders=shoulders,
        elbows=elbows,
        forearms=forearms,
    )
    return balanced(proportions, plan, centre_over_feet(proportions, plan))
