"""Metrics of networks that predict forces and moments, beside what activations are measured by."""

import math
from typing import Any, ClassVar

from kinesynth_train.metrics import Mean
from kinesynth_train.muscle_tally import MuscleTally
from kinesynth_train.networks.dynamics_head import learned_moments, true_dynamics
from kinesynth_train.skeleton import DatasetSkeleton
from kinesynth_train.stretch import Estimate, Stretch

DYNAMICS_ROWS = {
    "force_rmse_bw": "force, RMSE, body weights",
    "force_vertical_rmse_bw": "vertical force, RMSE, body weights",
    "moment_rmse_nm_kg": "moments, RMSE, N m/kg",
}


class DynamicsTally(MuscleTally):
    """Also root mean squares over the frames whose forces are valid: of a foot's force, of both feet's, of moments."""

    rows: ClassVar[dict[str, str]] = MuscleTally.rows | DYNAMICS_ROWS

    def __init__(self, skeleton: DatasetSkeleton, device: str) -> None:
        super().__init__(skeleton, device)
        self._learned = learned_moments(skeleton).to(device)
        self._squares = {name: Mean() for name in DYNAMICS_ROWS}

    def add(self, estimate: Estimate, stretch: Stretch) -> None:
        """Add an estimate; one without forces leaves these out."""
        super().add(estimate, stretch)
        if estimate.dynamics is None:
            return
        truth = true_dynamics(stretch.batch)
        seen = (stretch.batch["counted"] & stretch.batch["force_valid"])[0][:, None]
        off = estimate.dynamics.forces - truth.forces[0]
        moments = (estimate.dynamics.moments - truth.moments[0])[:, self._learned]
        vertical = off[..., 1].sum(dim=-1, keepdim=True)
        parts = (off.square().sum(dim=-1), vertical.square(), moments.square())
        for mean, squares in zip(self._squares.values(), parts, strict=True):
            mean.add(squares, seen)

    def metrics(self) -> dict[str, Any]:
        """Return the metrics by name; those of forces are none where no forces were said."""
        means = {name: mean.total() for name, mean in self._squares.items()}
        return super().metrics() | {name: None if math.isnan(m) else math.sqrt(m) for name, m in means.items()}
