"""HSMR that betters its labels while it learns: the iterative refinement of pseudo-labels (Xia et al. 2025).

As published: pictures' labels are pseudo-labels at first; from time to time what the network says of a batch's pictures
is fitted to the keypoints seen in them (`skelify`), and where the fit lies nearer to these than the label does, it
becomes the label. From the release: fits begin after a warm-up; a label is replaced only by a shape within two standard
deviations in each factor. Ours: the pictures of one batch are fitted every few steps, not thousands at a time.

`noise_deg` and `swapped` spoil the shards' labels at first, which reproduces the paper's comparison: with refinement,
without (`period` 0), and with exact labels (`hsmr`).
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import h5py
import numpy as np
import torch
from torch import Tensor

from kinesynth.dataset import ShardDataset
from kinesynth_train.data import Batch
from kinesynth_train.networks import hsmr
from kinesynth_train.networks.contract import Prediction
from kinesynth_train.networks.crop_camera import placed
from kinesynth_train.networks.heads import factors_of, scales_of
from kinesynth_train.networks.hsmr import Hsmr, Weights
from kinesynth_train.networks.pseudo_labels import PseudoLabels, Row, apart
from kinesynth_train.networks.query_refinement import view_of
from kinesynth_train.networks.skelify import FULL, REFINER, Seen, Skelify, Variables
from kinesynth_train.presets import Preset
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton, all_scales
from kinesynth_train.stretch import Estimate, Stretch

FARTHEST = 2.0  # standard deviations of a factor
MIN_SPREAD = 0.1  # of a factor, in units of 0.1
SKELIFY = "SKELify of keypoints"


@dataclass(frozen=True)
class Shape(hsmr.Shape):
    """Sizes of the network, and how labels are bettered.

    Attributes:
        warmup: steps before the first fit.
        period: steps from one fit to the next; 0 leaves labels as they are.
        noise_deg: standard deviation of what is added to the labels' angles at first.
        swapped: fraction of the clips whose labels have left and right exchanged at first.
    """

    warmup: int = 5000
    period: int = 230
    noise_deg: float = 0.0
    swapped: float = 0.0


class HsmrRefined(Hsmr):
    """HSMR with labels of its own."""

    shape: Shape
    factor_mean: Tensor
    factor_spread: Tensor

    def __init__(self, shape: Shape, weights: Weights, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
        super().__init__(shape, weights, stats, skeleton)
        self.pseudo = PseudoLabels(stats, skeleton)
        self.register_buffer("factor_mean", torch.zeros(stats.factors))
        self.register_buffer("factor_spread", torch.ones(stats.factors))

    def start(self, labels: ShardDataset) -> None:
        """Read the backbone's file, take the training split's labels, and note how its people differ."""
        super().start(labels)
        with h5py.File(labels.clips[0].shard, "r") as file:
            views = len(file["clips"][labels.clips[0].clip_id]["views"])
        self.pseudo.begin(labels, views, float(np.deg2rad(self.shape.noise_deg)), self.shape.swapped)
        units = factors_of(torch.from_numpy(all_scales(labels)), self.first_of_each.cpu())
        self.factor_mean.copy_(units.mean(dim=0))
        self.factor_spread.copy_(units.std(dim=0, correction=0).clamp(min=MIN_SPREAD))

    @property
    def skelify(self) -> Skelify:
        """The fit."""
        return Skelify(self.pose, self.ties, self.factor_mean, self.factor_spread)

    def losses(self, prediction: Prediction, batch: Batch) -> dict[str, Tensor]:
        """Return HSMR's terms against the dictionary, which is bettered every few steps of training."""
        if not self.training:
            return super().losses(prediction, batch)
        pictures = apart(batch, len(prediction.angles) // len(batch["angles"]))
        said = single(prediction)
        with torch.no_grad():
            self.pseudo.steps += 1
            since = int(self.pseudo.steps) - self.shape.warmup
            if self.shape.period and since > 0 and since % self.shape.period == 0:
                self.better_labels(said, pictures)
            truth = self.labelled(pictures)
        return super().losses(said, truth)

    def labelled(self, pictures: Batch) -> Batch:
        """Return pictures with the dictionary's labels for the shards'."""
        row = self.pseudo.read(pictures)
        scales = scales_of(row.factors, self.ties)
        angles = self.skeleton.layer.coupled(row.angles)
        keypoints = self.skeleton(angles[:, None], scales).keypoints
        return {**pictures, "angles": angles[:, None], "scales": scales, "keypoints": keypoints}

    def better_labels(self, said: Prediction, pictures: Batch) -> None:
        """Fit what is said of pictures to their keypoints; keep the fits that lie nearer to these than their labels."""
        seen, row, skelify = seen_in(pictures), self.pseudo.read(pictures), self.skelify
        label = self.variables(row.angles, row.factors, seen)
        label = label._replace(place=skelify.placed(label, seen))
        before = seen.errors(skelify.keypoints(label, seen)[0])
        assert said.factors is not None  # as `prediction_of` makes them
        start = self.variables(said.angles[:, 0].detach(), said.factors[:, 0].detach().float(), seen)
        found = skelify.fit(start, seen, REFINER)
        keypoints, angles = skelify.keypoints(found, seen)
        after = seen.errors(keypoints)
        usual = (found.factors.abs() < FARTHEST).all(dim=-1)
        better = (after < before) & usual & pictures["frame_valid"][:, 0] & (seen.confidence.sum(dim=-1) > 0)
        units = self.factor_mean + self.factor_spread * found.factors
        self.pseudo.write(pictures, Row(angles, units, after), better)

    def variables(self, angles: Tensor, factors: Tensor, seen: Seen) -> Variables:
        """Return angles (F, J) and factors (F, U) as what the fit seeks."""
        code = self.pose.canonical(self.pose.truth(angles, seen.cameras))
        return Variables(code, (factors - self.factor_mean) / self.factor_spread, angles[:, self.stats.root_place])

    def fitted(self, stretch: Stretch) -> Estimate:
        """Return the whole fit to the joints that are seen in the first view's pictures, which learns nothing."""
        view = view_of(stretch.batch, 0, stretch.detected)
        seen = Seen(view["keypoints_2d"], view["confidence"], view["rotations"], view["projections"])
        frames = len(seen.points)
        upright = seen.points.new_tensor([1.0, 0.0, 0.0]).expand(frames, 3)
        nobody = seen.points.new_zeros(frames, len(self.factor_mean))
        start = Variables(self.mean_code.expand(frames, -1), nobody, placed(upright, seen.projections))
        found = self.skelify.fit(start, seen, FULL)
        return Estimate(self.skelify.keypoints(found, seen)[1], self.skelify.scales(found.factors))

    def baselines(self) -> dict[str, Callable[[Stretch], Estimate]]:
        """Return the fit alone."""
        return {SKELIFY: self.fitted}


def seen_in(pictures: Batch) -> Seen:
    """Return the joint centres, half of the keypoints, that are labelled in pictures (F, 1, 1, ...)."""
    points, visibility, cameras, projections = (
        pictures[name][:, 0, 0] for name in ("keypoints_2d", "visibility", "rotations", "projections")
    )
    joints = points.shape[1] // 2
    return Seen(points[:, :joints], 0.5 * visibility[:, :joints], cameras, projections)


def single(prediction: Prediction) -> Prediction:
    """Return a prediction of windows (N, T, ...) as one of windows of one frame."""
    told: dict[str, Any] = {name: value for name, value in prediction._asdict().items() if isinstance(value, Tensor)}
    return prediction._replace(**{name: value.flatten(0, 1)[:, None] for name, value in told.items()})


def make(shape: Shape, weights: Weights, stats: CoordinateStats, skeleton: DatasetSkeleton) -> HsmrRefined:
    """Return the untrained network."""
    return HsmrRefined(shape, weights, stats, skeleton)


def _preset(of: Preset, **changes: Any) -> Preset:
    return replace(of, shape=Shape(**{**asdict(of.shape), **changes}))


SPOILED = {"noise_deg": 15.0, "swapped": 0.1}
PRESETS = {
    "hsmr_refined": _preset(hsmr.PRESETS["hsmr"]),
    "hsmr_refined_tiny": _preset(hsmr.PRESETS["hsmr_tiny"], warmup=200, period=10, **SPOILED),
    "hsmr_unrefined_tiny": _preset(hsmr.PRESETS["hsmr_tiny"], period=0, **SPOILED),
}
