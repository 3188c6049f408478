"""Renew src/kinesynth_train/tables/laboratory_sets.csv, the marker sets of laboratories as a network learns them.

python -m tools.shipped.laboratory_sets
"""

from pathlib import Path

import numpy as np

from kinesynth.atomic import write_text
from kinesynth.kinematics.worn_markers import landmark_places
from kinesynth.markers.labels import label_sets
from kinesynth_train.laboratory_sets import MAX_SLACK_M

TABLE = Path(__file__).parents[2] / "src/kinesynth_train/tables/laboratory_sets.csv"
MIN_MARKERS = 8  # of a set, right side and middle: smaller ones are additions to others
HEADER = "set,landmark,body,x,y,z,slack_mm"


def lines() -> list[str]:
    """Return the table's lines: of two labels at one landmark, the one that is put there with more care."""
    known, found = landmark_places(), [HEADER]
    for name, labels in label_sets().items():
        slack = {
            label.landmark: label.slack_m
            for label in sorted(labels, key=lambda label: -label.slack_m)
            if label.landmark in known and not label.landmark.startswith("L") and label.slack_m <= MAX_SLACK_M
        }
        if len(slack) >= MIN_MARKERS:
            found += [_line(name, landmark, *known[landmark], slack[landmark]) for landmark in sorted(slack)]
    return found


def _line(name: str, landmark: str, body: str, place: np.ndarray, slack_m: float) -> str:
    return ",".join([name, landmark, body, *(f"{value:.3f}" for value in place), f"{1e3 * slack_m:g}"])


if __name__ == "__main__":
    write_text(TABLE, "\n".join(lines()) + "\n")
