"""Metrics of curves over time, after D3KE: how smooth they are, how errors spread, and how well curves follow.

MV             mean velocity of what was predicted: deg/s of angles, mm/s of markers from the pelvis; the truth's too
SD_angle       standard deviation of angles' errors, with their sign
MAE, RMSE, r   of each coordinate's curve in each clip, r Pearson's where the truth moves by more than a degree
               (standard deviation); medians and quartiles over curves, by coordinate, action and person

A clip is cut where it is longer than what is held in memory at once, and each part is a curve of its own.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from kinesynth_train.metrics import Mean

MOVING_DEG = 1.0  # standard deviation of a curve below which a correlation is one of noise
MIN_FRAMES = 3  # of a curve
GROUPS: dict[str, Callable[["Curve"], str]] = {
    "coordinate": lambda curve: curve.coordinate,
    "action": lambda curve: curve.action,
    "subject": lambda curve: curve.subject,
}


@dataclass(frozen=True)
class Curve:
    """A coordinate in a clip: MAE and RMSE in degrees, r from -1 to 1, NaN where the truth hardly moves."""

    coordinate: str
    action: str
    subject: str
    mae: float
    rmse: float
    r: float


class Clip(NamedTuple):
    """Consecutive frames: angles (T, J) rad, markers from the pelvis (T, M, 3) m, both also as they truly are."""

    angles: Tensor
    true_angles: Tensor
    valid: Tensor
    markers: Tensor
    true_markers: Tensor
    counted: Tensor
    fps: float


class Series:
    """The curves of one method; coordinates by their names, those that count (J,)."""

    def __init__(self, names: tuple[str, ...], counted: Tensor) -> None:
        self._names = [name for name, counts in zip(names, counted.tolist(), strict=True) if counts]
        self._columns = counted
        self._curves: list[Curve] = []
        kinds = ("mv_angle_deg_s", "true_mv_angle_deg_s", "mv_markers_mm_s", "true_mv_markers_mm_s")
        self._speeds = {kind: Mean() for kind in kinds}
        self._errors, self._squares = Mean(), Mean()

    def add(self, clip: Clip, action: str, subject: str) -> None:
        """Add a clip's frames, those that count (T,)."""
        angles, truth, valid = (array[:, self._columns] for array in clip[:3])
        off = torch.rad2deg(torch.atan2((angles - truth).sin(), (angles - truth).cos()))
        seen = valid & clip.counted[:, None]
        self._errors.add(off, seen)
        self._squares.add(off.square(), seen)
        moving = clip.counted[1:, None]  # a change counts with its second frame
        both = valid[1:] & valid[:-1] & moving
        for kind, array in (("", angles), ("true_", truth)):
            turned = array.diff(dim=0)
            turned = torch.rad2deg(torch.atan2(turned.sin(), turned.cos()).abs()) * clip.fps
            self._speeds[f"{kind}mv_angle_deg_s"].add(turned, both)
        for kind, points in (("", clip.markers), ("true_", clip.true_markers)):
            speed = 1000.0 * points.diff(dim=0).norm(dim=-1) * clip.fps
            self._speeds[f"{kind}mv_markers_mm_s"].add(speed, moving & speed.isfinite())
        columns = zip(self._names, off.T, torch.rad2deg(truth).T, seen.T, strict=True)
        for name, wrong, curve, here in columns:
            if int(here.sum()) >= MIN_FRAMES:
                self._curves.append(measured(name, action, subject, wrong[here], curve[here]))

    def metrics(self) -> dict[str, Any]:
        """Return the metrics by name; those of groups as median, lower and upper quartile."""
        mean, squares = self._errors.total(), self._squares.total()
        groups: dict[str, dict[str, list[Curve]]] = {kind: {} for kind in GROUPS}
        for kind, label in GROUPS.items():
            for curve in self._curves:
                groups[kind].setdefault(label(curve), []).append(curve)
        return {
            "sd_angle_deg": math.sqrt(max(squares - mean**2, 0.0)),
            **{kind: speed.total() for kind, speed in self._speeds.items()},
            "r_median": math.nan if (middle := quartiles([curve.r for curve in self._curves])[0]) is None else middle,
            "curves": {
                kind: {label: summary(curves) for label, curves in members.items()} for kind, members in groups.items()
            },
        }


def measured(coordinate: str, action: str, subject: str, off: Tensor, truth: Tensor) -> Curve:
    """Return the metrics of a curve of errors (F,) deg and of the truth (F,) deg."""
    wrong, wanted = off.double().cpu().numpy(), np.unwrap(truth.double().cpu().numpy(), period=360.0)
    found, r = wanted + wrong, math.nan
    if wanted.std() > MOVING_DEG and found.std() > 0:
        r = float(np.corrcoef(found, wanted)[0, 1])
    return Curve(coordinate, action, subject, float(np.abs(wrong).mean()), float(np.sqrt((wrong**2).mean())), r)


def summary(curves: list[Curve]) -> dict[str, list[float | None]]:
    """Return median and quartiles of MAE, RMSE and r."""
    return {name: quartiles([getattr(curve, name) for curve in curves]) for name in ("mae", "rmse", "r")}


def quartiles(values: list[float]) -> list[float | None]:
    """Return the median, the lower and the upper quartile, leaving NaN out; JSON's null where nothing is left."""
    real = [value for value in values if not math.isnan(value)]
    return [float(np.quantile(real, fraction)) for fraction in (0.5, 0.25, 0.75)] if real else [None] * 3
