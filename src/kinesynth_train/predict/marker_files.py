"""Points in space from a marker file: markers by their labels, a video tool's keypoints by their names, or both."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from kinesynth.errors import BadInput
from kinesynth.kinematics.worn_ik import MIN_WORN
from kinesynth.kinematics.worn_markers import WornMarkers, landmark_places
from kinesynth.markers.files import read_markers
from kinesynth.markers.labels import Label, known
from kinesynth.markers.same_person import check_same_person
from kinesynth.markers.telling_frames import standstill
from kinesynth.markers.up_axis import up_note, upright
from kinesynth.opensim_files import MarkerTrajectories
from kinesynth.skeleton import SkeletonDefinition
from kinesynth.skeleton.marker_weights import marker_weights
from kinesynth_train.calibration.camera import TO_Y_UP
from kinesynth_train.laboratory_sets import MAX_SLACK_M, with_all_landmarks
from kinesynth_train.predict.landmarks import generic_skeleton, places
from kinesynth_train.predict.reconstruct import even_times
from kinesynth_train.predict.refine import SightLines

KEYPOINTS = "halpe26"  # whose names OpenCap's and Pose2Sim's .trc files use
TELLING = ("RHip", "LHip", "RKnee", "LKnee", "RAnkle", "LAnkle")  # all of them, where a file holds keypoints
CENTRE_SPREAD_M = 0.015  # of a hip joint centre that another tool computed
MARKER_SPREAD_M = 0.02  # of a marker that weighs 1 in inverse kinematics
MIN_WEIGHT = 0.2  # of markers over which skin slides: here markers are few
MIN_POINTS = 12
AFAR_M = 1000.0  # from where a known point is looked at along each axis


@dataclass(frozen=True, eq=False)
class Marked:
    """What a marker file says, on the generic skeleton.

    Attributes:
        times: (T,) s, even, from 0.
        skeleton: the generic one with the M points as its markers.
        spreads: (M,) m, their standard deviations.
        positions: (T, M, 3) m; NaN where not seen.
        own: (T, K, 3) m, as they were measured, those of the K markers that a network may know (those of
            `laboratory_sets.with_all_landmarks`); others NaN.
        worn: all markers of known landmarks: `moving` in these frames, `positions` in the one of a static trial, if
            there is one; None where the points are keypoints, or a few markers beside computed ones.
        upright: (3, 3), the rotation to y up; it is found from the person, who has the trunk above the feet.
        mass_kg: of the person, where the file states one.
        notes: what was taken for granted.
    """

    times: np.ndarray
    skeleton: SkeletonDefinition
    spreads: np.ndarray
    positions: np.ndarray
    own: np.ndarray
    worn: WornMarkers | None
    upright: np.ndarray
    mass_kg: float | None
    notes: tuple[str, ...]

    def between(self, start: float, end: float, turn: np.ndarray) -> "Marked":
        """Return the frames between two times, s, turned by a matrix (3, 3)."""
        times = even_times(self.times, start, end)
        inside = (self.times >= times[0] - 1e-6) & (self.times <= times[-1] + 1e-6)
        positions, own = (each[inside] @ turn.T for each in (self.positions, self.own))
        worn = self.worn
        if worn is not None:
            worn = replace(worn, positions=worn.positions @ turn.T, moving=worn.moving[inside] @ turn.T)
        return replace(self, times=times, positions=positions, own=own, worn=worn)


def read_marked(path: Path, static: Path | None = None, up: str = "") -> Marked:
    """Read a marker file and that of a static trial, whose axes are the same; `up`, if given, is the axis that is up.

    Raises:
        BadInput: one is damaged, too few of the names are known, nobody stands still in the static trial, or no axis is
            up.
    """
    trial, generic = read_markers(path), generic_skeleton()
    found = _by_label(trial.names, generic)
    if len(found) < MIN_POINTS:
        points = places(KEYPOINTS)
        found = {name: (name, *points[name]) for name in trial.names if name in points}
    if len(found) < MIN_POINTS:
        expected = f"at least {MIN_POINTS}: labels of docs/motions.md, or the names of {KEYPOINTS}"
        raise BadInput(path, "markers", f"{len(found)} of known names", expected, "rename them")
    skeleton = replace(
        generic,
        marker_names=tuple(found),
        marker_bodies=np.array([generic.body_names.index(body) for _, body, _, _ in found.values()]),
        marker_places=np.array([place for _, _, place, _ in found.values()]),
    )
    still = None if static is None else _read_static(static, trial)
    worn = _worn(trial, still, str(static))
    used = {name for name, _, _, _ in found.values()} if worn is None else set(worn.labels)
    ignored = len(set(trial.names) - used)
    told = [f"static trial: {note}" for note in still.notes] if still else []
    notes = (*trial.notes, *told, *([f"{ignored} of {len(trial.names)} points are not used"] if ignored else []))
    times = np.arange(len(trial.positions)) / trial.fps
    columns = [trial.names.index(name) for name, _, _, _ in found.values()]
    spreads = np.array([spread for _, _, _, spread in found.values()])
    own, positions = _own_markers(trial, generic), trial.positions[:, columns]
    turn = TO_Y_UP[up] if up else _upright(path, skeleton, positions)
    notes += () if up else up_note(turn)
    return Marked(times, skeleton, spreads, positions, own, worn, turn, trial.mass_kg, notes)


def _upright(path: Path, skeleton: SkeletonDefinition, positions: np.ndarray) -> np.ndarray:
    """Return the rotation (3, 3) that turns the axis which is up to y.

    Raises:
        BadInput: no axis is.
    """
    bodies = [skeleton.body_names[body] for body in skeleton.marker_bodies]
    try:
        return upright(path, positions, bodies)
    except BadInput as error:
        raise BadInput(path, error.field, error.found, error.expected, "say by --up which axis is up") from error


def _read_static(path: Path, trial: MarkerTrajectories) -> MarkerTrajectories:
    """Read a static trial.

    Raises:
        BadInput: it is damaged, or another person's than the motion.
    """
    still = read_markers(path)
    check_same_person(path, still, trial, "give the static trial of this person and session, or leave --static out")
    return still


def _worn(trial: MarkerTrajectories, still: MarkerTrajectories | None, static: str) -> WornMarkers | None:
    """Return the markers of known landmarks of a motion and a static trial, of that file; None if the motion has few.

    Raises:
        BadInput: there are too few, and a static trial, or nobody stands still in it.
    """
    labels = {
        name: label
        for name, label in _labels((*trial.names, *(still.names if still else ()))).items()
        if label.landmark in landmark_places()
    }
    if (count := len(labels.keys() & set(trial.names))) < MIN_WORN:
        if still is None:
            return None
        expected = f"at least {MIN_WORN} markers of labels of docs/motions.md"
        raise BadInput("--static", "markers of the motion", f"{count} that are known", expected, "leave it out")
    standing = np.empty((0, len(labels), 3))
    if still is not None:
        stood = standstill(_columns(still, labels), still.fps)
        if stood is None:
            fix = "give the part in which the person stands, or leave it out"
            raise BadInput(static, "static trial", "nobody who stands still", "a standstill of 0.3 s", fix)
        standing = stood[None]
    return WornMarkers(
        tuple(labels),
        tuple(label.landmark for label in labels.values()),
        tuple(landmark_places()[label.landmark][0] for label in labels.values()),
        np.array([label.slack_m for label in labels.values()]),
        standing,
        standing=still is not None,
        moving=_columns(trial, labels),
    )


def _columns(trial: MarkerTrajectories, names: Iterable[str]) -> np.ndarray:
    """Return a trial's positions (T, M, 3) m of the markers named, NaN where it has none."""
    missing = np.full((len(trial.positions), 3), np.nan)
    return np.stack(
        [trial.positions[:, trial.names.index(name)] if name in trial.names else missing for name in names], axis=1
    )


def _labels(names: tuple[str, ...]) -> dict[str, Label]:
    """Return what is known of the names.

    Where a file holds a video tool's keypoints too, whose names some laboratories give to markers, these are left out.
    """
    keypoints = set(places(KEYPOINTS)) if set(TELLING) <= set(names) else set()
    return known(dict.fromkeys(name for name in names if name not in keypoints))


def _by_label(names: tuple[str, ...], generic: SkeletonDefinition) -> dict[str, tuple[str, str, np.ndarray, float]]:
    """Return, by landmark, the file's name, the body, the place (3,) m and the standard deviation of known labels."""
    weights = marker_weights(generic.marker_names, "motion")
    found = {}
    for name, label in _labels(names).items():
        if label.landmark in found or label.landmark not in weights:
            continue
        index = generic.marker_names.index(label.landmark)
        body = generic.body_names[generic.marker_bodies[index]]
        weight = max(weights[label.landmark], MIN_WEIGHT)
        spread = float(np.hypot(MARKER_SPREAD_M / np.sqrt(weight), label.slack_m / 2))
        found[label.landmark] = (name, body, generic.marker_places[index], spread)
    for side in "RL":
        centre = [name for name in names if name.removesuffix("_study") == f"{side}HJC"]
        if centre and found:
            found[f"{side}HJC"] = (centre[0], f"femur_{side.lower()}", np.zeros(3), CENTRE_SPREAD_M)
    return found


def lines_through(positions: np.ndarray, spreads: np.ndarray) -> SightLines:
    """Return lines of sight that meet in known points (T, M, 3) m: along the three axes, from afar.

    The distances of a place from the three lines, squared, add up to twice that from the point: hence the half.
    """
    middle = np.nanmean(positions, axis=(0, 1))
    origins = middle + AFAR_M * np.eye(3)
    away = positions - origins[:, None, None]
    directions = away / np.linalg.norm(away, axis=-1, keepdims=True)
    seen = np.isfinite(directions).all(axis=-1)
    weights = np.where(seen, 0.5 / spreads**2, 0.0)
    return SightLines(
        torch.tensor(origins), torch.tensor(np.where(seen[..., None], directions, 0.0)), torch.tensor(weights)
    )


def _own_markers(trial: MarkerTrajectories, generic: SkeletonDefinition) -> np.ndarray:
    """Return the markers that networks may know (T, M, 3) m: by their own names, where all of the skeleton's are there.

    Else by labels; one that a laboratory puts where it likes tells no landmark.
    """
    wanted = with_all_landmarks(generic).marker_names
    names = {name: name for name in wanted if name in trial.names}
    if not set(generic.marker_names) <= names.keys():
        labels = {name: label for name, label in _labels(trial.names).items() if label.slack_m <= MAX_SLACK_M}
        names = {label.landmark: name for name, label in sorted(labels.items(), key=lambda pair: -pair[1].slack_m)}
    own = np.full((len(trial.positions), len(wanted), 3), np.nan)
    for landmark, name in names.items():
        if landmark in wanted:
            own[:, wanted.index(landmark)] = trial.positions[:, trial.names.index(name)]
    return own
