"""MQ-HMR, the mesh recovery of BioPose (Koleini et al. 2024, arXiv:2501.07800): one picture to a body's mesh.

As published: a vision transformer's map becomes a pyramid of 1, 4, 8 and 16 times its sides; 96 queries without
content pass four layers, each of which looks at a few places of every map (`query_decoder`); from them a pose, a shape
and a camera; losses on SMPL's parameters, on joints in space and in the picture, with its weights.
Its refinement moves the queries of a picture, all else frozen, until the joints lie on keypoints that were seen
(`query_refinement`).

On the dataset's body instead of SMPL: six numbers for each of SMPL-X's root and 21 joints, ten betas of the shards'
body (`surface_body`), the skeleton's joint centres as that body's mesh has them. The camera is that of the crop, as in
`hsmr`. Silent in the paper, hence ours: how the pyramid is made, widths of the layers, places that are looked at, a
token for each joint, the shape and the camera that reads the queries, markers at half the joints' weight.
"""

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import ClassVar, NamedTuple

import h5py
import numpy as np
import torch
from torch import Tensor, nn

from kinesynth.dataset import ShardDataset
from kinesynth.dataset.record import own_array
from kinesynth_train.crops import project
from kinesynth_train.data import Batch
from kinesynth_train.losses import masked_mean, weighed
from kinesynth_train.mesh_tally import MESH_LABELS, MeshTally
from kinesynth_train.networks.contract import Network
from kinesynth_train.networks.crop_camera import placed
from kinesynth_train.networks.feature_pyramid import FeaturePyramid
from kinesynth_train.networks.heads import zeroed
from kinesynth_train.networks.hsmr import WEIGHTS_KIND
from kinesynth_train.networks.mqhmr_shape import Shape, Weights
from kinesynth_train.networks.pose_spaces import BODY_JOINTS, FACING, body_rotations
from kinesynth_train.networks.pretrained import load_weights
from kinesynth_train.networks.query_decoder import QueryDecoder, Readout
from kinesynth_train.networks.query_refinement import moved, view_of
from kinesynth_train.networks.resnext import normalised
from kinesynth_train.networks.views import per_view
from kinesynth_train.networks.vit import SIZES, Vit, middle_columns
from kinesynth_train.presets import Augment, Phase, Preset
from kinesynth_train.rotations import six_to_rotation, vector_to_rotation
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton
from kinesynth_train.stretch import Estimate, Stretch
from kinesynth_train.surface_body import SHIPPED, read_surface

BETAS = 10
PICTURES_AT_ONCE = 32  # in use
STAY = 1e-2  # weight of staying near the first pose in the refinement, ours: of the mean over its matrices' numbers
REFINED = "MQ-HMR, refined in {} steps"


class MeshPrediction(NamedTuple):
    """What is predicted for a batch.

    Attributes:
        rotations: (N, T, 22, 3, 3), the root's in the frame of the camera that is turned to the crop.
        betas: (N, T, 10).
        points: (N, T, B + M, 3) m in the world, joint centres before markers.
    """

    rotations: Tensor
    betas: Tensor
    points: Tensor


class MqHmr(Network):
    """A body's pose, shape and place from single pictures; in training each view of a window is its own."""

    labels: ClassVar[tuple[str, ...]] = (
        "angles",
        "scales",
        "keypoints",
        "markers",
        "quality/angle_valid",
        *MESH_LABELS,
    )
    better: ClassVar[str] = "mpjpe_mm"
    kinematics: ClassVar[bool] = False
    mean_pose: Tensor
    mean_betas: Tensor

    def __init__(self, shape: Shape, weights: Weights, stats: CoordinateStats, skeleton: DatasetSkeleton) -> None:
        super().__init__(weights, stats, skeleton)
        self.shape, self.joints = shape, len(skeleton.definition.body_names)
        size = SIZES[shape.backbone]
        self.vit = Vit(size)
        self.pyramid = FeaturePyramid(size, shape.width, shape.factors)
        sizes = (shape.layers, shape.heads, len(shape.factors), shape.points, shape.hidden)
        self.decoder = QueryDecoder(shape.width, shape.queries, *sizes)
        self.readout = Readout(shape.width, BODY_JOINTS + 2, shape.heads)
        self.read_pose, self.read_betas, self.read_camera = (
            zeroed(nn.Linear(shape.width, numbers)) for numbers in (6, BETAS, 3)
        )
        with torch.device("cpu"):
            self.body = read_surface(SHIPPED, skeleton.definition)
            resting = torch.eye(3).repeat(BODY_JOINTS, 1, 1)
            resting[0] = torch.tensor(FACING)
        self.register_buffer("mean_pose", resting[..., :2].mT.flatten(-2))
        self.register_buffer("mean_betas", torch.zeros(BETAS, device="cpu"))

    def start(self, labels: ShardDataset) -> None:
        """Read the files of the transformer's weights and of the body; note the training split's mean pose and shape.

        Raises:
            BadInput: a file is none of these, or the body is not the shards'.
        """
        load_weights(self.vit, self.shape.weights, WEIGHTS_KIND)
        with h5py.File(labels.shards[0], "r") as file:
            whose = str(file.attrs["body_model"])
        self.body = read_surface(Path(self.shape.body or SHIPPED), self.skeleton.definition, whose)
        pose, betas = mean_body(labels)
        self.mean_pose[1:] = pose
        self.mean_betas.copy_(betas)

    def forward(self, batch: Batch, stage: str) -> MeshPrediction:  # noqa: ARG002
        """Return the prediction of a batch with crops (N, V, T, 4, S, S), and cameras as `Windows` gives them.

        In training of all views (N V, T, ...), else of the first.
        """
        views = batch["crops"].shape[1] if self.training else 1
        seen = per_view({name: batch[name] for name in ("crops", "rotations", "projections")}, views)
        maps = self.look(seen["crops"].flatten(0, 1))
        flat = self.read(
            maps, self.queries_of(maps), seen["rotations"].flatten(0, 1), seen["projections"].flatten(0, 1)
        )
        frames = seen["rotations"].shape[:2]
        return MeshPrediction(*(value.reshape(*frames, *value.shape[1:]) for value in flat))

    def look(self, crops: Tensor) -> list[Tensor]:
        """Return the maps (F, C, H, W) of crops (F, 4, S, S)."""
        maps: list[Tensor] = self.pyramid(self.vit(middle_columns(normalised(crops))))
        return maps

    def queries_of(self, maps: list[Tensor]) -> Tensor:
        """Return the learned queries (F, Q, C) for F pictures."""
        return self.decoder.queries.expand(len(maps[0]), -1, -1)

    def read(self, maps: list[Tensor], queries: Tensor, cameras: Tensor, projections: Tensor) -> MeshPrediction:
        """Return what queries (F, Q, C) find in maps, of cameras (F, 3, 3) and projections (F, 3, 4)."""
        told = self.readout(self.decoder(maps, queries))
        pose = self.mean_pose + self.read_pose(told[:, :BODY_JOINTS]).float()
        betas = self.mean_betas + self.read_betas(told[:, BODY_JOINTS]).float()
        upright = pose.new_tensor([1.0, 0.0, 0.0])  # two metres fill the crop, in its middle
        camera = upright + self.read_camera(told[:, BODY_JOINTS + 1]).float()
        with torch.autocast(cameras.device.type, enabled=False):
            rotations = six_to_rotation(pose)
            points = self.body.points(in_world(rotations, cameras), betas)
            place = placed(camera, projections)
            return MeshPrediction(rotations, betas, points - points[:, :1] + place[:, None])

    def losses(self, prediction: MeshPrediction, batch: Batch) -> dict[str, Tensor]:
        """Return the terms; frames that are not valid cost nothing."""
        truth = per_view(batch, len(prediction.points) // len(batch["keypoints"]))
        seen, cameras, joints = truth["frame_valid"], truth["rotations"], self.joints
        turned = body_rotations(truth)
        betas = truth["betas"][:, None].expand(-1, turned.shape[1], -1)
        wanted = self.body.points(turned, betas)[..., joints:, :] - self.body.points(turned, betas)[..., :1, :]
        wanted_rotations = torch.cat([(cameras @ turned[:, :, 0])[:, :, None], turned[:, :, 1:]], dim=2)
        found = prediction.points - prediction.points[:, :, :1]
        true_joints = truth["keypoints"][:, :, :joints] - truth["keypoints"][:, :, :1]
        in_picture = project(prediction.points[:, :, :joints], truth["projections"])
        apart = 0.5 * (in_picture - truth["keypoints_2d"][:, :, :joints]).abs().sum(dim=-1)
        confidence = 0.5 * truth["visibility"][:, :, :joints]
        off_joints, off_markers = found[:, :, :joints] - true_joints, found[:, :, joints:] - wanted
        terms = {
            "pose": (prediction.rotations - wanted_rotations).square().sum(dim=(-3, -2, -1)),
            "shape": (prediction.betas - betas).square().sum(dim=-1),
            "joints": (off_joints @ cameras.mT).abs().sum(dim=(-2, -1)),
            "markers": (off_markers @ cameras.mT).abs().sum(dim=(-2, -1)),
            "joints_2d": (confidence * apart).sum(dim=-1),
        }
        return weighed({name: masked_mean(term, seen) for name, term in terms.items()}, asdict(self.weights))

    def estimate(self, stretch: Stretch, stage: str, window: int) -> Estimate:  # noqa: ARG002
        """Return the body of each picture of the first view; the stretch needs no labels."""
        return self.refined(stretch, 0)

    def refined(self, stretch: Stretch, steps: int) -> Estimate:
        """Return the body of each picture of the first view, its queries moved so many steps towards keypoints."""
        return self.estimate_of(self.bodies(view_of(stretch.batch, 0, stretch.detected), steps), stretch)

    def bodies(self, pictures: Batch, steps: int) -> MeshPrediction:
        """Return the body (T, ...) of each picture of a view, as `view_of` gives it."""
        starts = range(0, len(pictures["crops"]), PICTURES_AT_ONCE)
        some = ({name: value[n : n + PICTURES_AT_ONCE] for name, value in pictures.items()} for n in starts)
        parts = [self._bodies(few, steps) for few in some]
        return MeshPrediction(*(torch.cat(part) for part in zip(*parts, strict=True)))

    def _bodies(self, few: Batch, steps: int) -> MeshPrediction:
        """Return the bodies of some pictures."""
        maps = self.look(few["crops"])
        queries, read = self.queries_of(maps), partial(self._read_few, maps, few)
        first = read(queries)
        if not steps:
            return first

        def cost(asked: Tensor) -> Tensor:
            said = read(asked)
            off = 0.5 * (project(said.points[:, : self.joints], few["projections"]) - few["keypoints_2d"])
            lies = (few["confidence"].square() * off.square().sum(dim=-1)).sum(dim=-1)
            return lies + STAY * (said.rotations - first.rotations).square().mean(dim=(-3, -2, -1))

        return read(moved(cost, queries, steps))

    def _read_few(self, maps: list[Tensor], few: Batch, queries: Tensor) -> MeshPrediction:
        return self.read(maps, queries, few["rotations"], few["projections"])

    def estimate_of(self, said: MeshPrediction, stretch: Stretch) -> Estimate:
        """Return predictions (T, ...) of the first view as an estimate, which tells nothing of the skeleton."""
        turned = in_world(said.rotations, stretch.batch["rotations"][0, 0])
        frames, definition = len(turned), self.skeleton.definition
        unknown = said.points.new_full((), torch.nan)
        angles = unknown.expand(frames, len(definition.coordinate_names))
        scales = unknown.expand(frames, self.joints, 3)
        joints, markers = said.points[:, : self.joints], said.points[:, self.joints :]
        return Estimate(angles, scales, markers, body=turned, joints=joints, betas=said.betas)

    def baselines(self) -> dict[str, Callable[[Stretch], Estimate]]:
        """Return itself, refined."""
        return {REFINED.format(steps): partial(self.refined, steps=steps) for steps in self.shape.refined}

    def tally(self, device: str) -> MeshTally:
        """Return what counts its metrics: joints, markers and the mesh."""
        return MeshTally(self.skeleton, device, self.body)


def in_world(rotations: Tensor, cameras: Tensor) -> Tensor:
    """Return rotations (F, 22, 3, 3) whose root is in the frame of cameras (F, 3, 3) with the root in the world's."""
    return torch.cat([(cameras.mT @ rotations[:, 0])[:, None], rotations[:, 1:]], dim=1)


def mean_body(labels: ShardDataset) -> tuple[Tensor, Tensor]:
    """Return the mean of 21 joints' rotations (21, 6), first two columns, and of betas (10,) over a dataset's clips."""
    sixes, betas = [], []
    for place in labels.clips:
        with h5py.File(place.shard, "r") as file:
            clip = file["clips"][place.clip_id]
            vectors = torch.from_numpy(own_array(clip, "smplx/body_pose")).reshape(-1, BODY_JOINTS - 1, 3)
            betas.append(own_array(clip, "smplx/betas"))
        sixes.append(vector_to_rotation(vectors)[..., :2].mT.flatten(-2))
    return torch.cat(sixes).mean(dim=0), torch.from_numpy(np.mean(betas, axis=0))


def make(shape: Shape, weights: Weights, stats: CoordinateStats, skeleton: DatasetSkeleton) -> MqHmr:
    """Return the untrained network."""
    return MqHmr(shape, weights, stats, skeleton)


AUGMENT = Augment(shift=0.02, stretch=0.3, rotation_deg=30.0, rotated=0.6, flip=0.5, recolour=True)
TINY = Shape(backbone="vit_tiny", width=64, factors=(1, 2, 4), queries=24, layers=2, heads=4, hidden=192)
PRESETS = {
    "mqhmr": Preset(
        Shape(), Weights(), crop=256, aspect=0.75, augment=AUGMENT, precision="bf16",
        phases=(Phase("picture", 1, 24, 1e-5, 1e-5, steps=100_000, schedule="constant"),),  # 48 pictures of two views
    ),
    "mqhmr_tiny": Preset(
        TINY, Weights(), crop=64, aspect=0.75, augment=AUGMENT,
        phases=(Phase(
            "picture", 4, 4, 2e-3, 2e-5, steps=60, warmup=50, optimizer="adamw", weight_decay=1e-4, clip_norm=1.0
        ),),
    ),
}  # fmt: skip
