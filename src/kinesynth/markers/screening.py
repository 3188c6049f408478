"""Which of a file's points are markers on one person's skin, by names and rough positions."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

import numpy as np

from kinesynth.errors import BadInput
from kinesynth.markers.computed import KEYPOINT, computed, is_joint_set, keypoints
from kinesynth.markers.continuity import stuck, without_held
from kinesynth.markers.gaps import without_codes
from kinesynth.markers.labels import Label, known
from kinesynth.opensim_files.trc import MarkerTrajectories

MIN_KNOWN = 12  # markers with known places; fewer cannot hold a body
_MIN_SEEN = 0.1  # of the frames, or a marker is left out
_NEARLY_ALL = 0.9  # of the known markers
_FIX = "name their landmarks in a csv (check-motion --write-labels) and that in the column labels, or rename them"
_NO_MARKERS = "give a file of markers on the skin; joint centres do not tell how a body turns or how wide it is"
_SOME_FRAMES = 50  # spread over the trial, where all would take long
_TWIN_M = 0.001  # markers are wider than that
_CORNERS = ("RGTR", "LGTR", "RACR", "LACR")
_BEHIND = frozenset({"PSI", "SACR", "C7", "T4", "T8", "T10", "SCA", "PSH"})
_IN_FRONT = frozenset({"ASI", "CLAV", "STRN", "XIPH", "ASH"})
_THIN_M = 0.06  # from the plane of hips and shoulders; a trunk's skin is at twice that


@dataclass(frozen=True)
class Screened:
    """The markers of a file.

    Attributes:
        markers: their trajectories.
        labels: what is known of some of them.
        left_out: why each other point of the file is no marker on this person's skin.
        gaps: which numbers were read as gaps, by marker.
    """

    markers: MarkerTrajectories
    labels: Mapping[str, Label]
    left_out: Mapping[str, str] = field(default_factory=dict)
    gaps: Mapping[str, str] = field(default_factory=dict)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done on assumption, one line each."""
        left_out = (f"left out {listed(self.left_out)}",) if self.left_out else ()
        gaps = ", ".join(f"{name} {what}" for name, what in self.gaps.items())
        return left_out + ((f"read as gaps: {gaps}",) if gaps else ())


def listed(left_out: Mapping[str, str]) -> str:
    """Return points with the reason why each is left out, grouped by reason.

    Example:
        >>> listed({"LHJC": "joint centre", "RHJC": "joint centre", "Ball1": "not on the body"})
        'LHJC, RHJC (joint centre), Ball1 (not on the body)'
    """
    order = list(dict.fromkeys(left_out.values()))
    ranked = sorted(left_out.items(), key=lambda item: order.index(item[1]))
    groups = groupby(ranked, key=lambda item: item[1])
    return ", ".join(f"{', '.join(name for name, _ in members)} ({reason})" for reason, members in groups)


def screen(path: Path, trial: MarkerTrajectories) -> Screened:
    """Return the markers of a file as read, without points that are none, coded gaps as gaps.

    Raises:
        BadInput: what is left are joint centres, or knows too few landmarks, or a marker leaps off the body.
    """
    left_out = {name: what for name, what in computed(trial.names).items() if name not in trial.places}
    labels = {name: label for name, label in known(trial.names, trial.places).items() if name not in left_out}
    left_out |= keypoints([name for name in trial.names if name not in left_out], labels)
    left_out |= {name: "seldom seen" for name in _seldom_seen(trial, labels) if name not in left_out}
    left_out |= dict.fromkeys(stuck(without(trial, left_out)), "stands still to the last digit")
    trial = without(trial, left_out)
    labels = {name: label for name, label in labels.items() if name in trial.names}
    trial, gaps = without_codes(path, trial, list(labels))
    trial, held = without_held(trial)
    gaps |= held
    doubled = _doubled(trial, labels)
    trial = without(trial, doubled)
    left_out |= doubled
    labels = {name: label for name, label in labels.items() if name in trial.names}
    _require_skin(path, trial, labels, left_out)
    return Screened(trial, labels, left_out, gaps)


def without(trial: MarkerTrajectories, names: Mapping[str, str]) -> MarkerTrajectories:
    """Return a trial without some of its markers."""
    kept = [column for column, name in enumerate(trial.names) if name not in names]
    return replace(trial, names=tuple(trial.names[column] for column in kept), positions=trial.positions[:, kept])


def _seldom_seen(trial: MarkerTrajectories, labels: Mapping[str, Label]) -> list[str]:
    """Return the markers that are hidden in nearly all frames in which the body is seen.

    A frame that shows nearly all known markers at once, as a posed one does, speaks for those that it alone shows.
    """
    seen = np.isfinite(trial.positions).all(-1)
    known_seen = seen[:, [trial.names.index(name) for name in labels]].sum(axis=1)
    body_seen = known_seen >= MIN_KNOWN
    fraction = seen[body_seen if body_seen.any() else slice(None)].mean(axis=0)
    posed = seen[body_seen & (known_seen >= _NEARLY_ALL * len(labels))].any(axis=0)
    return [
        name
        for name, value, shown in zip(trial.names, fraction, posed, strict=True)
        if value < _MIN_SEEN and not (shown and name in labels)
    ]


def _doubled(trial: MarkerTrajectories, labels: Mapping[str, Label]) -> dict[str, str]:
    """Return the markers that are where another one is, of which known ones are kept first."""
    order = sorted(trial.names, key=lambda name: name not in labels)
    seen = np.flatnonzero(np.isfinite(trial.positions).all(-1).any(axis=1))
    some = trial.positions[seen[:: max(1, len(seen) // _SOME_FRAMES)]]
    some = some[:, [trial.names.index(name) for name in order]]
    apart = np.abs(some[:, :, None] - some[:, None]).max(axis=-1)
    together = (apart < _TWIN_M).sum(axis=0) > 0.5 * np.isfinite(apart).sum(axis=0)
    found: dict[str, str] = {}
    for later, first in np.argwhere(np.tril(together, -1)):
        name, other = order[later], order[first]
        if other not in found and not (name in labels and labels[other].landmark != labels[name].landmark):
            found.setdefault(name, f"at the same place as {other}")
    return found


def _require_skin(
    path: Path, trial: MarkerTrajectories, labels: Mapping[str, Label], left_out: Mapping[str, str]
) -> None:
    expected = f"{MIN_KNOWN} labels or more as Plug-in Gait, CMU, OpenCap have"
    if len(labels) < MIN_KNOWN:
        joints = [name for name, what in left_out.items() if what in (KEYPOINT, "joint centre")]
        if len(joints) >= MIN_KNOWN or is_joint_set(trial.names):
            found = f"joint centres ({', '.join((joints or list(trial.names))[:6])}, ...)"
            raise BadInput(path, "markers", found, "markers on the skin", _NO_MARKERS)
        found = f"{len(labels)} known of {len(trial.names)} ({', '.join(trial.names[:6])})"
        raise BadInput(path, "labels", found, expected, _FIX)
    if not _has_trunk_skin(trial, labels):
        found = f"joint centres ({', '.join(trial.names[:6])}, ...): no point of the trunk lies in front or behind"
        raise BadInput(path, "markers", found, "markers on the skin", _NO_MARKERS)


def _has_trunk_skin(trial: MarkerTrajectories, labels: Mapping[str, Label]) -> bool:
    """Return whether any marker sits in front of the trunk or behind it, as markers do and joint centres do not."""
    corners = [[name for name, label in labels.items() if label.landmark == place] for place in _CORNERS]
    if any(label.landmark.removeprefix("R").removeprefix("L") in _BEHIND | _IN_FRONT for label in labels.values()):
        return True
    if not all(corners):
        return True  # nothing to tell it by
    places = [trial.positions[:, trial.names.index(names[0])] for names in corners]
    hips, shoulders = (places[0] + places[1]) / 2, (places[2] + places[3]) / 2
    across, along = places[0] - places[1] + places[2] - places[3], shoulders - hips
    forward = np.cross(across, along)
    forward /= np.linalg.norm(forward, axis=-1, keepdims=True)
    offset = trial.positions - hips[:, None]
    height = np.einsum("tmi,ti->tm", offset, along) / (along**2).sum(axis=-1, keepdims=True)
    depth = np.abs(np.einsum("tmi,ti->tm", offset, forward))
    with np.errstate(invalid="ignore"):
        on_trunk = (height > -0.1) & (height < 1.0) & (np.linalg.norm(offset, axis=-1) < 1.0)
        return bool(np.nanmedian(np.where(on_trunk & (depth > _THIN_M), 1.0, 0.0), axis=0).max() > 0.5)
