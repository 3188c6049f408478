"""The metrics of one method, stretch by stretch; see `kinesynth_train.metrics` for what they mean."""

import math
from typing import Any

import torch

from kinesynth_train.metrics import (
    LIMIT_STEPS_DEG,
    Mean,
    Spread,
    angle_errors_deg,
    beyond_limits_deg,
    counted_angles,
    procrustes_mm,
    root_aligned_mm,
    velocity_errors_mm,
)
from kinesynth_train.skeleton import DatasetSkeleton
from kinesynth_train.stretch import Estimate, Stretch

MOVING_DEG = 3.0  # spread of a coordinate's truth above which it counts as moving
ROWS = {
    "mae_angle_deg": "MAE_angle, deg",
    "mae_moving_deg": "MAE_angle, moving coordinates, deg",
    "mae_body": "MAE_body",
    "mpjpe_mm": "MPJPE, mm",
    "pa_mpjpe_mm": "PA-MPJPE, mm",
    "mpblpe_mm": "MPBLPE, mm",
    "mpjve_mm_s": "MPJVE, mm/s",
    **{f"beyond_limits_{step:.0f}_percent": f"beyond limits by {step:.0f} deg, %" for step in LIMIT_STEPS_DEG},
}


class Tally:
    """The metrics of one method.

    Args:
        skeleton: of the dataset; it says where joints are, and markers where the method does not.
        device: of what is added.
    """

    def __init__(self, skeleton: DatasetSkeleton, device: str) -> None:
        self._skeleton = skeleton
        definition = skeleton.definition
        self._counted = counted_angles(definition).to(device)
        self._constrained = self._counted & ~torch.tensor(definition.coordinate_free, device=device)
        self._limits = torch.tensor(definition.coordinate_ranges, dtype=torch.float32, device=device)
        self._means = {name: Mean() for name in ("angle", "body", "mpjpe", "pa_mpjpe", "mpblpe", "mpjve")}
        self._beyond = {step: Mean() for step in LIMIT_STEPS_DEG}
        self._spread = Spread()

    def add(self, estimate: Estimate, stretch: Stretch) -> None:
        """Add an estimate of the frames that count."""
        truth = {name: value[0] for name, value in stretch.batch.items()}
        counted = truth["counted"]
        pose = self._skeleton(estimate.angles[:, None], estimate.scales)
        joints, bodies = pose.joint_centres[:, 0], pose.joint_centres.shape[-2]
        true_joints = truth["keypoints"][:, :bodies]
        markers = pose.markers[:, 0] if estimate.markers is None else estimate.markers
        roots = joints[:, 0], true_joints[:, 0]
        means, seen = self._means, counted[:, None]
        valid = truth["angle_valid"] & self._counted & seen
        means["angle"].add(angle_errors_deg(estimate.angles, truth["angles"]), valid)
        self._spread.add(truth["angles"], valid)
        means["body"].add((estimate.scales - truth["scales"]).abs().flatten(1), seen)
        means["mpjpe"].add(root_aligned_mm(joints, true_joints, *roots), seen)
        means["pa_mpjpe"].add(procrustes_mm(joints, true_joints), seen)
        means["mpblpe"].add(root_aligned_mm(markers, truth["markers"], *roots), seen)
        here, there = (points - root[:, None] for points, root in zip((joints, true_joints), roots, strict=True))
        means["mpjve"].add(velocity_errors_mm(here[None], there[None], truth["fps"][None])[0], seen[1:])
        beyond = beyond_limits_deg(estimate.angles, self._limits)
        for step, mean in self._beyond.items():
            mean.add((beyond > step).float(), seen & self._constrained)

    def metrics(self) -> dict[str, Any]:
        """Return the metrics by name, and over how many frames and moving coordinates they are."""
        means = {name: mean.total() for name, mean in self._means.items()}
        names = self._skeleton.definition.coordinate_names
        by_coordinate = zip(names, self._means["angle"].each(), strict=True)
        by_body = zip(self._skeleton.definition.body_names, self._means["mpjpe"].each(), strict=True)
        moving = self._counted.cpu() & (self._spread.degrees() > MOVING_DEG)
        return {
            "frames": self._means["mpjpe"].count(),
            "moving_coordinates": int(moving.sum()),
            "mae_angle_deg": means["angle"],
            "mae_moving_deg": self._means["angle"].total(moving),
            "mae_body": means["body"],
            "mpjpe_mm": means["mpjpe"],
            "pa_mpjpe_mm": means["pa_mpjpe"],
            "mpblpe_mm": means["mpblpe"],
            "mpjve_mm_s": means["mpjve"],
            **{f"beyond_limits_{step:.0f}_percent": 100.0 * mean.total() for step, mean in self._beyond.items()},
            "mae_by_coordinate_deg": {name: error for name, error in by_coordinate if not math.isnan(error)},
            "mpjpe_by_body_mm": dict(by_body),
        }
