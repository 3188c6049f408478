"""The metrics of one method, stretch by stretch; see `kinesynth_train.metrics` for what they mean."""

import math
from typing import Any, ClassVar

import torch
from torch import Tensor

from kinesynth_train.body_sizes import measured_lengths_mm
from kinesynth_train.joint_limits import JointLimits
from kinesynth_train.metrics import (
    LIMIT_STEPS_DEG,
    Mean,
    Spread,
    angle_errors_deg,
    beyond_limits_deg,
    counted_angles,
)
from kinesynth_train.point_errors import PointErrors
from kinesynth_train.rotations import nearest_branch, rotation_to_root
from kinesynth_train.series import Clip, Series
from kinesynth_train.skeleton import DatasetSkeleton, root_of
from kinesynth_train.stretch import Estimate, Stretch

HINGES = ("elbow_flex_", "knee_angle_")  # whose limits HSMR counts
MOVING_DEG = 3.0  # spread of a coordinate's truth above which it counts as moving
ROWS = {
    "mae_angle_deg": "MAE_angle, deg",
    "mae_moving_deg": "MAE_angle, moving coordinates, deg",
    "mae_aligned_deg": "MAE_angle, aligned, deg",
    "sd_angle_deg": "SD_angle, deg",
    "r_median": "r of curves, median",
    "mae_body": "MAE_body",
    "rmse_body": "RMSE_body",
    "mae_body_mm": "MAE_body, mm",
    "mpjpe_mm": "MPJPE, mm",
    "pa_mpjpe_mm": "PA-MPJPE, mm",
    "mpblpe_mm": "MPBLPE, mm",
    "mpblpe_bony_mm": "MPBLPE, bony landmarks, mm",
    "mpjve_mm_s": "MPJVE, mm/s",
    "pa_mpjve_mm_s": "PA-MPJVE, mm/s",
    "mv_angle_deg_s": "MV_angle, deg/s",
    "mv_markers_mm_s": "MV of markers, mm/s",
    **{f"beyond_limits_{step:.0f}_percent": f"elbow, knee beyond by {step:.0f} deg, %" for step in LIMIT_STEPS_DEG},
}


class Tally:
    """The metrics of one method.

    Args:
        skeleton: of the dataset; it says where joints are, and markers where the method does not.
        device: of what is added.

    Attributes:
        rows: titles of the metrics that tables show, by name.
    """

    rows: ClassVar[dict[str, str]] = ROWS

    def __init__(self, skeleton: DatasetSkeleton, device: str) -> None:
        self._skeleton = skeleton
        definition = skeleton.definition
        self._counted = counted_angles(definition).to(device)
        hinged = [name.startswith(HINGES) for name in definition.coordinate_names]
        self._hinges = self._counted & torch.tensor(hinged, device=device)
        self._limits = torch.tensor(definition.coordinate_ranges, dtype=torch.float32, device=device)
        self._root, self._root_axes = (array.to(device) for array in root_of(definition))
        self._lengths = measured_lengths_mm(skeleton).to(device)
        self._means = {name: Mean() for name in ("angle", "aligned", "body", "body_2", "body_mm")}
        self._points = PointErrors(skeleton)
        self._beyond = {step: Mean() for step in LIMIT_STEPS_DEG}
        self._spread = Spread()
        self._joint_limits = JointLimits(definition, device)
        self._series = Series(definition.coordinate_names, self._counted)

    def add(self, estimate: Estimate, stretch: Stretch) -> None:
        """Add an estimate of the frames that count."""
        truth = {name: value[0] for name, value in stretch.batch.items()}
        counted = truth["counted"]
        pose = self._skeleton(estimate.angles[:, None], estimate.scales)
        joints, bodies = pose.joint_centres[:, 0], pose.joint_centres.shape[-2]
        true_joints = truth["keypoints"][:, :bodies]
        markers = pose.markers[:, 0] if estimate.markers is None else estimate.markers
        means, seen = self._means, counted[:, None]
        valid = truth["angle_valid"] & self._counted & seen
        means["angle"].add(angle_errors_deg(estimate.angles, truth["angles"]), valid)
        self._spread.add(truth["angles"], valid)
        turn = self._points.add(joints, markers, truth)
        aligned = self._turned(estimate.angles, turn @ pose.transforms[:, 0, 0, :3, :3], truth["angles"])
        means["aligned"].add(angle_errors_deg(aligned, truth["angles"]), valid)
        self._add_sizes((estimate.scales - truth["scales"]).abs(), seen)
        worst = (beyond_limits_deg(estimate.angles, self._limits) * self._hinges).amax(dim=-1, keepdim=True)
        for step, mean in self._beyond.items():
            mean.add((worst > step).float(), seen)
        self._joint_limits.add(estimate.angles, counted)
        from_pelvis = markers - joints[:, :1], truth["markers"] - true_joints[:, :1]
        curves = estimate.angles, truth["angles"], truth["angle_valid"], *from_pelvis, counted, float(truth["fps"])
        self._series.add(Clip(*curves), stretch.action, stretch.subject)

    def _add_sizes(self, off: Tensor, seen: Tensor) -> None:
        """Add the errors (T, B, 3) of the scales."""
        self._means["body"].add(off.flatten(1), seen)
        self._means["body_2"].add(off.square().flatten(1), seen)
        self._means["body_mm"].add((off * self._lengths)[:, self._lengths > 0], seen)

    def _turned(self, angles: Tensor, rotation: Tensor, near: Tensor) -> Tensor:
        """Return angles (T, J) with the root at rotations (T, 3, 3), written as is nearest to `near` (T, J)."""
        turns = nearest_branch(
            rotation_to_root(rotation, self._root_axes), self._limits[self._root], near[:, self._root]
        )
        return angles.index_copy(-1, self._root, turns)

    def metrics(self) -> dict[str, Any]:
        """Return the metrics by name, and over how many frames and moving coordinates they are."""
        means = {name: mean.total() for name, mean in self._means.items()}
        names = self._skeleton.definition.coordinate_names
        by_coordinate = zip(names, self._means["angle"].each(), strict=True)
        moving = self._counted.cpu() & (self._spread.degrees() > MOVING_DEG)
        return {
            "frames": self._points.count(),
            "moving_coordinates": int(moving.sum()),
            "mae_angle_deg": means["angle"],
            "mae_moving_deg": self._means["angle"].total(moving),
            "mae_aligned_deg": means["aligned"],
            "mae_body": means["body"],
            "rmse_body": math.sqrt(means["body_2"]),
            "mae_body_mm": means["body_mm"],
            **self._points.metrics(),
            **{f"beyond_limits_{step:.0f}_percent": 100.0 * mean.total() for step, mean in self._beyond.items()},
            **self._series.metrics(),
            **self._joint_limits.percent(),
            "mae_by_coordinate_deg": {name: error for name, error in by_coordinate if not math.isnan(error)},
            "mpjpe_by_body_mm": self._points.by_body(),
        }
