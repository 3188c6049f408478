"""How far muscle activations are off, as BioHuman measures it, over all muscles and over groups of them.

All metrics are pooled over the frames whose activations are valid, muscle by muscle into sums, so that those of any set
of muscles follow.

PCC            Pearson's correlation over the flattened entries: dominated by which muscles work more than others, so
               that each muscle's training mean already has much of it, which is why that stands beside as a baseline
RMSE, MAE      activation
nRMSE          RMSE over the standard deviation of the truth
Active-MAE     MAE where the truth is above 0.10
DiffL1         mean absolute difference of the changes from frame to frame, where both are valid
"""

import math
from typing import Any, ClassVar

import torch
from torch import Tensor

from kinesynth.skeleton.muscle_groups import group_of
from kinesynth_train.skeleton import DatasetSkeleton
from kinesynth_train.stretch import Estimate, Stretch
from kinesynth_train.tally import ROWS, Tally

ACTIVE = 0.10  # activation of a muscle that works (BioHuman)
SUMS = ("count", "found", "truth", "found_2", "truth_2", "product", "absolute", "active", "active_absolute", "pairs",
        "changes")  # fmt: skip
METRICS = {
    "pcc": "PCC",
    "rmse": "RMSE",
    "nrmse": "nRMSE",
    "mae": "MAE",
    "active_mae": "Active-MAE",
    "diff_l1": "DiffL1",
}


class ActivationErrors:
    """Sums over frames, one of each kind for each muscle."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {name: torch.zeros(()) for name in SUMS}

    def add(self, found: Tensor, truth: Tensor, valid: Tensor, counted: Tensor) -> None:
        """Add activations (T, A) of consecutive frames, those that are valid (T,) and counted (T,).

        A change counts with its second frame.
        """
        pairs = (valid[1:] & valid[:-1] & counted[1:])[:, None]
        changes = ((found.diff(dim=0) - truth.diff(dim=0)).abs() * pairs).double().sum(dim=0)
        here = valid & counted
        active = truth[here] > ACTIVE
        found, truth = found[here].double(), truth[here].double()
        off = (found - truth).abs()
        columns = {
            "count": torch.ones_like(truth), "found": found, "truth": truth, "found_2": found**2, "truth_2": truth**2,
            "product": found * truth, "absolute": off, "active": active, "active_absolute": off * active,
        }  # fmt: skip
        sums = {name: column.sum(dim=0) for name, column in columns.items()}
        sums |= {"pairs": pairs.expand(-1, found.shape[1]).sum(dim=0), "changes": changes}
        self._sums = {name: self._sums[name] + value.double().cpu() for name, value in sums.items()}

    def metrics(self, muscles: list[int] | None = None) -> dict[str, float]:
        """Return the metrics of some muscles together, of all if none are given; NaN where nothing was valid."""
        chosen = slice(None) if muscles is None else muscles
        s = {name: float(value[chosen].sum()) for name, value in self._sums.items() if value.ndim}
        if not s or not s["count"]:
            return dict.fromkeys(METRICS, math.nan)
        n = s["count"]
        spread = max(s["truth_2"] / n - (s["truth"] / n) ** 2, 0.0)
        own_spread = max(s["found_2"] / n - (s["found"] / n) ** 2, 0.0)
        shared = s["product"] / n - s["found"] * s["truth"] / n**2
        rmse = math.sqrt(max(s["found_2"] - 2.0 * s["product"] + s["truth_2"], 0.0) / n)
        return {
            "pcc": _over(shared, math.sqrt(spread * own_spread)),
            "rmse": rmse,
            "nrmse": _over(rmse, math.sqrt(spread)),
            "mae": s["absolute"] / n,
            "active_mae": _over(s["active_absolute"], s["active"]),
            "diff_l1": _over(s["changes"], s["pairs"]),
        }


MUSCLE_LABELS = ("activations", "quality/activation_valid")
MUSCLE_ROWS = {f"muscle_{name}": f"activations, {title}" for name, title in METRICS.items()}


class MuscleErrors:
    """What activations are measured by: over all frames, and once more by group of muscles and by action."""

    def __init__(self, skeleton: DatasetSkeleton) -> None:
        self._errors = ActivationErrors()
        self._by_action: dict[str, ActivationErrors] = {}
        self._groups: dict[str, list[int]] = {}
        for index, muscle in enumerate(skeleton.definition.muscle_names):
            self._groups.setdefault(group_of(muscle)[0], []).append(index)

    def add(self, estimate: Estimate, stretch: Stretch) -> None:
        """Add an estimate with activations."""
        truth = {name: stretch.batch[name][0] for name in ("activations", "activation_valid", "counted")}
        assert estimate.activations is not None  # only methods that estimate them are measured so
        for errors in (self._errors, self._by_action.setdefault(stretch.action, ActivationErrors())):
            errors.add(estimate.activations, truth["activations"], truth["activation_valid"], truth["counted"])

    def metrics(self) -> dict[str, Any]:
        """Return the metrics by name."""
        own = {f"muscle_{name}": value for name, value in self._errors.metrics().items()}
        groups = {group: _plain(self._errors.metrics(muscles)) for group, muscles in self._groups.items()}
        actions = {action: _plain(errors.metrics()) for action, errors in self._by_action.items()}
        return {**own, "muscles_by_group": groups, "muscles_by_action": actions}


class MuscleTally(Tally):
    """The metrics of all, and those of activations."""

    rows: ClassVar[dict[str, str]] = ROWS | MUSCLE_ROWS

    def __init__(self, skeleton: DatasetSkeleton, device: str) -> None:
        super().__init__(skeleton, device)
        self._muscles = MuscleErrors(skeleton)

    def add(self, estimate: Estimate, stretch: Stretch) -> None:
        """Add an estimate with activations."""
        super().add(estimate, stretch)
        self._muscles.add(estimate, stretch)

    def metrics(self) -> dict[str, Any]:
        """Return the metrics by name, those of activations also by group of muscles and by action."""
        return super().metrics() | self._muscles.metrics()


def _plain(metrics: dict[str, float]) -> dict[str, float | None]:
    """Return metrics as JSON can hold them: NaN is none of its numbers."""
    return {name: None if math.isnan(value) else value for name, value in metrics.items()}


def _over(above: float, below: float) -> float:
    return above / below if below else math.nan
