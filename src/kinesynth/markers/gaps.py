"""Positions that are no positions: numbers by which a program codes that it did not see a marker, and plain leaps.

Zero and NaN are read as gaps already; what is left are far constants (9999, -16512), each program its own.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from kinesynth.errors import BadInput
from kinesynth.opensim_files.trc import MarkerTrajectories

FAR_M = 2.5  # from the middle of a person's markers; nobody reaches so far
_MIN_SHARED = 4  # markers at one and the same point, in one frame
_MAX_LEAPS = 0.5  # of the frames; what is far off for longer is not on this body


def without_codes(
    path: Path, trial: MarkerTrajectories, on_body: list[str]
) -> tuple[MarkerTrajectories, dict[str, str]]:
    """Return a trial whose coded gaps are NaN, and for each marker that had some how many frames and which code.

    Args:
        path: of the file, for the message.
        trial: as read.
        on_body: the markers of known landmarks; others may lie where they like.

    Raises:
        BadInput: a marker of a known landmark leaps off the body, but not to a constant.
    """
    positions = trial.positions.copy()
    coded = _shared(positions)
    positions[coded] = np.nan
    away = _away(positions)
    leaps = away & ~_constant(positions, away)
    coded |= away & ~leaps
    for column, name in enumerate(trial.names):
        if name in on_body and leaps[:, column].any():
            raise _leap(path, name, np.flatnonzero(leaps[:, column]), away_by=_distance(positions)[:, column])
    notes = {
        trial.names[column]: f"{coded[:, column].sum()} frames at {_code(trial.positions[coded[:, column], column])}"
        for column in np.flatnonzero(coded.any(axis=0))
    }
    positions[coded] = np.nan
    return replace(trial, positions=positions), notes


def _shared(positions: np.ndarray) -> np.ndarray:
    """Return where (T, M) several markers of a frame are at exactly one point, which no markers can be."""
    coded = np.zeros(positions.shape[:2], bool)
    rounded = np.round(positions, 6)
    ordered = np.sort(rounded[..., 0], axis=1)
    reach = _MIN_SHARED - 1
    if ordered.shape[1] <= reach:
        return coded
    for frame in np.flatnonzero((ordered[:, reach:] == ordered[:, :-reach]).any(axis=1)):
        points, inverse, counts = np.unique(rounded[frame], axis=0, return_inverse=True, return_counts=True)
        crowded = (counts >= _MIN_SHARED) & np.isfinite(points).all(axis=1)
        coded[frame] = crowded[inverse.ravel()]
    return coded


def _distance(positions: np.ndarray) -> np.ndarray:
    """Return how far (T, M) m markers are from the middle of their frame's."""
    return np.asarray(np.linalg.norm(positions - _median(positions)[:, None], axis=-1))


def _median(positions: np.ndarray) -> np.ndarray:
    """Return the medians (T, 3) over the markers; NaN in frames without any."""
    middle: np.ndarray = np.full((len(positions), 3), np.nan)
    some = np.isfinite(positions).any(axis=(1, 2))
    middle[some] = np.nanmedian(positions[some], axis=1)
    return middle


def _away(positions: np.ndarray) -> np.ndarray:
    """Return where (T, M) a marker that is mostly on the body is far off it."""
    far = np.nan_to_num(_distance(positions)) > FAR_M
    seen = np.isfinite(positions).all(axis=-1)
    far[:, far.sum(axis=0) > _MAX_LEAPS * seen.sum(axis=0)] = False
    return np.asarray(far)


def _constant(positions: np.ndarray, away: np.ndarray) -> np.ndarray:
    """Return where (T, M) a far marker is at a point to which it comes back exactly, or whose coordinates are alike."""
    constant = np.zeros_like(away)
    for column in np.flatnonzero(away.any(axis=0)):
        frames = np.flatnonzero(away[:, column])
        points = np.round(positions[frames, column], 6)
        _, inverse, counts = np.unique(points, axis=0, return_inverse=True, return_counts=True)
        alike = np.ptp(np.abs(points), axis=1) < 1e-6
        constant[frames, column] = (counts[inverse.ravel()] > 1) | alike
    return constant


def _code(points: np.ndarray) -> str:
    return f"({', '.join(f'{value:.5g}' for value in np.median(points, axis=0))}) m"


def _leap(path: Path, name: str, frames: np.ndarray, away_by: np.ndarray) -> BadInput:
    where = f"frame {frames[0] + 1}" if len(frames) == 1 else f"frames {frames[0] + 1} to {frames[-1] + 1}"
    found = f"{np.median(away_by[frames]):.1f} m off the body in {where}"
    fix = "delete the marker there, or fill the gap, and export the file again"
    return BadInput(path, f"marker {name}", found, f"within {FAR_M:g} m of the others", fix)
