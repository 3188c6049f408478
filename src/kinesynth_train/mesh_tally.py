"""Metrics of networks that predict a body's mesh: points, where joints are in the picture, and all vertices."""

from typing import Any, ClassVar

import torch
from torch import Tensor

from kinesynth_train.data import Batch
from kinesynth_train.keypoint_tally import PCK_ROWS, PictureErrors
from kinesynth_train.metrics import Mean, root_aligned_mm, similar
from kinesynth_train.networks.pose_spaces import body_rotations
from kinesynth_train.skeleton import DatasetSkeleton
from kinesynth_train.stretch import Estimate, Stretch
from kinesynth_train.surface_body import SurfaceBody
from kinesynth_train.tally import ROWS, Tally

MESH_LABELS = ("smplx/betas", "smplx/global_orient", "smplx/body_pose")
MESHES_AT_ONCE = 32


class MeshTally(Tally):
    """The metrics of points, of joints in the picture, and MVE: vertices after pelves are laid on each other.

    MVE is against the mesh of the labels, the fitted body; fingers rest on both, since nobody predicts them. The
    skeleton's angles and scales are not measured: a mesh tells none.
    """

    rows: ClassVar[dict[str, str]] = ROWS | PCK_ROWS | {"mve_mm": "MVE, mm", "pa_mve_mm": "PA-MVE, mm"}

    def __init__(self, skeleton: DatasetSkeleton, device: str, body: SurfaceBody) -> None:
        super().__init__(skeleton, device)
        self._body, self._picture = body, PictureErrors()
        self._vertices = {name: Mean() for name in ("mve_mm", "pa_mve_mm")}

    def add(self, estimate: Estimate, stretch: Stretch) -> None:
        """Add an estimate with joints, markers and the body."""
        truth = {name: value[0] for name, value in stretch.batch.items()}
        assert estimate.joints is not None  # only methods that estimate a mesh are measured so
        assert estimate.markers is not None
        assert estimate.body is not None
        assert estimate.betas is not None
        self._points.add(estimate.joints, estimate.markers, truth)
        self._picture.add(estimate.joints, truth)
        for first in range(0, len(estimate.body), MESHES_AT_ONCE):
            some = slice(first, first + MESHES_AT_ONCE)
            meshes = self._meshes(estimate.body[some], estimate.betas[some], truth, some)
            self._add_meshes(*meshes, truth["counted"][some, None])

    def _meshes(self, found: Tensor, betas: Tensor, truth: Batch, some: slice) -> tuple[Tensor, Tensor]:
        """Return vertices (F, N, 3) from the pelvis, of a found body and of the labels'."""
        wanted = body_rotations(truth)[some]
        both = (found, betas), (wanted, truth["betas"].expand(len(wanted), -1))
        meshes = [self._body.mesh(*pose) - self._body.points(*pose)[:, :1] for pose in both]
        return meshes[0], meshes[1]

    def _add_meshes(self, found: Tensor, wanted: Tensor, counted: Tensor) -> None:
        pelvis = torch.zeros_like(found[:, 0])
        self._vertices["mve_mm"].add(root_aligned_mm(found, wanted, pelvis, pelvis), counted)
        laid, _ = similar(found, wanted)
        self._vertices["pa_mve_mm"].add(1000.0 * (laid - wanted).norm(dim=-1), counted)

    def metrics(self) -> dict[str, Any]:
        """Return the metrics by name."""
        vertices = {name: mean.total() for name, mean in self._vertices.items()}
        pictures = self._picture.metrics()
        points = {**self._points.metrics(), "mpjpe_by_body_mm": self._points.by_body()}
        return {"frames": self._points.count(), **points, **pictures, **vertices}
