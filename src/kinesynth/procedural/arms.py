"""What arms do while the feet stand still: raise, wave, reach, punch, pump."""

import numpy as np

from kinesynth.body.proportions import Proportions
from kinesynth.procedural.curves import bump, ease, there_and_back, wander
from kinesynth.procedural.plan import Plan, frame_times, standing
from kinesynth.procedural.solve import at_ease, balanced, centre_over_feet


def arm_raise(proportions: Proportions, rng: np.random.Generator, seconds: float) -> Plan:
    """Raise one arm or both, forward or sideways, and lower them again."""
    times, plan = relaxed(proportions, rng, seconds)
    sides = ((0, 1), (0,), (1,))[rng.integers(3)]
    sideways, peak = rng.uniform(0.0, 1.0), np.radians(rng.uniform(105.0, 155.0))
    move, hold, rest = rng.uniform(0.8, 1.1), rng.uniform(0.1, 0.3), rng.uniform(0.05, 0.15)
    raised = np.zeros_like(times)
    for start in np.arange(rest, seconds, 2.0 * move + hold + rest):
        raised += there_and_back(times, float(start), move, hold, move)
    shoulders, elbows, trunk = plan.shoulders.copy(), plan.elbows.copy(), plan.trunk.copy()
    for side in sides:
        shoulders[:, side, 0] += peak * (1.0 - sideways) * raised
        shoulders[:, side, 1] += peak * sideways * raised
        shoulders[:, side, 2] -= np.radians(65.0) * sideways * raised  # the palm turns up past the horizontal
        elbows[:, side] -= np.radians(6.0) * raised
        trunk[:, 1] += (1.0, -1.0)[side] * -np.radians(2.5) * raised
    trunk[:, 0] -= np.radians(3.0) * raised
    return over_feet(proportions, plan.but(shoulders=shoulders, elbows=elbows, trunk=plan.trunk + trunk))


def waving(proportions: Proportions, rng: np.random.Generator, seconds: float) -> Plan:
    """Lift one hand beside the head and wave."""
    times, plan = relaxed(proportions, rng, seconds)
    side, outward = int(rng.integers(2)), rng.uniform(60.0, 85.0)
    start, rate = rng.uniform(0.02, 0.1), rng.uniform(1.5, 2.1)
    up = there_and_back(times, start, 0.7, max(seconds - 1.8, 1.0), 0.8)
    swing = np.sin(2.0 * np.pi * rate * (times - start - 0.35)) * ease(times, start + 0.3, start + 0.8) * up
    shoulders, elbows, wrists = plan.shoulders.copy(), plan.elbows.copy(), plan.wrists.copy()
    forearms, trunk, neck = plan.forearms.copy(), plan.trunk.copy(), plan.neck.copy()
    shoulders[:, side] += np.radians([25.0, outward, -75.0]) * up[:, None]
    shoulders[:, side, 1] += np.radians(4.0) * swing
    elbows[:, side] += np.radians(rng.uniform(75.0, 90.0)) * up + np.radians(rng.uniform(14.0, 20.0)) * swing
    forearms[:, side] += np.radians(30.0) * up
    wrists[:, side] += np.radians(8.0) * np.roll(swing, 6) * up
    trunk[:, 1] += (1.0, -1.0)[side] * -np.radians(3.0) * up
    neck[:, 2] += (-1.0, 1.0)[side] * np.radians(6.0) * up
    return over_feet(
        proportions,
        plan.but(shoulders=shoulders, elbows=elbows, wrists=wrists, forearms=forearms, trunk=trunk, neck=neck),
    )


def reaching(proportions: Proportions, rng: np.random.Generator, seconds: float) -> Plan:
    """Reach with one hand for something in front, high or low, near the middle or aside, and come back."""
    times, plan = relaxed(proportions, rng, seconds)
    side = int(rng.integers(2))
    toward_other = (1.0, -1.0)[side]
    shoulders, elbows, forearms = plan.shoulders.copy(), plan.elbows.copy(), plan.forearms.copy()
    trunk, neck, angles = plan.trunk.copy(), plan.neck.copy(), plan.pelvis_angles.copy()
    start = rng.uniform(0.05, 0.15)
    while start < seconds:
        move, hold = rng.uniform(0.7, 0.9), rng.uniform(0.15, 0.3)
        out = there_and_back(times, start, move, hold, move)
        height, aside = np.radians(rng.uniform(55.0, 110.0)), np.radians(rng.uniform(0.0, 35.0))
        shoulders[:, side, 0] += height * out
        shoulders[:, side, 1] += aside * out
        folded = bump(times, start, start + move) + bump(times, start + move + hold, start + 2.0 * move + hold)
        elbows[:, side] += np.radians(55.0) * folded - np.radians(8.0) * out
        forearms[:, side] += np.radians(45.0) * out
        twist = np.radians(rng.uniform(8.0, 18.0)) * toward_other
        trunk += np.stack([np.radians(8.0) * out, np.zeros_like(out), twist * out], axis=1)
        angles += np.stack([np.radians(6.0) * out, np.zeros_like(out), 0.3 * twist * out], axis=1)
        neck += np.stack([np.radians(-6.0) * out, np.zeros_like(out), -0.8 * twist * out], axis=1)
        start += 2.0 * move + hold + rng.uniform(0.1, 0.3)
    return over_feet(
        proportions,
        plan.but(shoulders=shoulders, elbows=elbows, forearms=forearms, trunk=trunk, neck=neck, pelvis_angles=angles),
    )


def punching(proportions: Proportions, rng: np.random.Generator, seconds: float) -> Plan:
    """Guard the chin with both fists and strike straight ahead with one after the other; the trunk turns with it."""
    times, plan = relaxed(proportions, rng, seconds)
    shoulders, elbows, forearms = plan.shoulders.copy(), plan.elbows.copy(), plan.forearms.copy()
    trunk, angles, neck = plan.trunk.copy(), plan.pelvis_angles.copy(), plan.neck.copy()
    guard = ease(times, 0.0, 0.6)
    bent, lifted = np.radians(rng.uniform(115.0, 128.0)), np.radians(rng.uniform(30.0, 42.0))
    shoulders[:, :, 0] += (lifted * guard)[:, None]
    elbows += guard[:, None] * (bent - elbows)
    forearms += np.radians(25.0) * guard[:, None]
    start, side = 0.6, int(rng.integers(2))
    while start < seconds:
        out, hold, back = rng.uniform(0.28, 0.36), rng.uniform(0.02, 0.08), rng.uniform(0.36, 0.46)
        strike = there_and_back(times, start, out, hold, back)
        toward_other, height = (1.0, -1.0)[side], np.radians(rng.uniform(38.0, 52.0))
        shoulders[:, side, 0] += height * strike
        elbows[:, side] -= (bent - np.radians(14.0)) * strike
        forearms[:, side] += np.radians(35.0) * strike
        twist = np.radians(rng.uniform(14.0, 22.0)) * toward_other * strike
        trunk[:, 2] += twist
        angles[:, 2] += 0.3 * twist
        neck[:, 2] -= twist
        start, side = start + out + hold + back + rng.uniform(0.05, 0.4), 1 - side
    return over_feet(
        proportions,
        plan.but(shoulders=shoulders, elbows=elbows, forearms=forearms, trunk=trunk, neck=neck, pelvis_angles=angles),
    )


def jogging_arms(proportions: Proportions, rng: np.random.Generator, seconds: float) -> Plan:
    """Pump bent arms as in jogging while the feet stand and the knees give a little."""
    times, plan = relaxed(proportions, rng, seconds)
    rate, rise = rng.uniform(1.1, 1.4), ease(times, 0.0, 0.5)
    turn = 2.0 * np.pi * (rate * times + rng.uniform())
    plan = pumped(plan, turn, rise, swing=np.radians(rng.uniform(24.0, 34.0)), bend=np.radians(rng.uniform(75.0, 90.0)))
    pelvis = plan.pelvis.copy()
    pelvis[:, 1] -= rise * (0.02 + 0.008 * np.cos(2.0 * turn))
    return over_feet(proportions, plan.but(pelvis=pelvis))


def pumped(plan: Plan, turn: np.ndarray, rise: np.ndarray, *, swing: float, bend: float) -> Plan:
    """Swing bent arms against each other; at `turn` 0 (rad, (T,)) the left arm is foremost; `rise` (T,) fades it in."""
    shoulders, elbows, trunk, neck = plan.shoulders.copy(), plan.elbows.copy(), plan.trunk.copy(), plan.neck.copy()
    for side, sign in enumerate((-1.0, 1.0)):
        beat = sign * np.cos(turn) * rise
        shoulders[:, side, 0] += swing * beat - np.radians(8.0) * rise
        shoulders[:, side, 2] += np.radians(14.0) * rise
        elbows[:, side] += (bend - elbows[:, side]) * rise + 0.35 * swing * beat
    trunk[:, 2] -= np.radians(6.0) * np.cos(turn) * rise
    trunk[:, 0] += np.radians(4.0) * rise
    neck[:, 2] += np.radians(6.0) * np.cos(turn) * rise
    return plan.but(shoulders=shoulders, elbows=elbows, trunk=trunk, neck=neck)


def relaxed(proportions: Proportions, rng: np.random.Generator, seconds: float) -> tuple[np.ndarray, Plan]:
    """Return times and a relaxed stance in which the head and the chest are never quite still."""
    times = frame_times(seconds)
    plan = at_ease(proportions, standing(proportions, len(times), rng))
    drift = [np.stack([wander(times, rng, np.radians(size)) for size in (0.8, 0.5, 1.2)], axis=1) for _ in range(2)]
    return times, plan.but(trunk=plan.trunk + drift[0], neck=plan.neck + 2.0 * drift[1])


def over_feet(proportions: Proportions, plan: Plan) -> Plan:
    """Return the plan, balanced over both feet."""
    return balanced(proportions, plan, centre_over_feet(proportions, plan))
