"""What every source of motion is brought to before it is cut, resampled and placed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.spatial.transform import Rotation

from kinesynth.amass import Y_UP, AmassFile
from kinesynth.errors import ClipRejected
from kinesynth.motion.resample import frame_times, resample_markers, resample_positions, resample_rotations

_SLACK_SECONDS = 0.02  # times in tables are rounded, and so are those in files
MIN_FRAMES = 10  # fewer carry neither the filters nor the splines downstream


@dataclass(frozen=True)
class Recording:
    """A motion in SMPL-X's parameters, in a y-up world whose origin and heading are not settled yet.

    Attributes:
        fps: frames per second.
        root: (T, 3) m, the path of the pelvis joint up to a constant.
        poses: (T, 156) rad, axis-angles: root 3, body 63, left hand 45, right hand 45.
        root_scale: factor on the path of the root, the ratio of leg lengths.
        attrs: what else the clip's record says of the source.
        begin: the file's own time (s) of the first frame.
        notes: what was taken for granted in reading the file.
        unseen: bodies of the OpenSim model, and from and to which seconds of the file's own time no marker tells them.
        turn: (3, 3), the rotation from the file's axes to this world's; measured forces stand in the file's.
        worn: of a recording by markers, their positions (T, M, 3) m in the world of `root`, short gaps bridged, NaN in
            long ones.
        worn_seen: (T, M) where they were measured.
        worn_names: (M,) their labels.
    """

    fps: float
    root: np.ndarray
    poses: np.ndarray
    root_scale: float = 1.0
    attrs: Mapping[str, str | float] = field(default_factory=dict)
    begin: float = 0.0
    notes: tuple[str, ...] = ()
    unseen: Mapping[str, Sequence[tuple[float, float]]] = field(default_factory=dict)
    turn: np.ndarray = field(default_factory=lambda: np.eye(3))
    worn: np.ndarray | None = None
    worn_seen: np.ndarray | None = None
    worn_names: tuple[str, ...] = ()


def from_amass(file: AmassFile) -> Recording:
    """Turn an AMASS file upright. SMPL+H and SMPL-X share the 21 body joints and the hands."""
    orient = (Y_UP * Rotation.from_rotvec(file.root_orient)).as_rotvec()
    poses = np.concatenate([orient, file.pose_body, file.left_hand, file.right_hand], axis=1)
    attrs = {"surface_model": file.model}
    return Recording(file.fps, Y_UP.apply(file.trans), poses, attrs=attrs, notes=file.notes, turn=Y_UP.as_matrix())


def part_of(
    first: float, last: float, start: float | None, end: float | None, max_seconds: float
) -> tuple[float, float]:
    """Return from and to which second of a file's own time a clip goes.

    Args:
        first: the time of the file's first frame.
        last: the time of the frame after its last.
        start: where the clip is to begin, None for the file's first frame.
        end: where it is to end, None for the file's last frame.
        max_seconds: longer clips are cut.

    Raises:
        ClipRejected: the part lies outside the file.
    """
    begin = first if start is None else start
    if not first - _SLACK_SECONDS <= begin < last or (end is not None and end <= first):
        wanted = f"start {begin:g} s" if end is None or end > first else f"end {end:g} s"
        raise ClipRejected(
            "clip lies outside its file", begin, f"{wanted}, and the file goes from {first:g} to {last:g} s"
        )
    begin = max(begin, first)
    return begin, min(last if end is None else end, begin + max_seconds)


def cut(recording: Recording, start: float | None, end: float | None, max_seconds: float, fps: float) -> Recording:
    """Return the part from `start` to `end` seconds of the file's own time, at most `max_seconds` of it, at `fps`.

    Raises:
        ClipRejected: the part lies outside the file, or is shorter than ten frames.
    """
    first, length = recording.begin, len(recording.root) / recording.fps
    begin, finish = part_of(first, first + length, start, end, max_seconds)
    times = frame_times(begin - first, finish - first, fps)
    times = times[times <= (len(recording.root) - 1) / recording.fps + 1e-9]
    if len(times) < MIN_FRAMES:
        detail = (
            f"{len(times)} from {begin:g} to {finish:g} s of a file that goes from {first:g} to {first + length:g} s"
        )
        raise ClipRejected(f"clip is shorter than {MIN_FRAMES} frames", len(times), detail)
    return replace(
        recording,
        fps=fps,
        root=resample_positions(recording.root, recording.fps, times),
        poses=resample_rotations(recording.poses, recording.fps, times),
        begin=begin,
        worn=None if recording.worn is None else resample_markers(recording.worn, recording.fps, times),
        worn_seen=None if recording.worn_seen is None else recording.worn_seen[_nearest(recording, times)],
    )


def _nearest(recording: Recording, times: np.ndarray) -> np.ndarray:
    """Return the recording's frames that are nearest to `times` (N,) s after its first."""
    return np.asarray(np.clip(np.round(times * recording.fps), 0, len(recording.root) - 1).astype(int))


def unseen_seconds(recording: Recording) -> dict[str, list[list[float]]]:
    """Return from and to which seconds after a recording's first frame no marker tells a body, by the body's name."""
    last = len(recording.root) / recording.fps
    parts = {
        body: [[max(begin - recording.begin, 0.0), min(end - recording.begin, last)] for begin, end in stretches]
        for body, stretches in recording.unseen.items()
    }
    inside = {body: [part for part in stretches if part[0] < part[1]] for body, stretches in parts.items()}
    return {body: stretches for body, stretches in inside.items() if stretches}
