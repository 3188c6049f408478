"""`predict --markers` on recordings of real people in a laboratory: inverse kinematics and the network that ships.

The recordings are those of `people.csv` with measured markers and published angles, each with its static trial where it
has one; the first seconds of each. Frames that a method does not believe do not count, and what it refuses is told.
Published angles are another model's, no truth.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from kinesynth.errors import BadInput
from kinesynth.opensim_files import read_storage
from kinesynth.opensim_files.trc import read_trc
from kinesynth_train.predict.landmarks import generic_skeleton
from kinesynth_train.predict.predict import predict
from kinesynth_train.predict.request import Request
from tools.acceptance.measured_people import Row, angles_apart, recordings
from tools.acceptance.metrics import OUTPUT, SHARED, Metric

METHODS = ("markers", "neurik")
GROUPS = ("hip", "knee", "ankle")
SECONDS, BAR_DEG = 8.0, 6.0


def metrics() -> Iterator[Metric]:
    """Yield the RMS of hip, knee and ankle flexion of each recording and method."""
    for row in recordings():
        if row["source"] != "markers" or not row["published"] or row["action"] == "standing":
            continue
        for method in METHODS:
            try:
                yield from _errors(row, method)
            except BadInput as error:
                print(f"{row['clip']}, {method}: refused: {error}")  # noqa: T201


def _errors(row: Row, method: str) -> Iterator[Metric]:
    path, output = SHARED / row["path"], OUTPUT / "video" / "marker_methods" / method
    static = SHARED / row["static"] if row["static"] else None
    predict(Request(None, output, markers=path, static=static, name=row["clip"], method=method, end=SECONDS))
    motion = read_storage(output / "kinematics" / f"{row['clip']}.mot")
    skeleton = generic_skeleton()
    values = np.stack([motion.column(name) for name in skeleton.coordinate_names], axis=1)
    angles = np.where(skeleton.coordinate_translational, values, np.radians(values))
    times = _first_time(path) + motion.times
    apart = angles_apart(row, times, angles, np.ones(angles.shape, dtype=bool), list(skeleton.coordinate_names))
    for group in GROUPS:
        value = round(apart[group].rms, 2)
        yield Metric(f"video.{row['clip']}.{method}.{group}_rms", value, "deg", BAR_DEG, "lower")


def _first_time(path: Path) -> float:
    """Return the time of a file's first frame, s: `predict` counts from there."""
    return float(read_trc(path).times[0])
