"""How far joint centres and markers are off: what of the metrics needs no skeleton's angles."""

import torch
from torch import Tensor

from kinesynth.skeleton.marker_weights import are_bony
from kinesynth_train.data import Batch
from kinesynth_train.metrics import Mean, root_aligned_mm, similar, velocity_errors_mm
from kinesynth_train.skeleton import DatasetSkeleton


class PointErrors:
    """The means of one method."""

    def __init__(self, skeleton: DatasetSkeleton) -> None:
        self._bodies = skeleton.definition.body_names
        self._bony = torch.tensor(are_bony(skeleton.definition.marker_names))
        self._means = {name: Mean() for name in ("mpjpe", "pa_mpjpe", "mpblpe", "mpjve", "pa_mpjve")}

    def add(self, joints: Tensor, markers: Tensor, truth: Batch) -> Tensor:
        """Add joint centres (T, B, 3) and markers (T, M, 3) m; return the rotations (T, 3, 3) that lay joints best."""
        means, seen = self._means, truth["counted"][:, None]
        true_joints = truth["keypoints"][:, : joints.shape[1]]
        roots = joints[:, 0], true_joints[:, 0]
        laid, turn = similar(joints, true_joints)
        means["mpjpe"].add(root_aligned_mm(joints, true_joints, *roots), seen)
        means["pa_mpjpe"].add(1000.0 * (laid - true_joints).norm(dim=-1), seen)
        means["mpblpe"].add(root_aligned_mm(markers, truth["markers"], *roots), seen)
        here, there = (points - root[:, None] for points, root in zip((joints, true_joints), roots, strict=True))
        for name, found, wanted in (("mpjve", here, there), ("pa_mpjve", laid, true_joints)):
            means[name].add(velocity_errors_mm(found[None], wanted[None], truth["fps"][None])[0], seen[1:])
        return turn

    def count(self) -> int:
        """Return over how many frames the means are."""
        return self._means["mpjpe"].count()

    def metrics(self) -> dict[str, float]:
        """Return the means by name."""
        return {
            "mpjpe_mm": self._means["mpjpe"].total(),
            "pa_mpjpe_mm": self._means["pa_mpjpe"].total(),
            "mpblpe_mm": self._means["mpblpe"].total(),
            "mpblpe_bony_mm": self._means["mpblpe"].total(self._bony),
            "mpjve_mm_s": self._means["mpjve"].total(),
            "pa_mpjve_mm_s": self._means["pa_mpjve"].total(),
        }

    def by_body(self) -> dict[str, float]:
        """Return the error of each joint centre, mm."""
        return dict(zip(self._bodies, self._means["mpjpe"].each(), strict=True))
