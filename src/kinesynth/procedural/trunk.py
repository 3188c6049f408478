"""What the trunk does while the feet stand still: bow, turn, bend to the side."""

import numpy as np

from kinesynth.body.proportions import Proportions
from kinesynth.procedural.arms import over_feet, relaxed
from kinesynth.procedural.curves import there_and_back
from kinesynth.procedural.plan import Plan


def bowing(proportions: Proportions, rng: np.random.Generator, seconds: float) -> Plan:
    """Bend forward from the hips as if to look at something on a low table, arms hanging, and straighten up."""
    times, plan = relaxed(proportions, rng, seconds)
    lean, start = np.radians(rng.uniform(45.0, 75.0)), rng.uniform(0.05, 0.15)
    down = np.zeros_like(times)
    while start < seconds:
        move, hold = rng.uniform(1.1, 1.4), rng.uniform(0.1, 0.4)
        down += rng.uniform(0.75, 1.0) * there_and_back(times, start, move, hold, move)
        start += 2.0 * move + hold + rng.uniform(0.1, 0.3)
    pelvis, angles, trunk, neck = plan.pelvis.copy(), plan.pelvis_angles.copy(), plan.trunk.copy(), plan.neck.copy()
    shoulders = plan.shoulders.copy()
    angles[:, 0] += 0.6 * lean * down
    trunk[:, 0] += 0.4 * lean * down
    neck[:, 0] -= 0.2 * lean * down
    shoulders[:, :, 0] += (0.85 * lean * down)[:, None]  # they hang
    pelvis[:, 1] -= 0.03 * proportions.leg_length * down
    return over_feet(
        proportions, plan.but(pelvis=pelvis, pelvis_angles=angles, trunk=trunk, neck=neck, shoulders=shoulders)
    )


def turning(proportions: Proportions, rng: np.random.Generator, seconds: float) -> Plan:
    """Turn to look behind to one side, then to the other, the arms swinging along."""
    times, plan = relaxed(proportions, rng, seconds)
    way, start = (1.0, -1.0)[rng.integers(2)], rng.uniform(0.05, 0.15)
    turned = np.zeros_like(times)
    while start < seconds:
        move, hold = rng.uniform(0.9, 1.2), rng.uniform(0.05, 0.3)
        turned += way * rng.uniform(0.8, 1.0) * there_and_back(times, start, move, hold, move)
        start, way = start + 2.0 * move + hold + rng.uniform(0.05, 0.2), -way
    angles, trunk, neck = plan.pelvis_angles.copy(), plan.trunk.copy(), plan.neck.copy()
    shoulders, elbows = plan.shoulders.copy(), plan.elbows.copy()
    angles[:, 2] += np.radians(14.0) * turned
    trunk[:, 2] += np.radians(rng.uniform(28.0, 38.0)) * turned
    neck[:, 2] += np.radians(rng.uniform(30.0, 45.0)) * turned
    swing = np.radians(rng.uniform(14.0, 26.0)) * turned
    shoulders[:, :, 0] += np.stack([swing, -swing], axis=1)  # the outer arm comes before the body
    shoulders[:, :, 1] += (np.radians(10.0) * np.abs(turned) ** 2)[:, None]
    elbows += (np.radians(20.0) * turned**2)[:, None]
    return over_feet(
        proportions, plan.but(pelvis_angles=angles, trunk=trunk, neck=neck, shoulders=shoulders, elbows=elbows)
    )


def side_bending(proportions: Proportions, rng: np.random.Generator, seconds: float) -> Plan:
    """Bend to one side and to the other, a hand sliding down along the thigh."""
    times, plan = relaxed(proportions, rng, seconds)
    way, start = (1.0, -1.0)[rng.integers(2)], rng.uniform(0.05, 0.15)
    bent = np.zeros_like(times)
    while start < seconds:
        move, hold = rng.uniform(0.9, 1.2), rng.uniform(0.05, 0.3)
        bent += way * rng.uniform(0.75, 1.0) * there_and_back(times, start, move, hold, move)
        start, way = start + 2.0 * move + hold + rng.uniform(0.05, 0.2), -way
    pelvis, angles, trunk, neck = plan.pelvis.copy(), plan.pelvis_angles.copy(), plan.trunk.copy(), plan.neck.copy()
    shoulders = plan.shoulders.copy()
    pelvis[:, 1] -= 0.02 * proportions.leg_length * bent**2  # the hips move aside, so that a leg would be too short
    trunk[:, 1] += np.radians(rng.uniform(20.0, 28.0)) * bent
    angles[:, 1] += np.radians(4.0) * bent
    neck[:, 1] += np.radians(10.0) * bent
    shoulders[:, :, 1] += np.radians(12.0) * np.stack([-bent, bent], axis=1).clip(min=0.0)
    return over_feet(
        proportions, plan.but(pelvis=pelvis, pelvis_angles=angles, trunk=trunk, neck=neck, shoulders=shoulders)
    )
