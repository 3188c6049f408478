"""Wrist markers that are named by a side of the body: medial and lateral change places as the forearm turns.

Which one is the thumb's is told by where they lie: the radial styloid is on the side to which the elbow bends, whatever
the palm does short of turning all the way. The elbow's axis tells that side, or the elbow itself as it bends.
"""

from collections.abc import Mapping

import numpy as np

from kinesynth.markers.anatomy import Markers, forwards, typical, unit
from kinesynth.markers.labels import plain

_TURNING = frozenset({"wristmed", "wristlat", "medwrist", "latwrist", "wristin", "wristout", "iwr", "owr"})
_BENT = 0.3  # sine of the flexion from which on an elbow tells the direction by itself
_CONTRARY = -0.3  # cosine


def thumb_side(markers: Markers) -> dict[str, str]:
    """Return the landmarks of wrist labels that lie the other way round than their words say, by label."""
    ahead = forwards(markers)
    trunk = next((ahead[part] for part in ("pelvis", "trunk") if part in ahead), None)
    found: dict[str, str] = {}
    for side in "RL":
        pair = _pair(markers.landmark, side)
        if pair and _towards(markers, side, pair, trunk) < _CONTRARY:
            radial, ulnar = pair
            found |= {radial: f"{side}FAU", ulnar: f"{side}FAR"}
    return found


def radius_side(markers: Markers, side: str) -> float | None:
    """Return on which side (that of the thumb above zero) the radius is, told by the elbow's axis; None if unmarked.

    A forearm turns by a right angle either way, so that the radius is never far on the other side.
    """
    ends = [markers.mean([side + place]) for place in ("LEL", "MEL", "FAR", "FAU")]
    if any(end is None for end in ends):
        return None
    outer, inner, radial, ulnar = (np.asarray(end) for end in ends)
    forearm = unit(0.5 * (radial + ulnar - outer - inner))
    bends = np.cross(unit(outer - inner), forearm) * (1.0 if side == "R" else -1.0)
    return typical((unit(radial - ulnar) * unit(bends)).sum(axis=-1))


def _pair(places: Mapping[str, str], side: str) -> tuple[str, str] | None:
    """Return the labels of one side's wrist whose words turn: that taken for the thumb's side, and the other."""
    named = {place: name for name, place in places.items() if plain(name)[1:] in _TURNING}
    pair = named.get(f"{side}FAR"), named.get(f"{side}FAU")
    return None if pair[0] is None or pair[1] is None else (pair[0], pair[1])


def _towards(markers: Markers, side: str, pair: tuple[str, str], trunk: np.ndarray | None) -> float:
    """Return the typical cosine between the way across the wrist and the direction to which the elbow bends."""
    if (found := radius_side(markers, side)) is not None:
        return found
    shoulder, elbow = markers.mean([f"{side}ACR"]), markers.mean([f"{side}LEL", f"{side}MEL"])
    if shoulder is None or elbow is None:
        return 0.0
    radial, ulnar = (markers.at[name] for name in pair)
    forearm = unit(0.5 * (radial + ulnar) - elbow)
    bends = _across(unit(shoulder - elbow), forearm)
    straight = np.linalg.norm(bends, axis=-1) < _BENT
    if trunk is not None:
        bends = np.where(straight[:, None], _across(trunk, forearm), bends)
    elif straight.all():
        return 0.0
    return typical((unit(radial - ulnar) * unit(bends)).sum(axis=-1))


def _across(direction: np.ndarray, along: np.ndarray) -> np.ndarray:
    """Return the part (T, 3) of directions that is at right angles to others."""
    rest: np.ndarray = direction - (direction * along).sum(axis=-1, keepdims=True) * along
    return rest
