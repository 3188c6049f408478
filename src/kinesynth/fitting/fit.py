"""MoSh-style fitting: the body whose markers and joint centres sit on the skeleton's.

After inverse kinematics the mesh that made the markers and the skeleton that followed them differ by as much as the
skeleton cannot follow. Here the mesh follows the skeleton, so that what a camera sees agrees with the labels: first
the shape, from frames of all clips of the shard, then the pose of every frame (Loper 2014, Mahmood 2019).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from scipy.spatial.transform import Rotation
from torch import Tensor

from kinesynth.body.markers import resolve_markers
from kinesynth.body.model import BodyModel, SmplxPose, load_body
from kinesynth.errors import BadInput, ClipRejected
from kinesynth.fitting.points import N_POSED, BodyState, Mixture, SkinnedPoints
from kinesynth.fitting.regressor import JointRegressor, read_regressor
from kinesynth.fitting.rotations import exponential
from kinesynth.fitting.solve import Weights, fit_pose, fit_shape
from kinesynth.stage_file import Clip, StageFile, process_clips, read_stage

_SHAPE_FRAMES = 32  # from all clips together; more change betas by less than their uncertainty


@dataclass(frozen=True)
class _Targets:
    """What the mesh shall meet: its points, and which of a clip's markers and joint centres they belong to."""

    points: SkinnedPoints
    markers: list[int]
    centres: list[int]

    def of(self, clip: Clip) -> Tensor:
        """Return the targets (T, P, 3) of a clip after inverse kinematics, NaN where a marker is missing."""
        markers, keypoints = clip.arrays["markers"], clip.arrays["keypoints"]
        return torch.from_numpy(np.concatenate([markers[:, self.markers], keypoints[:, self.centres]], 1))


def fit_body(
    *,
    body: Path,
    motion: Path,
    ik: Path,
    regressor: Path,
    max_residual_m: float = 0.05,
    output: Path,
) -> None:
    """Fit shape and pose of the body model to the skeleton's markers and joint centres.

    The hands keep the motion's pose: the skeleton has no fingers.

    Args:
        body: body model, in SMPL-X's npz schema.
        motion: motion file of the shard, where the fit starts.
        ik: inverse-kinematics file of the shard, whose markers and joint centres are met.
        regressor: joint regressor of the body model.
        max_residual_m: mean distance of a clip's markers and joint centres above which it is rejected, in metres.
        output: the fitted motion, with the residual of each frame.

    Raises:
        BadInput: markers or bodies of the skeleton are unknown to the body model's layout or to the regressor.
    """
    model = load_body(body)
    moved, solved = read_stage(motion), read_stage(ik)
    targets = _targets(model, read_regressor(regressor), solved, ik)
    betas = _shared_betas(model, targets, moved.clips, solved.clips)

    def fit_clip(before: Clip, skeleton: Clip) -> Clip:
        start = replace(_state(model, before), betas=betas)
        goals = targets.of(skeleton)
        result = fit_pose(targets.points, start, goals, Weights(), float(before.attrs["fps"]))
        residual = _residual(targets.points, result, goals)
        mean = float(np.nanmean(residual))
        if not mean <= max_residual_m:
            raise ClipRejected("mesh does not meet the skeleton", mean, f"{1000 * mean:.0f} mm on average")
        return Clip(before.clip_id, {**before.arrays, **_smplx_arrays(result), "residual": residual}, before.attrs)

    process_clips("fit_body", [motion, ik], output, fit_clip, moved.attrs)


def _targets(model: BodyModel, regressor: JointRegressor, solved: StageFile, ik: Path) -> _Targets:
    layout = resolve_markers(model)
    rows = {name: row for row, name in enumerate(solved.attrs["marker_names"])}
    common = [name for name in layout.names if name in rows]
    if not common:
        raise BadInput(ik, "marker_names", "none of the layout's", ", ".join(layout.names[:3]) + " ...", "run ik again")
    bodies = list(solved.attrs["body_names"])
    if unknown := set(regressor.body_names) - set(bodies):
        raise BadInput(ik, "body_names", f"no {min(unknown)}", "the regressor's bodies", "train the regressor again")
    chosen = [layout.names.index(name) for name in common]
    mixture = Mixture(layout.indices[chosen], layout.weights[chosen]) + regressor.mixture
    points = SkinnedPoints.from_layer(model.layer, mixture)
    return _Targets(points, [rows[name] for name in common], [bodies.index(name) for name in regressor.body_names])


def _shared_betas(model: BodyModel, targets: _Targets, moved: Mapping[str, Clip], solved: Mapping[str, Clip]) -> Tensor:
    """Fit one shape to frames spread evenly over all clips of the shard."""
    common = [name for name in moved if name in solved]
    if not common:
        return torch.empty(0)
    states = [_state(model, moved[name]) for name in common]
    goals = torch.cat([targets.of(solved[name]) for name in common])
    together = BodyState(
        torch.cat([state.rotations for state in states]),
        torch.cat([state.transl for state in states]),
        torch.cat([state.correction for state in states]),
        states[0].betas,
    )
    stride = slice(None, None, -(-len(goals) // _SHAPE_FRAMES))
    return fit_shape(targets.points, together[stride], goals[stride], Weights()).betas


def _state(model: BodyModel, clip: Clip) -> BodyState:
    """Return a clip's motion as rotations, jaw and eyes at rest."""
    pose = SmplxPose.from_clip(clip)
    n_frames = len(pose.transl)
    rest = np.zeros((n_frames, 9))
    turns = [pose.global_orient, pose.body_pose, rest, pose.left_hand_pose, pose.right_hand_pose]
    full = torch.from_numpy(np.concatenate(turns, 1)) + model.layer.pose_mean
    zero = torch.zeros(n_frames, 3 * N_POSED + 3, dtype=torch.float64)
    rotations = exponential(full.reshape(n_frames, -1, 3))
    return BodyState(rotations, torch.from_numpy(pose.transl), zero, torch.from_numpy(pose.betas))


def _smplx_arrays(state: BodyState) -> dict[str, np.ndarray]:
    rotations, transl = state.corrected()
    turns = Rotation.from_matrix(rotations[:, :N_POSED].reshape(-1, 3, 3).numpy()).as_rotvec()
    turns = turns.reshape(-1, 3 * N_POSED)
    body = {"global_orient": turns[:, :3], "body_pose": turns[:, 3:], "transl": transl.numpy()}
    return {"betas": state.betas.numpy(), **body}


def _residual(points: SkinnedPoints, state: BodyState, targets: Tensor) -> np.ndarray:
    """Return the mean distance (T,) over the known points of each frame, in metres, NaN where none is known."""
    distance: np.ndarray = (points.points(state) - targets).norm(dim=-1).nanmean(1).numpy()
    return distance
