"""From mesh vertices to the skeleton's joint centres: a sparse regressor that follows shape and pose.

Where SMPL's skeleton and an OpenSim model differ, neither is fitted to the other joint by joint: each OpenSim joint
centre becomes a convex combination of vertices around it (Keller et al. 2023, section 4), which holds for any body.

It is learnt from meshes that follow the skeleton's markers, not from those that led them: where the skeleton could
not follow, a shrugged shoulder say, the joint centre's distance from the leading mesh says nothing about anatomy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kinesynth.body.model import BodyModel, SmplxPose, load_body
from kinesynth.body.virtual_markers import MarkerLayout
from kinesynth.errors import BadInput
from kinesynth.file_names import takes_file_names
from kinesynth.fitting.convex_weights import convex_weights
from kinesynth.fitting.paired_stages import Shard, pairs, read_shards
from kinesynth.fitting.pose_fit import FitTargets, follow, marker_layout, shared_betas, smplx_arrays
from kinesynth.mosh.points import BodyState, Mixture
from kinesynth.npz import open_npz, write_npz
from kinesynth.records import Kinematics
from kinesynth.stage_file import Clip, progress

SHIPPED = Path(__file__).with_name("tables") / "free_body_regressor.npz"
_FIX = "train one for this body with kinesynth joint-regressor"
_WELL_FOLLOWED_M = 0.015  # RMS of the markers in a frame from which joint centres can be learnt
_MAX_FRAMES = 800  # posed meshes held in memory: 130 MB
_CANDIDATES = 256
_REACH = 4.0  # times the distance from a joint centre to the skin, so that candidates lie all around it
_MIN_REACH_M = 0.08
_NOISE_M, _NOISE_PER_METRE = 0.003, 0.05  # how much a vertex strays in unseen bodies, the more the further away


@dataclass(frozen=True)
class JointRegressor:
    """Joint centres of B bodies as mixtures of a mesh's vertices.

    Attributes:
        body_names: of the bodies.
        mixture: each one's vertices and weights.
        heldout_error_m: mean error (B,) on held-out frames, m.
        n_vertices: of the mesh that it belongs to.
    """

    body_names: list[str]
    mixture: Mixture
    heldout_error_m: np.ndarray
    n_vertices: int

    def joints(self) -> dict[str, Mixture]:
        """Return each body's joint centre by the body's name."""
        rows = zip(self.mixture.indices[:, None], self.mixture.weights[:, None], strict=True)
        return {name: Mixture(*row) for name, row in zip(self.body_names, rows, strict=True)}


@dataclass(frozen=True)
class _Samples:
    """F posed meshes `vertices` (F, N, 3), the joint centres (F, B, 3), and each frame's subject and clip."""

    vertices: np.ndarray
    centres: np.ndarray
    subject: np.ndarray
    clip: np.ndarray

    def __getitem__(self, frames: np.ndarray) -> "_Samples":
        return _Samples(self.vertices[frames], self.centres[frames], self.subject[frames], self.clip[frames])


@takes_file_names
def joint_regressor(
    *,
    body: Path,
    motion: list[Path],
    ik: list[Path],
    output: Path,
    heldout_share: float = 0.25,
    vertices_per_joint: int = 32,
    marker_vertices: Path | None = None,
) -> None:
    """Train the regressor of the skeleton's joint centres from the mesh.

    Args:
        body: body model, in SMPL-X's npz schema.
        motion: motion files of the training shards.
        ik: inverse-kinematics files of the same shards, in the same order.
        output: the regressor, an npz file.
        heldout_share: fraction of the subjects (of the clips, of the frames where there are too few) kept for the test.
        vertices_per_joint: the most vertices that a joint centre may be mixed from.
        marker_vertices: the user's own marker table, where the virtual markers were placed by one.

    Raises:
        BadInput: the shards do not match or deliver no frame.
    """
    model = load_body(body)
    shards = read_shards(motion, ik)
    body_names = list(shards[0][1].attrs["body_names"])
    samples = _sample(model, marker_layout(model, marker_vertices), shards, ik[0])
    test = _held_out(samples, heldout_share)
    mixture = _train(samples[~test], body_names, vertices_per_joint)
    error = np.linalg.norm(mixture.of(samples.vertices[test]) - samples.centres[test], axis=-1).mean(0)
    write_regressor(output, JointRegressor(body_names, mixture, error, model.n_vertices))


@takes_file_names
def shipped_regressor(*, body: Path, output: Path) -> None:
    """Write the free body's regressor, which comes with the package: no shard has to be solved before it is there.

    It was trained by `tools/shipped/regressor.py` on many people in poses from all over the ranges of their joints.

    Args:
        body: the free body.
        output: the regressor, an npz file.

    Raises:
        BadInput: the body is another one.
    """
    regressor = read_regressor(SHIPPED)
    check_body(regressor, load_body(body), SHIPPED)
    write_regressor(output, regressor)


def write_regressor(path: Path, regressor: JointRegressor) -> None:
    """Write a regressor for `read_regressor`."""
    arrays = {
        "body_names": np.array(regressor.body_names),
        "indices": regressor.mixture.indices,
        "weights": regressor.mixture.weights,
        "heldout_error_m": regressor.heldout_error_m,
        "n_vertices": np.array(regressor.n_vertices),
    }
    write_npz(path, arrays)


def read_regressor(path: Path) -> JointRegressor:
    """Read what `write_regressor` wrote.

    Raises:
        BadInput: the file is missing or not a regressor.
    """
    expected = "an npz file with body_names, indices, weights, heldout_error_m, n_vertices"
    try:
        with open_npz(path, expected, _FIX) as file:
            mixture = Mixture(file["indices"], file["weights"])
            return JointRegressor(
                file["body_names"].tolist(), mixture, file["heldout_error_m"], int(file["n_vertices"])
            )
    except KeyError as error:
        raise BadInput(path, str(error.args[0]), "no such array", expected, _FIX) from error


def check_body(regressor: JointRegressor, body: BodyModel, path: Path) -> None:
    """Require that a regressor, read from `path`, is of a body's mesh.

    Raises:
        BadInput: it is of another one.
    """
    if regressor.n_vertices != body.n_vertices:
        found, expected = f"{regressor.n_vertices} vertices", f"{body.n_vertices} as in {body.path}"
        raise BadInput(path, "n_vertices", found, expected, _FIX)


def _sample(body: BodyModel, layout: MarkerLayout, shards: Sequence[Shard], source: Path) -> _Samples:
    """Pose at most `_MAX_FRAMES` meshes, spread evenly over all clips, so that their markers meet the skeleton's.

    Frames that the skeleton could not follow tell nothing about where its joints belong, and are left out.
    """
    aims = FitTargets.of(body, layout, {}, shards[0][1].attrs, source)
    n_frames = sum(len(Kinematics.of(clip).keypoints) for _, solved in shards for clip in solved.clips.values())
    if not n_frames:
        raise BadInput(source, "clips", "none, nor in any other", "at least one", "see the reasons under /rejected")
    stride = -(-n_frames // _MAX_FRAMES)
    parts = []
    for shard in progress(shards, "joint_regressor: posing"):
        if found := pairs(shard):
            betas, _ = shared_betas(aims, body, found)
            parts += [_pose(body, follow(aims, body, betas, *pair, stride), *pair, stride) for pair in found]
    fields = ("vertices", "centres", "subject", "clip")
    samples = _Samples(*(np.concatenate([getattr(part, name) for part in parts]) for name in fields))
    if not len(samples.centres):
        expected = f"frames of at most {1e3 * _WELL_FOLLOWED_M:.0f} mm marker RMS"
        raise BadInput(source, "marker_error_rms", "none, nor in any other file", expected, "check the scaling")
    return samples


def _pose(body: BodyModel, state: BodyState, moved: Clip, solved: Clip, stride: int) -> _Samples:
    """Pose the mesh of a fitted clip, fingers and all, in the frames that the skeleton followed."""
    hands = {name: moved.arrays[name][::stride] for name in ("left_hand_pose", "right_hand_pose")}
    vertices, _ = body.pose(SmplxPose.from_arrays(smplx_arrays(state) | hands))
    kinematics = Kinematics.of(solved)
    keypoints = kinematics.keypoints[::stride]
    centres = keypoints[:, : keypoints.shape[1] // 2]
    subject, clip = (np.full(len(centres), name) for name in (moved.attrs["subject"], moved.clip_id))
    followed = kinematics.marker_error_rms[::stride] <= _WELL_FOLLOWED_M
    return _Samples(vertices.astype(np.float32), centres, subject, clip)[followed]


def _held_out(samples: _Samples, fraction: float) -> np.ndarray:
    """Return which frames (F,) to test on: whole subjects, else whole clips, else the last frames.

    Frames of one clip resemble each other, and clips of one subject share a shape: the coarsest unit that is
    plentiful enough for the fraction asks most of the regressor.
    """
    for unit in (samples.subject, samples.clip):
        names = np.unique(unit)
        if (held := int(fraction * len(names))) > 0:
            return np.isin(unit, names[-held:])
    n_frames = len(samples.centres)
    return np.arange(n_frames) >= n_frames - max(1, int(fraction * n_frames))


def _train(samples: _Samples, body_names: Sequence[str], max_count: int) -> Mixture:
    indices = np.zeros((len(body_names), max_count), dtype=np.int64)
    weights = np.zeros((len(body_names), max_count))
    for row, _ in enumerate(progress(body_names, "joint_regressor: training")):
        chosen, fraction = _train_joint(samples.vertices, samples.centres[:, row], max_count)
        indices[row, : len(chosen)], weights[row, : len(chosen)] = chosen, fraction
    return Mixture(indices, weights)


def _train_joint(vertices: np.ndarray, centre: np.ndarray, max_count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the vertices, in ascending order, and the weights that give one joint centre (F, 3)."""
    # A vertex that is far away in any frame, a hand that swings past the hip say, does not move with the joint.
    furthest = np.linalg.norm(vertices - centre[:, None].astype(np.float32), axis=-1).max(0)
    reach = max(_MIN_REACH_M, _REACH * float(furthest.min()))
    near = np.argsort(furthest, kind="stable")[: max(max_count, int((furthest <= reach).sum()))]
    candidates = np.sort(near[_spread(vertices[0, near], _CANDIDATES)])
    offsets = vertices[:, candidates] - centre[:, None]
    noise = _NOISE_M + _NOISE_PER_METRE * np.linalg.norm(offsets, axis=-1).mean(0)
    weights = convex_weights(offsets, noise, max_count)
    used = np.flatnonzero(weights)
    return candidates[used], weights[used]


def _spread(positions: np.ndarray, max_count: int) -> np.ndarray:
    """Return indices of at most `max_count` positions (N, 3), each as far as can be from those before it."""
    chosen = [0]
    distance = np.linalg.norm(positions - positions[0], axis=1)
    while len(chosen) < min(max_count, len(positions)):
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, np.linalg.norm(positions - positions[chosen[-1]], axis=1))
    return np.array(chosen)
