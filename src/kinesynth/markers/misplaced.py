"""Labels at another place of the body: markers at distances from their neighbours that no body has."""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from itertools import combinations
from pathlib import Path

import numpy as np

from kinesynth.errors import BadInput
from kinesynth.markers.anatomy import Markers, carriers, typical
from kinesynth.markers.labels import Label

_FIRM_M = 0.03  # slack of the labels by whose place a distance can be judged
_OFF_M, _OFF_FRACTION = 0.10, 0.45
_JOINTS = {
    "LFC": {"femur", "tibia"},
    "MFC": {"femur", "tibia"},
    "LMAL": {"tibia", "calcn"},
    "MMAL": {"tibia", "calcn"},
    "LEL": {"humerus", "ulna", "radius"},
    "MEL": {"humerus", "ulna", "radius"},
    "FAR": {"ulna", "radius", "hand"},
    "FAU": {"ulna", "radius", "hand"},
}
"""Landmarks at a joint, which keep their distance to markers on either side of it."""
_MIDDLE = ("pelvis", "torso", "scapula", "head")
_ON_THE_MOVE = frozenset({"ACR", "ASH", "PSH", "SCA"})  # shoulders go up and down with the arms


def check_places(path: Path, markers: Markers, labels: Mapping[str, Label], rest: Mapping[str, np.ndarray]) -> None:
    """Require that markers on one segment lie apart as they do on bodies of any size.

    Args:
        path: of the file, for the message.
        markers: of the trial.
        labels: what is known of them.
        rest: label -> (3,) m, where it sits on a body at rest.

    Raises:
        BadInput: one label is far from where its neighbours would have it.
    """
    firm = [name for name, label in labels.items() if label.slack_m <= _FIRM_M]
    pairs = [(a, b) for a, b in combinations(firm, 2) if _together(labels[a].landmark, labels[b].landmark)]
    expected = np.array([np.linalg.norm(rest[a] - rest[b]) for a, b in pairs])
    found = np.array([typical(np.linalg.norm(markers.at[a] - markers.at[b], axis=-1)) for a, b in pairs])
    if not np.isfinite(found).any():
        return
    size = float(np.nanmedian(found / expected))
    off = np.abs(found - size * expected)
    wrong = list(np.flatnonzero(off > np.maximum(_OFF_M, _OFF_FRACTION * size * expected)))
    votes = Counter(name for index in wrong for name in pairs[index])
    every = Counter(name for pair in pairs for name in pair)
    suspects = [name for name, count in votes.items() if count > max(1, every[name] / 2)]
    if not suspects or _agreed({labels[name].landmark for name in suspects}):
        return
    worst = max(suspects, key=lambda name: (votes[name] / every[name], votes[name]))
    index = max((i for i in wrong if worst in pairs[i]), key=lambda i: off[i])
    other = next(name for name in pairs[index] if name != worst)
    found_where = f"{worst} {found[index]:.2f} m from {other}"
    wanted = f"about {size * expected[index]:.2f} m ({worst} at {labels[worst].landmark})"
    raise BadInput(path, "labels", found_where, wanted, f"look whether {worst} or {other} is mislabelled")


def _agreed(places: set[str]) -> bool:
    """Return whether these are a pair on trunk or head, whose sides are known to be right: a laboratory's own place."""
    return len(places) == 2 and len({place[1:] for place in places}) == 1 and carriers()[min(places)] in _MIDDLE


def _together(one: str, other: str) -> bool:
    """Return whether two landmarks keep their distance whatever the pose."""
    return one != other and bool(_segments(one) & _segments(other))


@cache
def _segments(place: str) -> frozenset[str]:
    if place[1:] in _ON_THE_MOVE:
        return frozenset()
    body = carriers()[place]
    sided = body not in _MIDDLE
    bodies = _JOINTS.get(place[1:], {body}) if sided else {body}
    return frozenset(f"{place[0]} {name}" if sided else name for name in bodies)
