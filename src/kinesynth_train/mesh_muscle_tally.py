"""Metrics of networks that predict a mesh and activations, but nothing of the skeleton."""

from typing import Any, ClassVar

from kinesynth_train.mesh_tally import MeshTally
from kinesynth_train.muscle_tally import MUSCLE_ROWS, MuscleErrors
from kinesynth_train.skeleton import DatasetSkeleton
from kinesynth_train.stretch import Estimate, Stretch
from kinesynth_train.surface_body import SurfaceBody


class MeshMuscleTally(MeshTally):
    """The metrics of a mesh, and those of activations."""

    rows: ClassVar[dict[str, str]] = MeshTally.rows | MUSCLE_ROWS

    def __init__(self, skeleton: DatasetSkeleton, device: str, body: SurfaceBody) -> None:
        super().__init__(skeleton, device, body)
        self._muscles = MuscleErrors(skeleton)

    def add(self, estimate: Estimate, stretch: Stretch) -> None:
        """Add an estimate with a mesh and activations."""
        super().add(estimate, stretch)
        self._muscles.add(estimate, stretch)

    def metrics(self) -> dict[str, Any]:
        """Return the metrics by name."""
        return super().metrics() | self._muscles.metrics()
