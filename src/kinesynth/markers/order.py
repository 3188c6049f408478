"""Finds labels that swap the upper and lower, front and back, or inner and outer of two markers."""

from functools import cache
from pathlib import Path

import numpy as np

from kinesynth.errors import BadInput
from kinesynth.markers.anatomy import Markers, forwards, typical, unit, upward
from kinesynth.markers.labels import TABLES
from kinesynth.markers.wrists import radius_side
from kinesynth.text import table_rows

_BEHIND_M = -0.02  # along the direction in which the first should be further
_CONTRARY = -0.5  # cosine between where the outer marker lies and where it should; legs turn about their length
_ELBOW_CONTRARY = -0.2
_BENT = 0.3  # sine of the flexion from which on an elbow tells its inner side
_OUTER_INNER = (("LFC", "MFC"), ("LMAL", "MMAL"), ("MT5", "MT1"))
_UP = np.array([0.0, 1.0, 0.0])


def check_order(path: Path, markers: Markers) -> None:
    """Require that markers on one part of the body follow each other as their landmarks do.

    Raises:
        BadInput: two bear each other's labels.
    """
    ahead = forwards(markers)
    trunk = next((ahead[part] for part in ("pelvis", "trunk") if part in ahead), None)
    directions: dict[str, list[tuple[str, np.ndarray | None]]] = {"up": [("", upward(markers))], "ahead": [("", trunk)]}
    directions["foot"] = [(side, ahead.get(f"{name} foot")) for side, name in (("R", "right"), ("L", "left"))]
    for along, first, second in _order():
        for side, direction in directions[along]:
            apart = _from(markers, side + second, side + first)
            if apart is not None and direction is not None and typical((apart * direction).sum(axis=-1)) < _BEHIND_M:
                where = "above" if along == "up" else "in front of"
                raise _exchanged(path, markers, side + first, side + second, where)
    for side, name, sign in (("R", "right", 1.0), ("L", "left", -1.0)):
        forward = ahead.get(f"{name} foot", trunk)
        if forward is not None:
            _check_outer(path, markers, side, sign * unit(np.cross(forward, _UP)))
        if sign * _elbow(markers, side) < _ELBOW_CONTRARY:
            raise _exchanged(path, markers, f"{side}LEL", f"{side}MEL", "outside of")
        if (radius := radius_side(markers, side)) is not None and radius < _CONTRARY:
            raise _exchanged(path, markers, f"{side}FAR", f"{side}FAU", "on the thumb's side of")


def _check_outer(path: Path, markers: Markers, side: str, outward: np.ndarray) -> None:
    for outer, inner in _OUTER_INNER:
        apart = _from(markers, side + inner, side + outer)
        if apart is not None and typical((unit(apart) * outward).sum(axis=-1)) < _CONTRARY:
            raise _exchanged(path, markers, side + outer, side + inner, "outside of")


def _elbow(markers: Markers, side: str) -> float:
    """Return to which side (right above zero) an elbow's axis points, told by the way in which it bends."""
    shoulder, wrist = markers.mean([f"{side}ACR"]), markers.mean([f"{side}FAR", f"{side}FAU"])
    elbow, out = markers.mean([f"{side}LEL", f"{side}MEL"]), _from(markers, f"{side}MEL", f"{side}LEL")
    if shoulder is None or wrist is None or elbow is None or out is None:
        return 0.0
    down, on = unit(elbow - shoulder), unit(wrist - elbow)
    bent = np.linalg.norm(np.cross(down, on), axis=-1) > _BENT
    return typical((np.cross(unit(out), down) * on).sum(axis=-1)[bent])


def _from(markers: Markers, start: str, end: str) -> np.ndarray | None:
    """Return the way (T, 3) from one landmark to another; None unless both are marked."""
    one, other = markers.mean([start]), markers.mean([end])
    return None if one is None or other is None else other - one


def _exchanged(path: Path, markers: Markers, first: str, second: str, where: str) -> BadInput:
    one, other = (", ".join(name for name, at in markers.landmark.items() if at == place) for place in (first, second))
    fix = f"exchange the labels {one} and {other}, or see which sits elsewhere"
    return BadInput(path, "labels", f"{other} {where} {one}", f"{one} ({first}) {where} {other} ({second})", fix)


@cache
def _order() -> tuple[tuple[str, str, str], ...]:
    return tuple((row["along"], row["first"], row["second"]) for row in table_rows(TABLES / "order.csv"))
