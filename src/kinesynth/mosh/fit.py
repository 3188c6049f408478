"""Fits a body to measured markers: a subject's shape and marker positions, then the pose of every frame.

As in MoSh++ (Mahmood et al. 2019): stage 1 solves for the shape, the latent places of the markers and the poses of
some frames together; markers slide along the skin, held to their landmarks as firmly as their labels deserve. Markers
with unknown labels join after a first fit, on the skin to which they stay nearest. Stage 2 solves for the pose of every
frame.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from scipy.spatial.transform import Rotation, Slerp
from torch import Tensor

from kinesynth.body.model import BodyModel, SmplxPose
from kinesynth.body.schema import BETAS
from kinesynth.errors import ClipRejected
from kinesynth.geometry.mesh import vertex_normals
from kinesynth.geometry.rigid_fit import rigid_fit
from kinesynth.markers.labels import known
from kinesynth.markers.screening import MIN_KNOWN, listed
from kinesynth.mosh.attachment import Attachment, at_landmarks, at_nearest
from kinesynth.mosh.initial_pose import STANDING, STARTS, pose_of, re_based, stiffness
from kinesynth.mosh.on_skin import off_skin
from kinesynth.mosh.points import BODY, BODY_AND_FINGERS, BodyState, SkinnedPoints
from kinesynth.mosh.solve import Weights, solve_pose, solve_shape
from kinesynth.opensim_files.trc import MarkerTrajectories
from kinesynth.pose_layout import WITH_FACE
from kinesynth.skeleton.trunk import TRUNK_BODIES

_HIDDEN = "too few markers are seen at once"
_MIN_ON_FINGERS = 4.0  # markers' worth of skin; those on knuckles ride on fingers a little
_SHAPE_FRAMES = 24
# Of the markers that the fullest frame shows: part of a set tells less than the whole of how slim somebody is, but many
# poses tell best where markers sit.
_MIN_OF_FULLEST = {"shape": 0.8, "places": 2.0 / 3.0}
_ROUNDS = 3
_KEYFRAMES_HZ = 8.0
_ROBUST_SCALES_M = (0.5, 0.1)  # first no marker is given up, then those that stay far off
_TRUNK = (*TRUNK_BODIES, "pelvis")
"""The bodies whose markers tell where the trunk is."""


@dataclass(frozen=True)
class MarkedSubject:
    """A subject and the markers on it.

    Attributes:
        body: the body model.
        betas: (10,) its shape.
        attachment: the M markers.
        latents: (M, 3) m, from the markers' points on the skin, in the rest pose.
        trunk: which markers (M,) ride on trunk or pelvis.
        left_out: why points of unknown labels are no markers on this body.
    """

    body: BodyModel
    betas: Tensor
    attachment: Attachment
    latents: Tensor
    trunk: np.ndarray
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done on assumption, one line each."""
        return (f"left out {listed(self.left_out)}",) if self.left_out else ()

    @property
    def points(self) -> SkinnedPoints:
        """The markers' feet, which carry them."""
        return SkinnedPoints.from_layer(self.body.layer, self.attachment.feet)

    @property
    def has_fingers(self) -> bool:
        """Whether fingers are marked."""
        on_fingers = self.points.fraction[self.points.bone >= BODY_AND_FINGERS[len(BODY)]]
        return float(on_fingers.sum()) > _MIN_ON_FINGERS

    @property
    def posed(self) -> tuple[int, ...]:
        """The joints that the markers can turn."""
        return BODY_AND_FINGERS if self.has_fingers else BODY

    def columns(self, trial: MarkerTrajectories) -> Tensor:
        """Return the trial's positions (T, M, 3) of these markers, NaN where it has none."""
        return columns(trial, self.attachment.names)


def columns(trial: MarkerTrajectories, names: Sequence[str]) -> Tensor:
    """Return a trial's positions (T, M, 3) of the markers named, NaN where it has none."""
    at = {name: column for column, name in enumerate(trial.names)}
    missing = np.full((len(trial.positions), 3), np.nan)
    return torch.from_numpy(np.stack([trial.positions[:, at[name]] if name in at else missing for name in names], 1))


def dress(
    body: BodyModel,
    trials: list[MarkerTrajectories],
    betas: np.ndarray | None = None,
    likely: np.ndarray | None = None,
) -> MarkedSubject:
    """Find the shape of a subject and where its markers sit (stage 1), from frames spread over its `trials`.

    Args:
        body: the body model.
        trials: upright trials of one subject, markers named alike.
        betas: the shape where it is known already.
        likely: the most probable one where it is not, by default the mean body.

    Raises:
        ClipRejected: no frame shows enough markers.
    """
    names = list(dict.fromkeys(name for trial in trials for name in trial.names))
    labels = known(names, {name: place for trial in reversed(trials) for name, place in trial.places.items()})
    landmarks, bodies = at_landmarks(body, labels)
    start = next((each for each in (betas, likely) if each is not None), np.zeros(BETAS))
    latents = landmarks.placement(body, start).means
    trunk = np.array([carrier in _TRUNK for carrier in bodies])
    marked = MarkedSubject(body, torch.as_tensor(start), landmarks, latents, trunk)
    fraction = -(-_SHAPE_FRAMES // len(trials))
    full = _MIN_OF_FULLEST["shape" if betas is None else "places"]
    frames = [_some_frames(trial, marked, fraction, full) for trial in trials]
    if not any(len(trial.positions) for trial in frames):
        raise ClipRejected(_HIDDEN, detail=f"fewer than {MIN_KNOWN} known ones in every frame")
    stiff = Weights(shape=1e-3 if betas is None else 1e6, prior=stiffness(marked.posed))
    marked, state = _refined(marked, first_poses(marked, _targets(marked, frames)), frames, stiff)
    if unknown := [name for name in names if name not in labels]:
        joined = _with_unknown(marked, state, frames, unknown)
        if len(joined.attachment.names) == len(marked.attachment.names):
            return joined
        marked, _ = _refined(joined, replace(state, latents=joined.latents), frames, stiff)
    return marked


def follow_markers(marked: MarkedSubject, trial: MarkerTrajectories) -> BodyState:
    """Find the pose of every frame of an upright trial (stage 2).

    Frames some way apart are solved alone, from several starts; between them rotations are interpolated, and then all
    frames solved together, so that frames without markers are bridged.

    Raises:
        ClipRejected: no frame shows enough markers.
    """
    targets = marked.columns(trial)
    stride = max(1, round(trial.fps / _KEYFRAMES_HZ))
    keys = np.flatnonzero(_well_seen(targets))[::stride]
    if not len(keys):
        raise ClipRejected(_HIDDEN, float(targets.isfinite().all(-1).sum(-1).max()), f"{MIN_KNOWN} needed")
    start = _between(first_poses(marked, targets[keys]), keys, len(targets))
    weights = Weights(prior=stiffness(marked.posed))
    return solve_pose(marked.points, re_based(start, pose_of(STANDING)), targets, weights, trial.fps)


def marker_distance(marked: MarkedSubject, state: BodyState, trial: MarkerTrajectories) -> np.ndarray:
    """Return how far (T, M) m the body's markers lie from a trial's, NaN where one was not seen."""
    distance: np.ndarray = (marked.points.points(state) - marked.columns(trial)).norm(dim=-1).numpy()
    return distance


def first_poses(marked: MarkedSubject, targets: Tensor) -> BodyState:
    """Find the poses of frames (T, M, 3) m alone: the trunk laid on its markers, the limbs from several starts."""
    points, n_frames = marked.points, len(targets)
    prior = stiffness(marked.posed)
    states = [re_based(_laid_on(marked, pose_of(limbs), targets), pose_of(STANDING)) for limbs in STARTS]
    rotations, transl, correction = (
        torch.cat([getattr(state, name) for state in states]) for name in ("rotations", "transl", "correction")
    )
    tried = replace(states[0], rotations=rotations, transl=transl, correction=correction)
    repeated = targets.repeat(len(STARTS), 1, 1)
    for scale in _ROBUST_SCALES_M:
        tried = solve_pose(points, tried, repeated, Weights(robust_scale_m=scale, prior=prior), fps=0.0)
    squared = (points.points(tried) - repeated).square().sum(-1).nan_to_num(0.0)
    bounded = squared / (_ROBUST_SCALES_M[-1] ** 2 + squared)
    best = bounded.sum(-1).reshape(len(STARTS), n_frames).argmin(0)
    chosen = best * n_frames + torch.arange(n_frames)
    return tried[chosen]


def smplx_pose(state: BodyState, body: BodyModel) -> SmplxPose:
    """Return a state's SMPL-X parameters."""
    rotations, transl = state.corrected()
    turns = Rotation.from_matrix(rotations.reshape(-1, 3, 3).numpy()).as_rotvec().reshape(len(transl), -1)
    turns = turns - body.layer.pose_mean.numpy()
    return SmplxPose(state.betas.numpy(), **WITH_FACE.split(turns), transl=transl.numpy())


def _some_frames(trial: MarkerTrajectories, marked: MarkedSubject, max_count: int, full: float) -> MarkerTrajectories:
    """Return so many frames of a trial, spread evenly over those that show that fraction of what the fullest one shows.

    Where these leave out markers that another frame shows, the frame that shows most markers joins them.
    """
    targets = marked.columns(trial)
    shown = targets.isfinite().all(-1).numpy()
    counts = np.where(_well_seen(targets), shown.sum(axis=1), 0)
    fullest = int(counts.argmax())
    seen = np.flatnonzero(counts >= max(full * counts[fullest], 1.0))
    chosen = seen[:: max(1, -(-len(seen) // max_count))]
    if (shown[fullest] & ~shown[chosen].any(axis=0)).any():
        chosen = np.append(chosen, fullest)
    return replace(trial, positions=trial.positions[chosen])


def _well_seen(targets: Tensor) -> np.ndarray:
    """Return which frames (T,) show enough markers to hold a body."""
    seen: np.ndarray = (targets.isfinite().all(-1).sum(-1) >= MIN_KNOWN).numpy()
    return seen


def _targets(marked: MarkedSubject, trials: list[MarkerTrajectories]) -> Tensor:
    return torch.cat([marked.columns(trial) for trial in trials])


def _refined(
    marked: MarkedSubject, state: BodyState, trials: list[MarkerTrajectories], weights: Weights
) -> tuple[MarkedSubject, BodyState]:
    """Solve for shape, latents and poses, and let the markers slide to the skin below them, round by round."""
    targets = _targets(marked, trials)
    for _ in range(_ROUNDS):
        placement = marked.attachment.placement(marked.body, marked.betas.numpy())
        state = solve_shape(marked.points, state, targets, weights, placement)
        attachment, latents = marked.attachment.slid(marked.body, state.betas.numpy(), _latents(state))
        marked = replace(marked, betas=state.betas, attachment=attachment, latents=latents)
        state = replace(state, latents=latents)
    return marked, state


def _with_unknown(
    marked: MarkedSubject, state: BodyState, trials: list[MarkerTrajectories], names: list[str]
) -> MarkedSubject:
    """Attach markers of unknown labels to the skin that stays nearest to them; leave out those not on it."""
    positions = torch.cat([columns(trial, names) for trial in trials]).numpy()
    vertices, _ = marked.body.pose(smplx_pose(state, marked.body))
    normals = np.stack([vertex_normals(posed, marked.body.faces) for posed in vertices])
    left_out = off_skin(names, positions, _targets(marked, trials).numpy(), vertices, normals, marked.body.faces)
    marked = replace(marked, left_out=left_out)
    kept = [column for column, name in enumerate(names) if name not in left_out]
    if not kept:
        return marked
    names = [names[column] for column in kept]
    added = at_nearest(names, positions[:, kept], vertices)
    latents = torch.cat([marked.latents, added.placement(marked.body, marked.betas.numpy()).means])
    trunk = np.append(marked.trunk, np.zeros(len(names), bool))
    return replace(marked, attachment=marked.attachment + added, latents=latents, trunk=trunk)


def _laid_on(marked: MarkedSubject, limbs: Tensor, targets: Tensor) -> BodyState:
    """Return a body with its limbs (55, 3, 3) as told, whose trunk lies on its markers; all of it where they hide."""
    n_frames, points = len(targets), marked.points
    turned = limbs.expand(n_frames, -1, -1, -1).clone()
    at_origin = torch.zeros(n_frames, 3, dtype=torch.float64)
    state = replace(BodyState.at(turned, at_origin, marked.betas, marked.posed), latents=marked.latents)
    seen = targets.isfinite().all(-1).numpy()
    trunk = seen & marked.trunk
    enough = trunk.sum(axis=1, keepdims=True) >= 4
    turn, shift = rigid_fit(points.points(state[:1])[0].numpy(), targets.numpy(), np.where(enough, trunk, seen))
    pelvis = marked.body.rest_joints(marked.betas.numpy())[0]
    turned[:, 0] = torch.from_numpy(turn)
    return replace(state, rotations=turned, transl=torch.from_numpy(shift - pelvis + turn @ pelvis))


def _between(state: BodyState, at: np.ndarray, n_frames: int) -> BodyState:
    """Return bodies in all frames from those in the frames `at`, rotations along the shortest arcs."""
    rotations, transl = (part.numpy() for part in state.corrected())
    frames = np.clip(np.arange(n_frames), at[0], at[-1])
    if len(at) == 1:
        return state[torch.zeros(n_frames, dtype=torch.long)].settled()
    turned = np.empty((n_frames, *rotations.shape[1:]))
    for joint in range(rotations.shape[1]):
        turned[:, joint] = Slerp(at, Rotation.from_matrix(rotations[:, joint]))(frames).as_matrix()
    shifted = np.stack([np.interp(frames, at, transl[:, axis]) for axis in range(3)], axis=1)
    filled = BodyState.at(torch.from_numpy(turned), torch.from_numpy(shifted), state.betas, state.posed)
    return replace(filled, latents=state.latents)


def _latents(state: BodyState) -> Tensor:
    if state.latents is None:
        raise ValueError("a state that wears markers holds their latent offsets")
    return state.latents
