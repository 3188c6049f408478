"""From mesh vertices to the skeleton's joint centres: a sparse regressor that follows shape and pose.

Where SMPL's skeleton and an OpenSim model differ, neither is fitted to the other joint by joint: each OpenSim joint
centre becomes a convex combination of vertices around it (Keller et al. 2023, section 4), which holds for any body.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from kinesynth.body.model import BodyModel, SmplxPose, load_body
from kinesynth.errors import BadInput
from kinesynth.fitting.convex import convex_weights
from kinesynth.fitting.points import Mixture
from kinesynth.npz import write_npz
from kinesynth.stage_file import Clip, progress, read_stage

_MAX_FRAMES = 600  # posed meshes held in memory: 100 MB
_CANDIDATES = 256
_REACH = 2.5  # of the distance from a joint centre to the skin: candidates lie all around it
_LEAST_REACH_M = 0.08
_NOISE_M, _NOISE_PER_METRE = 0.005, 0.1  # how much a vertex strays in unseen bodies, the more the further away


@dataclass(frozen=True)
class JointRegressor:
    """Joint centres of B bodies as mixtures of vertices, and their mean error on held-out frames (B,) in metres."""

    body_names: list[str]
    mixture: Mixture
    heldout_error_m: np.ndarray


@dataclass(frozen=True)
class _Samples:
    """F posed meshes `vertices` (F, N, 3), the joint centres (F, B, 3), and each frame's subject and clip."""

    vertices: np.ndarray
    centres: np.ndarray
    subject: np.ndarray
    clip: np.ndarray

    def __getitem__(self, frames: np.ndarray) -> "_Samples":
        return _Samples(self.vertices[frames], self.centres[frames], self.subject[frames], self.clip[frames])


def joint_regressor(
    *,
    body: Path,
    motion: list[Path],
    ik: list[Path],
    heldout_share: float = 0.25,
    vertices_per_joint: int = 32,
    output: Path,
) -> None:
    """Train the regressor of the skeleton's joint centres from the mesh.

    Args:
        body: body model, in SMPL-X's npz schema.
        motion: motion files of the training shards.
        ik: inverse-kinematics files of the same shards, in the same order.
        heldout_share: share of the subjects (of the clips, of the frames where there are too few) kept for the test.
        vertices_per_joint: the most vertices that a joint centre may be mixed from.
        output: the regressor, an npz file.

    Raises:
        BadInput: the shards do not match or deliver no frame.
    """
    body_names, samples = _sample(load_body(body), motion, ik)
    test = _held_out(samples, heldout_share)
    mixture = _train(samples[~test], body_names, vertices_per_joint)
    error = np.linalg.norm(mixture.of(samples.vertices[test]) - samples.centres[test], axis=-1).mean(0)
    arrays = {"indices": mixture.indices, "weights": mixture.weights, "heldout_error_m": error}
    write_npz(output, {"body_names": np.array(body_names), **arrays})


def read_regressor(path: Path) -> JointRegressor:
    """Read what `joint_regressor` wrote.

    Raises:
        BadInput: the file is missing or not a regressor.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            mixture = Mixture(file["indices"], file["weights"])
            return JointRegressor(file["body_names"].tolist(), mixture, file["heldout_error_m"])
    except (OSError, KeyError, ValueError, BadZipFile) as error:
        expected = "an npz file with body_names, indices, weights, heldout_error_m"
        raise BadInput(path, "joint regressor", str(error), expected, "run kinesynth joint-regressor") from error


def _sample(body: BodyModel, motion: Sequence[Path], ik: Sequence[Path]) -> tuple[list[str], _Samples]:
    """Pose the mesh in at most `_MAX_FRAMES` frames, spread evenly over all clips that have joint centres."""
    if len(motion) != len(ik) or not ik:
        found = f"{len(motion)} motion and {len(ik)} ik files"
        raise BadInput("joint_regressor", "motion, ik", found, "one of each per shard", "list the same shards for both")
    pairs: list[tuple[Clip, Clip]] = []
    for motion_path, ik_path in zip(motion, ik, strict=True):
        moved, solved = read_stage(motion_path), read_stage(ik_path)
        body_names = list(solved.attrs["body_names"])
        if missing := solved.clips.keys() - moved.clips.keys():
            found = f"no clip {min(missing)}"
            raise BadInput(motion_path, "clips", found, f"those of {ik_path}", "list the shards in the same order")
        pairs += [(moved.clips[name], clip) for name, clip in solved.clips.items()]
    n_frames = sum(len(solved.arrays["keypoints"]) for _, solved in pairs)
    if n_frames == 0:
        raise BadInput(ik[0], "clips", "no clip in any file", "at least one", "look at the reasons under /rejected")
    stride = -(-n_frames // _MAX_FRAMES)
    parts = [_pose_clip(body, moved, solved, stride) for moved, solved in progress(pairs, "joint_regressor")]
    fields = ("vertices", "centres", "subject", "clip")
    return body_names, _Samples(*(np.concatenate([getattr(part, name) for part in parts]) for name in fields))


def _pose_clip(body: BodyModel, moved: Clip, solved: Clip, stride: int) -> _Samples:
    keypoints = solved.arrays["keypoints"]
    centres = keypoints[:, : keypoints.shape[1] // 2]
    frames = np.flatnonzero(np.isfinite(centres).all((1, 2)))[::stride]
    still = SmplxPose.from_clip(moved)
    some = {name: array[frames] for name, array in still.arrays().items() if name != "betas"}
    vertices, _ = body.pose(SmplxPose(still.betas, **some))
    subject, clip = (np.full(len(frames), name) for name in (moved.attrs["subject"], moved.clip_id))
    return _Samples(vertices.astype(np.float32), centres[frames], subject, clip)


def _held_out(samples: _Samples, share: float) -> np.ndarray:
    """Return which frames (F,) to test on: whole subjects, else whole clips, else the last frames.

    Frames of one clip resemble each other, and clips of one subject share a shape: the coarsest unit that is
    plentiful enough for the share asks most of the regressor.
    """
    for unit in (samples.subject, samples.clip):
        names = np.unique(unit)
        if (held := int(share * len(names))) > 0:
            return np.isin(unit, names[-held:])
    n_frames = len(samples.centres)
    return np.arange(n_frames) >= n_frames - max(1, int(share * n_frames))


def _train(samples: _Samples, body_names: Sequence[str], most: int) -> Mixture:
    indices = np.zeros((len(body_names), most), dtype=np.int64)
    weights = np.zeros((len(body_names), most))
    for row, _ in enumerate(progress(body_names, "joint_regressor: training")):
        chosen, share = _train_joint(samples.vertices, samples.centres[:, row], most)
        indices[row, : len(chosen)], weights[row, : len(chosen)] = chosen, share
    return Mixture(indices, weights)


def _train_joint(vertices: np.ndarray, centre: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the vertices, in ascending order, and the weights that give one joint centre (F, 3)."""
    # A vertex that is far away in any frame, a hand that swings past the hip say, does not move with the joint.
    furthest = np.linalg.norm(vertices - centre[:, None].astype(np.float32), axis=-1).max(0)
    reach = max(_LEAST_REACH_M, _REACH * float(furthest.min()))
    near = np.argsort(furthest, kind="stable")[: max(most, int((furthest <= reach).sum()))]
    candidates = np.sort(near[_spread(vertices[0, near], _CANDIDATES)])
    offsets = vertices[:, candidates] - centre[:, None]
    noise = _NOISE_M + _NOISE_PER_METRE * np.linalg.norm(offsets, axis=-1).mean(0)
    weights = convex_weights(offsets, noise, most)
    used = np.flatnonzero(weights)
    return candidates[used], weights[used]


def _spread(positions: np.ndarray, most: int) -> np.ndarray:
    """Return indices of at most `most` positions (N, 3), each as far as can be from those before it."""
    chosen = [0]
    distance = np.linalg.norm(positions - positions[0], axis=1)
    while len(chosen) < min(most, len(positions)):
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, np.linalg.norm(positions - positions[chosen[-1]], axis=1))
    return np.array(chosen)
