"""Whether a static trial is of the person in another trial: markers keep their distances on the bones of one person."""

from itertools import combinations
from pathlib import Path

import numpy as np

from kinesynth.errors import BadInput
from kinesynth.markers.anatomy import carriers_of, typical
from kinesynth.markers.labels import known
from kinesynth.opensim_files.trc import MarkerTrajectories

_MIN_COMMON, _MIN_PAIRS = 0.5, 4  # of a trial's known markers; pairs of them on one body
_MAX_UNLIKE = 0.05  # of their distance
FIX = "name the static trial of this person and session in the column static, or none"


def check_same_person(path: Path, static: MarkerTrajectories, trial: MarkerTrajectories, fix: str = FIX) -> None:
    """Require that one person wore the same markers in a static trial, whose `path` is told, and in another.

    Args:
        path: of the static trial.
        static: it.
        trial: the other.
        fix: what the user can do.

    Raises:
        BadInput: few names are common, or markers lie otherwise on their segments.
    """
    carriers = carriers_of(known(trial.names, trial.places))
    common = [name for name in carriers if name in static.names]
    if len(common) < _MIN_COMMON * len(carriers):
        found = f"{len(common)} of the {len(carriers)} known markers of the clip"
        raise BadInput(path, "static", found, "half of them at least", fix)
    pairs = [(one, other) for one, other in combinations(common, 2) if carriers[one] == carriers[other]]
    ratios = np.array([_distance(trial, *pair) / _distance(static, *pair) for pair in pairs])
    ratios = ratios[np.isfinite(ratios)]
    off = float(np.median(np.abs(ratios - 1.0))) if len(ratios) >= _MIN_PAIRS else 0.0
    if off > _MAX_UNLIKE:
        found = f"markers {off:.0%} nearer or farther from each other on a segment than in the clip"
        raise BadInput(path, "static", found, f"the same person, within {_MAX_UNLIKE:.0%}", fix)


def _distance(trial: MarkerTrajectories, one: str, other: str) -> float:
    """Return how far two markers are apart, the median in m; NaN where they are never seen together."""
    ends = [trial.positions[:, trial.names.index(name)] for name in (one, other)]
    return typical(np.linalg.norm(ends[0] - ends[1], axis=-1))
