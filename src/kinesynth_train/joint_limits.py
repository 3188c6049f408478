"""How often elbows and knees are bent beyond their limits, joint by joint, as HSMR counts it.

A frame counts for a joint where the worst of the joint's angles is beyond its limits by more than 10, 20 or 30 degrees.
Twice: with the limits of the skeleton, where the forearm's turn belongs to the elbow, and with HSMR's of 0 to 135
degrees for the hinges alone, since its zero of the forearm's turn is another.
"""

import math

import torch
from torch import Tensor

from kinesynth.skeleton import SkeletonDefinition
from kinesynth_train.metrics import LIMIT_STEPS_DEG, Mean, beyond_limits_deg

HINGES = {"elbow": "elbow_flex", "knee": "knee_angle"}
OF_ONE_JOINT = {"elbow": ("elbow_flex", "pro_sup"), "knee": ("knee_angle",)}
PUBLISHED_LIMITS_RAD = (0.0, math.radians(135.0))  # of HSMR's hinges
Fractions = dict[str, dict[str, float]]


class JointLimits:
    """The counts of one method."""

    def __init__(self, definition: SkeletonDefinition, device: str) -> None:
        names = definition.coordinate_names
        self._limits = torch.tensor(definition.coordinate_ranges, dtype=torch.float32, device=device)
        self._published = self._limits.clone()
        self._joints: dict[str, tuple[list[int], int]] = {}
        for joint, hinge in HINGES.items():
            for side in ("l", "r"):
                members = [f"{name}_{side}" for name in OF_ONE_JOINT[joint]]
                if not set(members) <= set(names):
                    continue
                own = names.index(f"{hinge}_{side}")
                self._joints[f"{joint}_{side}"] = [names.index(name) for name in members], own
                self._published[own] = torch.tensor(PUBLISHED_LIMITS_RAD)
        self._counts = {kind: {step: Mean() for step in LIMIT_STEPS_DEG} for kind in ("own", "published")}

    def add(self, angles: Tensor, counted: Tensor) -> None:
        """Add angles (T, J) rad of the frames that count (T,)."""
        if not self._joints:
            return
        beyond, published = (beyond_limits_deg(angles, limits) for limits in (self._limits, self._published))
        worst = {
            "own": torch.stack([beyond[:, members].amax(dim=-1) for members, _ in self._joints.values()], dim=-1),
            "published": published[:, [hinge for _, hinge in self._joints.values()]],
        }
        for kind, means in self._counts.items():
            for step, mean in means.items():
                mean.add((worst[kind] > step).float(), counted[:, None])

    def percent(self) -> dict[str, Fractions]:
        """Return the fraction of frames, in percent, by kind of limits, joint, and degrees beyond."""
        if not self._joints:
            return {}
        return {
            f"beyond_{'published_' if kind == 'published' else ''}limits_by_joint_percent": {
                joint: {f"{step:.0f}": 100.0 * mean.each()[column] for step, mean in means.items()}
                for column, joint in enumerate(self._joints)
            }
            for kind, means in self._counts.items()
        }


def limit_lines(methods: list[dict[str, Fractions]]) -> list[list[str]]:
    """Return a table's rows: a joint's fractions at 10, 20 and 30 degrees in one cell for each method."""
    lines = []
    for key, title in (("beyond_limits_by_joint_percent", "own limits"),
                       ("beyond_published_limits_by_joint_percent", "0 to 135 deg")):  # fmt: skip
        steps = ", ".join(f"{step:.0f}" for step in LIMIT_STEPS_DEG)
        for joint in methods[0].get(key, {}):
            told = [method.get(key, {joint: {}})[joint].values() for method in methods]
            cells = [" / ".join(f"{fraction:.3g}" for fraction in fractions) or "-" for fractions in told]
            lines.append([f"  {joint} beyond {title} by {steps} deg, %", *cells])
    return lines
