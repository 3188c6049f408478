"""Which way is up in a marker file: files do not say, but people's trunks are above their feet."""

from pathlib import Path

import numpy as np

from kinesynth.errors import BadInput

_UPPER = ("torso", "scapula", "head", "pelvis")
_LOWER = ("tibia", "talus", "calcn", "toes")
_MIN_FRACTION = 0.75  # of the way from feet to trunk along one axis; someone who lies gives no such axis
_CLIMBS_M, _CLIMBS_TIMES = 0.8, 2.0  # m, and times the way along the floor: stairs are less steep
EXTENT_M = (0.4, 3.0)  # of one person's markers in any pose; outside, the unit is wrong


def check_extent(path: Path, positions: np.ndarray) -> None:
    """Require that markers (T, M, 3) m spread as far as one person's do.

    Raises:
        BadInput: they do not: the unit is wrong, or there are several people.
    """
    found = extent(positions)
    low, high = EXTENT_M
    if not low <= found <= high:
        fix = "correct the unit in its header, or keep one person's markers"
        raise BadInput(path, "unit", f"markers {found:.3g} m apart", f"{low:g} to {high:g} m for one person", fix)


def extent(positions: np.ndarray) -> float:
    """Return how far markers (T, M, 3) spread in the middle one of all frames, NaN where none shows two."""
    shown = positions[np.isfinite(positions).all(-1).sum(axis=1) > 1]
    if not len(shown):
        return float("nan")
    span = np.nanmax(shown, axis=1) - np.nanmin(shown, axis=1)
    return float(np.nanmedian(np.linalg.norm(span, axis=-1)))


def upright(path: Path, positions: np.ndarray, bodies: list[str]) -> np.ndarray:
    """Return the rotation (3, 3) that turns the axis which is up in the file to y.

    Args:
        path: of the file, for the message.
        positions: (T, M, 3) of known markers.
        bodies: the OpenSim body that each rides on.

    Raises:
        BadInput: no axis is up.
    """
    parts = [[index for index, body in enumerate(bodies) if body.split("_")[0] in names] for names in (_UPPER, _LOWER)]
    expected = "a trunk above the feet"
    fix = "mark both trunk and feet, or cut the file to where the subject is upright"
    if not all(parts):
        raise BadInput(path, "up axis", "no known markers on trunk or feet", expected, fix)
    upper, lower = (np.nanmedian(positions[:, part], axis=(0, 1)) for part in parts)
    up = upper - lower
    axis = int(np.abs(up).argmax())
    if not abs(up[axis]) >= _MIN_FRACTION * np.linalg.norm(up):
        raise BadInput(path, "up axis", f"trunk and feet apart by {np.round(up, 2).tolist()} m", expected, fix)
    way = np.abs(_way(positions))
    if way[axis] > max(_CLIMBS_M, _CLIMBS_TIMES * np.linalg.norm(np.delete(way, axis))):
        found = f"trunk and feet apart along {'xyz'[axis]}, which is where the subject goes, by {way[axis]:.1f} m"
        raise BadInput(path, "up axis", found, expected, fix)
    turn = np.roll(np.eye(3), 1 - axis, axis=0)  # cyclic, hence a rotation: axis -> y
    return turn if up[axis] > 0.0 else np.diag([-1.0, -1.0, 1.0]) @ turn


def up_note(turn: np.ndarray) -> tuple[str, ...]:
    """Return what is to be said of a rotation to y up: nothing where y or z was up, as in nearly all files."""
    axis = int(np.abs(turn[1]).argmax())
    if axis > 0 and turn[1, axis] > 0.0:
        return ()
    sign = "+" if turn[1, axis] > 0.0 else "-"
    return (f"up axis taken to be {sign}{'xyz'[axis]}, along which the trunk is above the feet",)


def _way(positions: np.ndarray) -> np.ndarray:
    """Return how far (3,) m the typical marker gets, from the first tenth of its frames to the last."""
    ways = []
    for marker in positions.transpose(1, 0, 2):
        path = marker[np.isfinite(marker).all(axis=-1)]
        part = len(path) // 10 + 1
        if len(path):
            ways.append(np.median(path[-part:], axis=0) - np.median(path[:part], axis=0))
    return np.asarray(np.median(ways, axis=0))
