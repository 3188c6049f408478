"""A kick: the weight goes over the standing foot first, and stays there while the other leg swings."""

import numpy as np

from kinesynth.body.proportions import Proportions
from kinesynth.procedural.curves import ease, there_and_back, through
from kinesynth.procedural.plan import Plan, frame_times, standing
from kinesynth.procedural.solve import at_ease, balanced, centre_over_feet

# the kicking foot's ankle: forward and up in leg lengths, pitch in degrees, at fractions of the swing
_SWING = {
    "time": (0.00, 0.14, 0.34, 0.58, 0.80, 1.00),
    "forward": (0.00, -0.10, -0.42, 0.50, 0.30, 0.00),
    "up": (0.00, 0.10, 0.28, 0.22, 0.16, 0.00),
    "pitch": (0.0, -14.0, -38.0, -34.0, -10.0, 0.0),
}


def kicking(proportions: Proportions, rng: np.random.Generator, seconds: float) -> Plan:
    """Shift, draw back, kick forward, put down, shift back; again if there is time."""
    times = frame_times(seconds)
    plan = at_ease(proportions, standing(proportions, len(times), rng))
    side, force = int(rng.integers(2)), rng.uniform(0.75, 1.0)
    shift, swing, gap = rng.uniform(0.75, 0.85), rng.uniform(1.35, 1.6), rng.uniform(0.1, 0.2)
    over = np.zeros_like(times)
    for start in np.arange(0.02, seconds, 2.0 * shift + swing + gap):
        over += there_and_back(times, float(start), shift, swing, shift)
        plan = _kick(proportions, plan, times, float(start) + shift, swing, side, force)
    centre = centre_over_feet(proportions, plan)
    standing_ankle = plan.ankles[:, 1 - side]
    middle = 0.5 * (standing_ankle[:, 0] + plan.ankles[0, side, 0])
    centre[:, 0] = middle + over * 0.82 * (standing_ankle[:, 0] - middle)
    centre[:, 2] += standing_ankle[:, 2] - plan.ankles.mean(axis=1)[:, 2]
    pelvis = plan.pelvis.copy()
    pelvis[:, 1] -= 0.018 * proportions.leg_length * over
    return balanced(proportions, plan.but(pelvis=pelvis), centre)


def _kick(
    proportions: Proportions, plan: Plan, times: np.ndarray, start: float, swing: float, side: int, force: float
) -> Plan:
    """Add one swing of the leg and what the body does against it."""
    outward = (-1.0, 1.0)[side]
    knots = start + swing * np.asarray(_SWING["time"])
    forward, up, pitch = (through(times, knots, _SWING[name]) * force for name in ("forward", "up", "pitch"))
    ankles, foot_pitch = plan.ankles.copy(), plan.foot_pitch.copy()
    ankles[:, side, 2] += forward * proportions.leg_length
    ankles[:, side, 1] += up * proportions.leg_length
    foot_pitch[:, side] += np.radians(pitch)
    busy = ease(times, start - 0.2, start + 0.2) - ease(times, start + swing - 0.2, start + swing + 0.2)
    angles, trunk, neck = plan.pelvis_angles.copy(), plan.trunk.copy(), plan.neck.copy()
    angles[:, 0] += np.radians(-8.0) * np.maximum(forward, 0.0) ** 3 * 4.0 + np.radians(3.0) * busy
    angles[:, 1] += outward * np.radians(4.0) * busy
    angles[:, 2] += -outward * np.radians(14.0) * forward
    trunk[:, 0] += np.radians(10.0) * busy
    trunk[:, 1] += -outward * np.radians(4.0) * busy
    trunk[:, 2] += outward * np.radians(24.0) * forward
    neck[:, 2] += -outward * np.radians(8.0) * forward
    neck[:, 0] += np.radians(6.0) * busy
    shoulders, elbows = plan.shoulders.copy(), plan.elbows.copy()
    shoulders[:, side, 0] -= np.radians(50.0) * forward
    shoulders[:, 1 - side, 0] += np.radians(60.0) * forward
    shoulders[:, :, 1] += (np.radians(24.0) * busy)[:, None]
    elbows += (np.radians(16.0) * busy)[:, None]
    return plan.but(
        ankles=ankles,
        foot_pitch=foot_pitch,
        pelvis_angles=angles,
        trunk=trunk,
        neck=neck,
        shoulders=shoulders,
        elbows=elbows,
    )
