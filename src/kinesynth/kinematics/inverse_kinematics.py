"""Joint angles from marker positions: by OpenSim's tool clip by clip, or by a search of all frames at once."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kinesynth.config import InverseKinematics
from kinesynth.errors import BadInput, ClipRejected
from kinesynth.file_names import takes_file_names
from kinesynth.isolation import Worker
from kinesynth.kinematics.bounded_skeleton import BoundedSkeleton, read_bounded_skeleton
from kinesynth.kinematics.marker_set import read_marker_set
from kinesynth.kinematics.segment_misfit import segment_misfit
from kinesynth.kinematics.worn_ik import WornPlaces, follow_worn, worn_errors
from kinesynth.opensim_files.trc import read_trc
from kinesynth.records import Kinematics, MarkerPaths
from kinesynth.skeleton.definition import SkeletonDefinition
from kinesynth.skeleton.marker_weights import marker_weights
from kinesynth.stage_file import Clip, StageFile, process_clips, read_stage

IK = InverseKinematics()
MIN_COMMON_MARKERS = 12  # fewer cannot hold 20 joints
MAX_MISSING_FRACTION = 0.3
BODY_EXTENT_M = (0.4, 3.5)  # of one person's markers in any pose; outside, the unit is wrong
MAX_DISTANCE_M = 50.0  # as far as the model's pelvis may travel


@dataclass(frozen=True)
class ModelNames:
    """What a model calls its parts, each in the model's order."""

    coordinates: tuple[str, ...]
    bodies: tuple[str, ...]
    markers: tuple[str, ...]


@takes_file_names
def inverse_kinematics(
    *,
    markers: Path,
    model: Path,
    output: Path,
    ik: InverseKinematics = IK,
    log: Path = Path("inverse_kinematics.log"),
    marker_set: Path | None = None,
    scaling: Path | None = None,
) -> None:
    """Find each frame's joint angles from its markers: those of the least weighted sum of squared marker errors.

    Also gives where the model then has its joint centres, mass centres and markers, how far its markers lie from the
    given ones, and by how much each segment should turn and shift for its own bony landmarks. Markers that weigh
    nothing in the fit (the shoulder girdle) are left out of these, of the RMS and of the maximum. Units are radians and
    metres throughout.

    A clip that brings the markers that a person wore follows these, where they sit on the model by its scaling's
    report, and not the virtual ones; always by the search over all frames. Its errors are those of the worn markers.

    Args:
        markers: stage file with marker trajectories, or a .trc file, which counts as one clip of its name.
        model: the subject's scaled OpenSim model.
        output: stage file to write.
        ik: the section `ik` of the configuration. Its engine batched is a Levenberg-Marquardt search over all frames at
            once; opensim is OpenSim's InverseKinematicsTool, which stops searching in a frame at its `accuracy`.
        log: file for OpenSim's messages.
        marker_set: folder or name of the marker set that weighs the markers; by default they are virtual ones.
        scaling: the scaled model's report, which says where worn markers sit; without it virtual ones are followed.

    Raises:
        BadInput: the markers' file or the model is unusable, or they share too few markers.
    """
    stage = read_markers(markers)
    names = list(stage.attrs["marker_names"])
    with Worker(log) as worker:
        model_names = worker.call(_model_names, model.absolute(), timeout_seconds=ik.timeout_seconds)
        common = [name for name in names if name in model_names.markers]
        if len(common) < MIN_COMMON_MARKERS:
            found = f"{len(common)} of the model's"
            raise BadInput(markers, "marker_names", found, f"at least {MIN_COMMON_MARKERS}", f"add them to {model}")
        columns = [names.index(name) for name in common]
        weights = motion_weights(common, marker_set)

        skeleton = worker.call(read_bounded_skeleton, model.absolute(), timeout_seconds=ik.timeout_seconds)
        skeleton, batch = skeleton.with_markers(common), {}
        worn = None if scaling is None else WornPlaces.read(scaling)
        followed = _followed(stage, worn)
        if ik.engine == "batched":
            usable = _usable_markers(stage, len(names), columns)
            batch = _solve_batch(skeleton, {name: usable[name] for name in usable if name not in followed}, weights)
        if worn is not None:
            usable = {name: places for name, places in followed.items() if isinstance(places, np.ndarray)}
            batch |= follow_worn(skeleton, worn, usable)

        def work(clip: Clip) -> Clip:
            if worn is not None and clip.clip_id in followed:
                return _of_worn(clip, skeleton, worn, followed[clip.clip_id], batch)
            measured = MarkerPaths.of(clip).markers
            check_markers(measured, len(names))
            positions = measured[:, columns]
            solved = batch.get(clip.clip_id) or worker.call(
                solve_with_opensim, model.absolute(), common, positions, clip.fps, weights, ik.accuracy,
                timeout_seconds=ik.timeout_seconds,
            )  # fmt: skip
            if not np.isfinite(solved["angles"]).all():
                raise ClipRejected("inverse kinematics found no pose")
            counted = [weights[name] > 0 for name in common]
            arrays = solved | _errors(skeleton.definition, solved, positions, counted)
            return Kinematics.of_arrays(clip.clip_id, arrays).clip(clip.clip_id, clip.attrs)

        attrs = {
            "coordinate_names": list(model_names.coordinates),
            "body_names": list(model_names.bodies),
            "marker_names": common,
            "marker_weights": [weights[name] for name in common],
        }
        process_clips("inverse_kinematics", [stage], output, work, attrs)


def _followed(stage: StageFile, worn: WornPlaces | None) -> dict[str, np.ndarray | ClipRejected]:
    """Return the worn markers (T, L, 3) m of the clips that follow these, or why such a clip is to be rejected."""
    found: dict[str, np.ndarray | ClipRejected] = {}
    for clip in stage.clips.values():
        measured = None if worn is None else worn.positions(clip)
        if measured is not None:
            present = measured[:, np.isfinite(measured).any(axis=(0, 2))]
            try:
                check_markers(present, present.shape[1])
                found[clip.clip_id] = measured
            except ClipRejected as error:
                found[clip.clip_id] = error
    return found


def _of_worn(
    clip: Clip,
    skeleton: BoundedSkeleton,
    worn: WornPlaces,
    measured: np.ndarray | ClipRejected,
    batch: Mapping[str, dict[str, np.ndarray]],
) -> Clip:
    """Return the kinematics of a clip whose worn markers were followed.

    Raises:
        ClipRejected: they are not those of one person, or no pose was found.
    """
    if isinstance(measured, ClipRejected):
        raise measured
    solved = batch[clip.clip_id]
    if not np.isfinite(solved["angles"]).all():
        raise ClipRejected("inverse kinematics found no pose")
    seen = np.where(worn.seen(clip)[..., None], measured, np.nan)
    arrays = solved | worn_errors(skeleton, worn, solved, seen)
    attrs = {**clip.attrs, "followed_names": list(worn.labels)}
    return Kinematics.of_arrays(clip.clip_id, arrays).clip(clip.clip_id, attrs)


def read_markers(path: Path) -> StageFile:
    """Read a stage file, or a .trc file as if it were one of a single clip.

    Raises:
        BadInput: it is neither.
    """
    if path.suffix != ".trc":
        return read_stage(path)
    trial = read_trc(path)
    attrs = {"fps": trial.fps, "start_seconds": float(trial.times[0])}
    return StageFile(
        {path.stem: MarkerPaths(trial.positions).clip(path.stem, attrs)}, attrs={"marker_names": list(trial.names)}
    )


def motion_weights(names: Sequence[str], marker_set: Path | None) -> dict[str, float]:
    """Return the weights of a marker set's markers, or of virtual ones; a marker that the set does not know weighs 0.

    Raises:
        BadInput: the set is unusable.
    """
    if marker_set is None:
        return marker_weights(names, "motion")
    known = read_marker_set(marker_set).motion
    return {name: known.get(name, 0.0) for name in names}


def check_markers(positions: np.ndarray, count: int) -> None:
    """Check positions (T, M, 3) m of M = `count` markers before they go into C++, which takes any number.

    Raises:
        ClipRejected: wrong shape, too many missing, a frame without any, or not the size of a person in metres.
    """
    if positions.ndim != 3 or positions.shape[1:] != (count, 3) or not positions.size:
        raise ClipRejected(f"markers not of shape (T, {count}, 3)", detail=str(positions.shape))
    missing = np.isnan(positions).any(axis=-1)
    if missing.mean() > MAX_MISSING_FRACTION:
        raise ClipRejected("too many markers missing", float(missing.mean()))
    if missing.all(axis=1).any():
        raise ClipRejected("a frame has no markers", detail=f"frame {int(np.argmax(missing.all(axis=1)))}")
    extent = np.linalg.norm(np.nanmax(positions, axis=1) - np.nanmin(positions, axis=1), axis=-1)
    if not (BODY_EXTENT_M[0] < extent.min() and extent.max() < BODY_EXTENT_M[1]):
        raise ClipRejected("markers not the size of a person in metres", float(extent.max()))
    if np.nanmax(np.abs(positions)) > MAX_DISTANCE_M:
        raise ClipRejected("markers too far from the origin", float(np.nanmax(np.abs(positions))))


def _usable_markers(stage: StageFile, count: int, columns: Sequence[int]) -> dict[str, np.ndarray]:
    """Return the markers (T, M, 3) m in `columns` of all clips but those that will be rejected."""
    usable = {}
    for clip in stage.clips.values():
        with suppress(ClipRejected):
            measured = MarkerPaths.of(clip).markers
            check_markers(measured, count)
            usable[clip.clip_id] = measured[:, columns]
    return usable


def _errors(
    skeleton: SkeletonDefinition, solved: Mapping[str, np.ndarray], measured: np.ndarray, counted: Sequence[bool]
) -> dict[str, np.ndarray]:
    """Return each marker's distance (T, M) m, RMS and maximum (T,) m of the counted ones, and the segments' misfit."""
    error = np.linalg.norm(solved["markers"] - measured, axis=-1)
    centres = solved["keypoints"][:, : len(skeleton.body_names)]
    return {
        "marker_error": error,
        "marker_error_rms": np.sqrt(np.nanmean(error[:, counted] ** 2, axis=1)),
        "marker_error_max": np.nanmax(error[:, counted], axis=1),
        **segment_misfit(skeleton, solved["markers"], measured, centres, counted),
    }


def _model_names(model: Path) -> ModelNames:
    """Return the model's names. Runs in a process of its own."""
    from kinesynth.opensim_models.opened import body_names, coordinate_names, light_model, marker_names

    opened = light_model(model)
    return ModelNames(coordinate_names(opened), body_names(opened), marker_names(opened))


def solve_with_opensim(
    model: Path, names: Sequence[str], positions: np.ndarray, fps: float, weights: dict[str, float], accuracy: float
) -> dict[str, np.ndarray]:
    """Return angles, keypoints and markers of one clip. Runs in a process of its own."""
    from kinesynth.kinematics.opensim_initial_pose import best_start
    from kinesynth.opensim_models.coordinates import unwrap
    from kinesynth.opensim_models.ik_tool import solve_angles
    from kinesynth.opensim_models.opened import light_model
    from kinesynth.opensim_models.posing import forward_kinematics

    opened = light_model(model)
    start = best_start(opened, names, positions[:1], weights)
    angles = unwrap(opened, solve_angles(opened, names, positions, fps, weights, start, accuracy))
    trajectory = forward_kinematics(opened, angles, names)
    return {"angles": trajectory.angles, "keypoints": trajectory.keypoints, "markers": trajectory.markers}


def _solve_batch(
    skeleton: BoundedSkeleton, positions: Mapping[str, np.ndarray], weights: Mapping[str, float]
) -> dict[str, dict[str, np.ndarray]]:
    """Return angles, keypoints and markers of all clips from their markers (T, M, 3) m in the skeleton's order."""
    from kinesynth.kinematics.batched_ik import solve_clips

    return solve_clips(skeleton, positions, np.array([weights[name] for name in skeleton.definition.marker_names]))
