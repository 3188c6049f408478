"""Fits the body's pose and shape to the skeleton's joint centres and markers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import torch
from scipy.spatial.transform import Rotation
from torch import Tensor

from kinesynth.body.model import BodyModel, SmplxPose
from kinesynth.body.virtual_markers import MarkerLayout, read_marker_vertices, resolve_markers
from kinesynth.errors import BadInput
from kinesynth.geometry.exponential_map import exponential
from kinesynth.mosh.points import BODY, BodyState, Mixture, SkinnedPoints
from kinesynth.mosh.solve import Weights, solve_pose, solve_shape
from kinesynth.pose_layout import WITH_FACE
from kinesynth.records import Kinematics
from kinesynth.stage_file import Attributes, Clip

_SHAPE_FRAMES = 32  # from all clips together; more change betas by less than their uncertainty


@dataclass(frozen=True)
class FitTargets:
    """Points of the mesh, and the rows of a clip's markers and joint centres that they are fitted to."""

    points: SkinnedPoints
    markers: list[int]
    centres: list[int]

    @classmethod
    def of(
        cls, body: BodyModel, layout: MarkerLayout, joints: Mapping[str, Mixture], skeleton: Attributes, source: Path
    ) -> Self:
        """Match the layout's markers and the regressed `joints` with the names in `skeleton`, read from `source`.

        Raises:
            BadInput: no marker is known to both, or the skeleton lacks a joint's body.
        """
        markers, bodies = list(skeleton["marker_names"]), list(skeleton["body_names"])
        shared = [row for row, name in enumerate(layout.names) if name in markers]
        if not shared:
            expected = f"{', '.join(layout.names[:3])} and others"
            raise BadInput(source, "marker_names", "none of the layout's markers", expected, "use one layout for all")
        if unknown := joints.keys() - set(bodies):
            raise BadInput(source, "body_names", f"no {min(unknown)}", "the regressor's bodies", "train it again")
        mixture = Mixture(layout.vertices[shared], layout.weights[shared])
        for joint in joints.values():
            mixture += joint
        return cls(
            SkinnedPoints.from_layer(body.layer, mixture),
            [markers.index(layout.names[row]) for row in shared],
            [bodies.index(name) for name in joints],
        )

    def targets(self, solved: Clip) -> Tensor:
        """Return the points (T, P, 3) of a clip after inverse kinematics, NaN where a marker is missing."""
        kinematics = Kinematics.of(solved)
        points = kinematics.markers[:, self.markers], kinematics.keypoints[:, self.centres]
        return torch.from_numpy(np.concatenate(points, 1))

    def residual(self, state: BodyState, targets: Tensor) -> np.ndarray:
        """Return the mean distance (T,) over the known points of each frame, in metres, NaN where none is known."""
        distance: np.ndarray = (self.points.points(state) - targets).norm(dim=-1).nanmean(1).numpy()
        return distance


def marker_layout(body: BodyModel, marker_vertices: Path | None) -> MarkerLayout:
    """Return the layout by anatomical rule, or the user's own."""
    return resolve_markers(body) if marker_vertices is None else read_marker_vertices(marker_vertices, body)


def shared_betas(aims: FitTargets, body: BodyModel, pairs: Sequence[tuple[Clip, Clip]]) -> tuple[Tensor, Tensor]:
    """Fit one shape (S,) to frames spread evenly over clips of one subject: (motion, inverse kinematics).

    Returns:
        the shape, and how far the points of those frames then lie from their targets (F, P) m, NaN where unknown.
    """
    states = [state_of(body, moved) for moved, _ in pairs]
    targets = torch.cat([aims.targets(solved) for _, solved in pairs])
    rotations, transl = (torch.cat([getattr(state, name) for state in states]) for name in ("rotations", "transl"))
    together = BodyState.at(rotations, transl, states[0].betas)
    frames = slice(None, None, -(-len(targets) // _SHAPE_FRAMES))
    fitted = solve_shape(aims.points, together[frames], targets[frames], Weights())
    return fitted.betas, (aims.points.points(fitted) - targets[frames]).norm(dim=-1)


def follow(aims: FitTargets, body: BodyModel, betas: Tensor, moved: Clip, solved: Clip, stride: int = 1) -> BodyState:
    """Fit the pose of every `stride`-th frame of a clip."""
    frames = slice(None, None, stride)
    start = replace(state_of(body, moved), betas=betas)[frames]
    return solve_pose(aims.points, start, aims.targets(solved)[frames], Weights(), moved.fps / stride)


def state_of(body: BodyModel, clip: Clip) -> BodyState:
    """Return a clip's motion as rotations, jaw and eyes at rest."""
    pose = SmplxPose.from_clip(clip)
    full = torch.from_numpy(WITH_FACE.joined(**pose.arrays)) + body.layer.pose_mean
    rotations = exponential(full.reshape(len(pose), -1, 3))
    return BodyState.at(rotations, torch.from_numpy(pose.transl), torch.from_numpy(pose.betas))


def smplx_arrays(state: BodyState) -> dict[str, np.ndarray]:
    """Return what the fit changes of a clip's SMPL-X parameters."""
    rotations, transl = state.corrected()
    turns = Rotation.from_matrix(rotations[:, BODY].reshape(-1, 3, 3).numpy()).as_rotvec()
    turns = turns.reshape(-1, 3 * len(BODY))
    body = {"global_orient": turns[:, :3], "body_pose": turns[:, 3:], "transl": transl.numpy()}
    return {"betas": state.betas.numpy(), **body}
