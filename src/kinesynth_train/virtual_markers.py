"""Markers of people who were never recorded: a batch's motions on other bodies, in other poses, carelessly placed.

BioPose trains its NeurIK on virtual markers with noise and with markers missing; the bodies and poses are drawn here as
well, since a set of labels has few subjects. A window's markers may also be those of a laboratory's set.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from kinesynth.skeleton import SkeletonPose
from kinesynth_train.data import Batch
from kinesynth_train.laboratory_sets import laboratory_sets
from kinesynth_train.rotations import root_to_rotation, rotation_to_root
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton


@dataclass(frozen=True)
class MarkerDraw:
    """How markers are sampled: standard deviations, but for fractions, `size` and `turn`.

    Attributes:
        share: of the windows that are sampled; the others stay as they are recorded.
        size: largest change of all scales, uniform.
        proportion: change of each independent factor of the scales, see `skeleton.tied_factors`: a body whose scales
            differ where those of the training subjects never do is one that no head could predict.
        placement_m: of a marker on its body, along each axis, through the window.
        noise_m: of a marker's position in a frame, along each axis.
        missing: fraction of the markers that a window lacks.
        most_missing: the largest such fraction, where each window draws its own from `missing` on; 0 draws none.
        laboratory: fraction of the sampled windows that wear a laboratory's set, placed as carelessly as such sets are.
        most_dropped: the largest fraction of a laboratory's set that a window lacks; each draws its own.
        hidden: fraction of the markers that are hidden for a part of the window.
        turn: largest change of heading, rad, uniform.
        pose: rad, that a coordinate is off through the window.
        sway: rad, of a slow change on top.
    """

    share: float = 0.9
    size: float = 0.12
    proportion: float = 0.05
    placement_m: float = 0.007
    noise_m: float = 0.002
    missing: float = 0.03
    most_missing: float = 0.0
    laboratory: float = 0.0
    most_dropped: float = 0.3
    hidden: float = 0.0
    turn: float = 3.14159
    pose: float = 0.2
    sway: float = 0.2


class VirtualMarkers(nn.Module):
    """Draws another body and pose for the windows of a batch, and its markers."""

    ties: Tensor
    marker_bodies: Tensor
    own: Tensor
    limits: Tensor
    root: Tensor
    root_axes: Tensor
    worn: Tensor
    slack: Tensor
    apart: Tensor

    def __init__(self, draw: MarkerDraw, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
        super().__init__()
        self.draw, self.skeleton = draw, skeleton
        for name in ("limits", "root", "root_axes", "ties"):
            self.register_buffer(name, getattr(stats, name).clone(), persistent=False)
        definition = skeleton.definition
        self.register_buffer("marker_bodies", torch.tensor(definition.marker_bodies), persistent=False)
        own = (definition.coupled_to < 0) & ~definition.coordinate_translational
        own[definition.axis_coordinates[0, :3]] = False
        self.register_buffer("own", torch.tensor(own), persistent=False)
        if draw.laboratory:
            sets = laboratory_sets(definition.marker_names)
            self.register_buffer("worn", torch.tensor(sets.worn), persistent=False)
            self.register_buffer("slack", torch.tensor(sets.slack_m).float(), persistent=False)
            usual = torch.tensor(definition.marker_places) / skeleton.reference[self.marker_bodies]
            positions = torch.tensor(sets.places)
            self.register_buffer(
                "apart", (positions - usual).where(positions.isfinite(), 0.0).float(), persistent=False
            )

    def forward(self, batch: Batch) -> Batch:
        """Return the batch with angles, scales, keypoints and markers of those drawn, by torch's own generator."""
        drawn = torch.rand(len(batch["angles"]), device=self.own.device) < self.draw.share
        angles, scales, pose = self.bodies(batch["angles"], batch["scales"])
        offsets, lacking = self._laboratory(scales) if self.draw.laboratory else self._anywhere(len(angles))
        rotations = pose.transforms[:, :, self.marker_bodies, :3, :3]
        markers = pose.markers + (rotations @ offsets[:, None, ..., None])[..., 0]
        new = {"angles": angles, "scales": scales, "keypoints": pose.keypoints, "markers": markers}
        kept = {name: value.where(_shaped(drawn, value), batch[name]) for name, value in new.items()}
        kept["markers"] = self._spoiled(kept["markers"], lacking)
        return {**batch, **kept}

    def bodies(self, angles: Tensor, scales: Tensor) -> tuple[Tensor, Tensor, SkeletonPose]:
        """Return other angles (N, T, J), other scales (N, B, 3), and their pose."""
        scales = self._scales(scales)
        angles = self._heading(self._poses(angles))
        return angles, scales, self.skeleton(angles, scales)

    def _anywhere(self, windows: int) -> tuple[Tensor, Tensor]:
        """Return offsets (N, M, 3) m of markers on their bodies, and which (N, M) are missing."""
        shape = (windows, len(self.marker_bodies))
        offsets = self.draw.placement_m * torch.randn(*shape, 3, device=self.own.device)
        fraction: float | Tensor = self.draw.missing
        if self.draw.most_missing > self.draw.missing:
            fraction = fraction + (self.draw.most_missing - fraction) * torch.rand(windows, 1, device=self.own.device)
        return offsets, torch.rand(shape, device=self.own.device) < fraction

    def _laboratory(self, scales: Tensor) -> tuple[Tensor, Tensor]:
        """Return the same, where some windows wear a set, or two at once, as near to its landmarks as it is told."""
        windows, device = len(scales), scales.device
        offsets, lacking = self._anywhere(windows)
        one, other = torch.randint(len(self.worn), (2, windows), device=device)
        worn = self.worn[one] | (self.worn[other] & (torch.rand(windows, 1, device=device) < 0.5))
        slack = torch.minimum(self.slack[one], self.slack[other])
        careless = self.apart * scales[:, self.marker_bodies] + slack[..., None] * torch.randn_like(offsets)
        dropped = torch.rand_like(slack) < self.draw.most_dropped * torch.rand(windows, 1, device=device)
        theirs = torch.rand(windows, 1, device=device) < self.draw.laboratory
        return careless.where(theirs[..., None], offsets), (~worn | dropped).where(theirs, lacking)

    def _scales(self, scales: Tensor) -> Tensor:
        size = 1.0 + self.draw.size * (2.0 * torch.rand_like(scales[:, :1, :1]) - 1.0)
        proportions = 1.0 + self.draw.proportion * torch.randn_like(scales).flatten(1)[:, self.ties]
        return scales * size * proportions.reshape(scales.shape)

    def _poses(self, angles: Tensor) -> Tensor:
        """Return angles (N, T, J) that are off by a constant and by half a slow wave, within their limits."""
        frames = angles.shape[1]
        phase = torch.pi * (
            torch.rand_like(angles[:, :1]) + torch.arange(frames, device=angles.device)[:, None] / frames
        )
        shift = self.draw.pose * torch.randn_like(angles[:, :1])
        shift = shift + self.draw.sway * torch.randn_like(angles[:, :1]) * phase.sin()
        low, high = self.limits.T
        moved = (angles + shift).clamp(torch.minimum(low, angles), torch.maximum(high, angles))
        return angles.where(~self.own, moved)

    def _heading(self, angles: Tensor) -> Tensor:
        yaw = self.draw.turn * (2.0 * torch.rand_like(angles[:, :1, 0]) - 1.0)
        zero = torch.zeros_like(yaw)
        about_y = torch.stack([yaw.cos(), zero, yaw.sin(), zero, zero + 1.0, zero, -yaw.sin(), zero, yaw.cos()], dim=-1)
        about_y = about_y.reshape(-1, 1, 3, 3)
        turned = about_y @ root_to_rotation(angles[..., self.root], self.root_axes)
        return angles.index_copy(-1, self.root, rotation_to_root(turned, self.root_axes))

    def _spoiled(self, markers: Tensor, lacking: Tensor) -> Tensor:
        """Return markers (N, T, M, 3) with noise, without those that a window lacks (N, M), some hidden for a while."""
        noisy = markers + self.draw.noise_m * torch.randn_like(markers)
        missing = lacking[:, None, :, None]
        if self.draw.hidden:
            frames = torch.arange(markers.shape[1], device=markers.device)[:, None] / markers.shape[1]
            begin, end = torch.rand(2, *lacking.shape, device=markers.device)[:, :, None]
            hides = torch.rand_like(begin) < self.draw.hidden
            missing = missing | (hides & (frames >= begin) & (frames < end))[..., None]
        return noisy.masked_fill(missing, torch.nan)


def _shaped(flags: Tensor, like: Tensor) -> Tensor:
    return flags.reshape(-1, *(1,) * (like.ndim - 1))
