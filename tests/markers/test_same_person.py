"""Whether a static trial is of the person in another trial."""

from pathlib import Path

import numpy as np
import pytest

from kinesynth.errors import BadInput
from kinesynth.markers.same_person import check_same_person
from kinesynth.opensim_files.trc import MarkerTrajectories

FPS = 100.0
PELVIS = ("RASI", "LASI", "RPSI", "LPSI", "SACR")


def _pelvis(size: float, prefix: str = "") -> MarkerTrajectories:
    """Return 1 s of a pelvis that travels."""
    places = size * np.array([[0.1, 0, 0.12], [0.1, 0, -0.12], [-0.08, 0.02, 0.04], [-0.08, 0.02, -0.04], [-0.1, 0, 0]])
    positions = places + np.linspace(0.0, 1.0, 100)[:, None, None]
    return MarkerTrajectories(tuple(prefix + name for name in PELVIS), positions, FPS, np.arange(100) / FPS)


def test_a_static_trial_of_another_person_is_refused() -> None:
    """Markers on the bones of one person keep their distances to a per cent; four pairs at least must tell."""
    path = Path("static.trc")
    check_same_person(path, _pelvis(1.0), _pelvis(1.02))
    with pytest.raises(BadInput, match=r"static.trc: static: found markers 8% nearer or farther"):
        check_same_person(path, _pelvis(1.0), _pelvis(1.08))
    with pytest.raises(BadInput, match=r"static: found 0 of the 5 known markers of the clip"):
        check_same_person(path, _pelvis(1.0, "X"), _pelvis(1.0))
