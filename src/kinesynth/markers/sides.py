"""Finds labels that swap left and right, or front and back.

All is judged over the trial as a whole, in the body's own axes: legs may cross and feet may turn for a while.
"""

from pathlib import Path

import numpy as np

from kinesynth.errors import BadInput
from kinesynth.markers.anatomy import Markers, carriers, forwards, typical, unit, upward

_CONTRARY = -0.3  # cosine of what should be above zero; joints turn, and markers sit a little off their places
_OPPOSED = -0.5  # the same, of directions that may well be at right angles
_NEAR = frozenset({"pelvis", "torso", "scapula", "head", "femur"})
"""Bodies of which the right one is at the right nearly always."""
_BELOW = frozenset({"tibia", "calcn", "toes"})
_ANCHORS = {
    "tibia": ("LFC", "MFC", "TH4", "TH3", "TH2", "TH1"),
    "calcn": ("LMAL", "MMAL", "TB3", "TB2", "TB1"),
    "toes": ("LMAL", "MMAL", "TB3", "TB2", "TB1"),
    "humerus": ("ACR", "ASH", "PSH"),
    "ulna": ("LEL", "MEL"),
    "radius": ("LEL", "MEL"),
    "hand": ("FAR", "FAU"),
}
"""By which landmarks a body further out is known to be of the same side: those nearest to its upper joint."""
_LONGEST_M = {"humerus": 0.45, "ulna": 0.40, "radius": 0.40, "hand": 0.30, "calcn": 0.40, "toes": 0.45}
_UNSTEADY_M, _NEARER_M = 0.03, 0.03
_MOSTLY = 0.7


def check_sides(path: Path, markers: Markers) -> None:
    """Require that labels tell left from right and front from back.

    Raises:
        BadInput: some do not, by name.
    """
    ahead = forwards(markers)
    _check_front(path, markers, ahead)
    reference = next((ahead[part] for part in ("pelvis", "trunk") if part in ahead), None)
    if reference is None:
        return
    right = unit(np.cross(reference, upward(markers)))
    _check_left(path, markers, right)


def _check_front(path: Path, markers: Markers, ahead: dict[str, np.ndarray]) -> None:
    agree = {
        part: [typical((direction * other).sum(axis=-1)) for name, other in ahead.items() if name != part]
        for part, direction in ahead.items()
    }
    against = {part: sum(value < _OPPOSED for value in values) for part, values in agree.items()}
    wrong = [part for part, votes in against.items() if votes > len(ahead) / 2 or votes == len(ahead) - 1 > 0]
    if wrong:
        found = f"the {' and the '.join(wrong[:1] if len(ahead) > 2 else wrong)} back to front against the rest"
        labels = _labels_of(markers, wrong[0])
        fix = f"exchange the labels in front and behind ({labels})"
        raise BadInput(path, "labels", found, "front and back as the other markers have them", fix)


def _labels_of(markers: Markers, part: str) -> str:
    on = {"pelvis": ("pelvis",), "trunk": ("torso", "scapula")}.get(part, ())
    side = {"r": "R", "l": "L"}.get(part[0], "") if "foot" in part else ""
    body = carriers()
    names = [
        name
        for name, place in markers.landmark.items()
        if (body[place] in on if on else place[0] == side and body[place] in ("calcn", "toes"))
    ]
    return ", ".join(names)


def _check_left(path: Path, markers: Markers, right: np.ndarray) -> None:
    pairs = markers.pairs()
    exchanged = _exchanged(markers, pairs, right)
    if not exchanged:
        return
    if len(exchanged) >= _MOSTLY * len(pairs):
        found = "right on the left and left on the right in all labels, seen from front and back"
        fix = "mirror one axis if the file's axes are left-handed, or exchange the labels of left and right"
        raise BadInput(path, "axes", found, "a right-handed system and labels of the right side on the right", fix)
    names = ", ".join(f"{one} and {other}" for one, other in exchanged)
    found = f"left and right exchanged at {names}"
    raise BadInput(path, "labels", found, "each on its own side", "exchange these labels")


def _exchanged(markers: Markers, pairs: list[tuple[str, str]], right: np.ndarray) -> list[tuple[str, str]]:
    """Return the counterparts (right, left) that bear each other's labels."""
    body = carriers()
    lies: dict[tuple[str, str], bool] = {}
    for pair in sorted(pairs, key=lambda pair: _rank(body[markers.landmark[pair[0]]])):
        one, other = pair
        kind = body[markers.landmark[one]]
        aside = typical((unit(markers.at[one] - markers.at[other]) * right).sum(axis=-1))
        if kind in _NEAR:
            lies[pair] = aside < _CONTRARY
        elif anchor := _anchor(markers, pairs, kind):
            lies[pair] = lies.get(anchor, False) ^ _crossed(markers, pair, anchor, kind, aside)
        elif kind in _BELOW:
            lies[pair] = aside < _CONTRARY
    return [pair for pair, lie in lies.items() if lie]


def _rank(kind: str) -> int:
    return 0 if kind in _NEAR else list(_ANCHORS).index(kind) + 1 if kind in _ANCHORS else 99


def _anchor(markers: Markers, pairs: list[tuple[str, str]], kind: str) -> tuple[str, str] | None:
    for place in _ANCHORS.get(kind, ()):
        for pair in pairs:
            if markers.landmark[pair[0]] == f"R{place}":
                return pair
    return None


def _crossed(markers: Markers, pair: tuple[str, str], anchor: tuple[str, str], kind: str, aside: float) -> bool:
    """Return whether a pair goes with the anchors of the other side, steadily or, of someone still, nearer."""
    if set(pair) & set(anchor):
        return False
    own = [_apart(markers, *ends) for ends in zip(pair, anchor, strict=True)]
    other = [_apart(markers, *ends) for ends in zip(pair, reversed(anchor), strict=True)]
    (own_far, own_sway), (far, sway) = ((max(row) for row in zip(*ends, strict=True)) for ends in (own, other))
    if own_sway > _UNSTEADY_M:
        return bool(sway < own_sway / 2.0 and far < own_far)
    if far > own_far - _NEARER_M:
        return False
    return bool(own_far > _LONGEST_M[kind] if kind in _LONGEST_M else aside < _CONTRARY)


def _apart(markers: Markers, one: str, other: str) -> tuple[float, float]:
    """Return the typical distance of two markers and how much it varies, m."""
    distance = np.linalg.norm(markers.at[one] - markers.at[other], axis=-1)
    middle = typical(distance)
    return middle, 1.5 * typical(np.abs(distance - middle))
