"""Measured markers as a motion: the subject's body follows them, frame by frame."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from kinesynth.body.model import BodyModel
from kinesynth.errors import ClipRejected
from kinesynth.markers.anatomy import carriers_of
from kinesynth.markers.labels import known
from kinesynth.markers.same_person import check_same_person
from kinesynth.markers.trial import read_trial
from kinesynth.mosh.fit import MarkedSubject, dress, follow_markers, marker_distance, smplx_pose
from kinesynth.mosh.points import BodyState
from kinesynth.motion.recording import MIN_FRAMES, Recording, part_of
from kinesynth.motion.sight import MAX_HIDDEN_SECONDS, in_sight, require_seen, unmarked, unseen
from kinesynth.opensim_files.trc import MarkerTrajectories
from kinesynth.pose_layout import SMPLX
from kinesynth.procedural.solve import relaxed_hands
from kinesynth.runs import runs
from kinesynth.subjects.worn import bodies_ridden

MAX_RMS_M = 0.03  # published fits to clean data stay below 0.015; beyond this, labels are swapped or bodies mixed
_MIN_MET = 0.5  # of a trial, whose ends are then left out
_GUARD_SECONDS = 0.1  # more of them, in which a body still gives way to a marker that is elsewhere
MAX_OFF_M = 0.06  # of any one marker in the typical frame; in trials that are labelled well the worst is at 0.025
_MIN_JUDGED = 0.1  # of the frames; a marker seen in fewer tells nothing typical
_MARGIN_SECONDS = 0.25  # around the part that is wanted, so that its ends are bridged as its middle is


def read_marker_motion(
    path: Path,
    static: Path | None,
    body: BodyModel,
    betas: np.ndarray,
    part: tuple[float | None, float | None, float],
    labels: Path | None = None,
) -> Recording:
    """Return the motion of a body that wears the markers of a file.

    Args:
        path: .trc, .c3d, or an AMASS .npz with markers.
        static: a trial of the same subject and markers at rest, which helps to tell where they sit.
        body: the body model.
        betas: (10,) the subject's shape.
        part: from and to which second of the file's own time the motion is wanted, and how much of it at most.
        labels: the user's own table of labels.

    Raises:
        BadInput: a file is unusable.
        ClipRejected: the part lies outside the file, or the body does not meet the markers.
    """
    whole = in_sight(read_trial(path, body, labels), part)
    trial = _cut(whole, part)
    require_seen(trial)
    beside = [] if static is None else [read_trial(static, body, labels)]
    for each in beside:
        check_same_person(static or path, each, whole)
    dressed, state, distance = _followed(body, beside, trial, betas)
    if part[:2] == (None, None) and (met := _met_frames(distance, trial.fps)):
        trial = _without_ends(trial, met)
        dressed, state, distance = _followed(body, beside, trial, betas)
    measured = dressed.columns(trial).numpy()
    rms = float(np.sqrt(np.nanmean(distance**2)))
    _require_met(dressed.attachment.names, distance, rms)
    pose = smplx_pose(state, body)
    left, right = (pose.left_hand_pose, pose.right_hand_pose) if dressed.has_fingers else relaxed_hands(len(pose))
    poses = SMPLX.joined(
        global_orient=pose.global_orient, body_pose=pose.body_pose, left_hand_pose=left, right_hand_pose=right
    )
    root = pose.transl + body.rest_joints(betas)[0]
    hidden, bare_notes = _untold(trial, dressed, measured)
    attrs: dict[str, str | float] = {
        "n_markers": float(len(dressed.attachment.names)),
        "marker_fit_rms_m": rms,
        "marker_missing_fraction": float(np.isnan(distance).mean()),
    }
    return Recording(
        trial.fps, root, poses, attrs=attrs, begin=float(trial.times[0]),
        notes=trial.notes + dressed.notes + bare_notes, unseen=hidden, turn=trial.turn,
        worn=bridged(measured, dressed.points.points(state).numpy(), trial.fps),
        worn_seen=np.isfinite(measured).all(axis=-1), worn_names=dressed.attachment.names,
    )  # fmt: skip


def _untold(
    trial: MarkerTrajectories, dressed: MarkedSubject, measured: np.ndarray
) -> tuple[dict[str, list[tuple[float, float]]], tuple[str, ...]]:
    """Return from and to which seconds no marker tells a body, and what is to be said of bodies that wear none.

    A static trial may show more markers than `measured` (T, M, 3), those of the trial itself, where others are NaN.
    """
    carriers = carriers_of(known(trial.names, trial.places))
    ridden = bodies_ridden(dressed, known(dressed.attachment.names, trial.places))
    shown = np.isfinite(measured).any(axis=(0, 2))
    bare = unmarked({*carriers.values(), *(body for body, there in zip(ridden, shown, strict=True) if there)})
    always = (float(trial.times[0]), float(trial.times[-1]) + 1.0 / trial.fps)
    notes = (f"no marker on {', '.join(bare)}: their angles are not valid",) if bare else ()
    return unseen(trial, carriers) | {body: [always] for body in bare}, notes


def bridged(measured: np.ndarray, worn: np.ndarray, fps: float) -> np.ndarray:
    """Return markers (T, M, 3) m, short gaps filled along the paths that a body has them on, from end to end.

    Args:
        measured: (T, M, 3) m, NaN in gaps.
        worn: (T, M, 3) m, where the body that follows them has them.
        fps: frames per second.
    """
    result = measured.copy()
    for marker in range(measured.shape[1]):
        hidden = ~np.isfinite(measured[:, marker]).all(axis=-1)
        off = measured[:, marker] - worn[:, marker]
        for first, last in runs(hidden):
            ends = [row for row in (first - 1, last) if 0 <= row < len(measured)]
            if ends and (last - first) / fps <= MAX_HIDDEN_SECONDS:
                frames = np.arange(first, last)
                line = np.stack([np.interp(frames, ends, off[ends, axis]) for axis in range(3)], axis=1)
                result[frames, marker] = worn[frames, marker] + line
    return result


def _followed(
    body: BodyModel, beside: Sequence[MarkerTrajectories], trial: MarkerTrajectories, betas: np.ndarray
) -> tuple[MarkedSubject, BodyState, np.ndarray]:
    """Return the subject that wears a trial's markers, how it moves, and how far (T, M) m it is from them."""
    dressed = dress(body, [*beside, trial], betas)
    state = follow_markers(dressed, trial)
    return dressed, state, marker_distance(dressed, state, trial)


def _met_frames(distance: np.ndarray, fps: float) -> slice | None:
    """Return the frames in which a body meets its markers, where those in which it does not are at the ends alone.

    Where somebody walks into what the cameras see, systems guess which of the few markers there is which.

    Args:
        distance: (T, M) m of the markers, NaN where one was not seen.
        fps: frames per second.
    """
    if not float(np.sqrt(np.nanmean(distance**2))) > MAX_RMS_M:
        return None
    squares = np.nan_to_num(distance**2).sum(axis=1) / np.maximum(np.isfinite(distance).sum(axis=1), 1)
    first, last = max(runs(squares <= MAX_RMS_M**2), key=lambda run: run[1] - run[0], default=(0, 0))
    guard = round(_GUARD_SECONDS * fps)
    first, last = first + guard * (first > 0), last - guard * (last < len(distance))
    return slice(first, last) if last - first >= max(MIN_FRAMES, _MIN_MET * len(distance)) else None


def _without_ends(trial: MarkerTrajectories, kept: slice) -> MarkerTrajectories:
    times = trial.times[kept]
    note = f"taken from {times[0]:g} to {times[-1]:g} s only: at the ends markers are not where their labels say"
    return replace(trial, positions=trial.positions[kept], times=times, notes=(*trial.notes, note))


def _require_met(names: Sequence[str], distance: np.ndarray, rms: float) -> None:
    """Require that the body meets the markers, as a whole and each of them: one that lies hides among many that do not.

    Raises:
        ClipRejected: it does not; the detail names the marker that is farthest off.
    """
    needed = max(1.0, _MIN_JUDGED * len(distance))
    seen = [row[np.isfinite(row)] for row in distance.T]
    typical = np.array([np.median(row) if len(row) >= needed else 0.0 for row in seen])
    worst = int(typical.argmax())
    if not rms <= MAX_RMS_M:
        raise ClipRejected("body does not meet the markers", rms, f"{1e3 * rms:.0f} mm RMS, worst at {names[worst]}")
    if typical[worst] > MAX_OFF_M:
        detail = f"{names[worst]} stays {1e3 * typical[worst]:.0f} mm off the body's; see whether it is mislabelled"
        raise ClipRejected("a marker is not where its label says", float(typical[worst]), detail)


def _cut(trial: MarkerTrajectories, part: tuple[float | None, float | None, float]) -> MarkerTrajectories:
    """Return the part of a trial with a margin.

    Raises:
        ClipRejected: it lies outside the trial, or is too short.
    """
    origin, length = float(trial.times[0]), len(trial.times) / trial.fps
    begin, end = part_of(origin, origin + length, *part)
    first = max(0, int((begin - origin - _MARGIN_SECONDS) * trial.fps))
    last = int(np.ceil((end - origin + _MARGIN_SECONDS) * trial.fps)) + 1
    times = origin + np.arange(first, min(last, len(trial.times))) / trial.fps  # free of the file's rounding
    if len(times) < MIN_FRAMES:
        detail = f"{len(times)} of markers from {begin:g} to {end:g} s"
        raise ClipRejected(f"clip is shorter than {MIN_FRAMES} frames", len(times), detail)
    return replace(trial, positions=trial.positions[first:last], times=times)
