"""The markers that one person wore, and what anatomy says of them before anything is measured.

`tables/landmarks.csv` has where landmarks are on the generic skeleton: where published models of its family put their
markers, and else where the mean body laid over the skeleton has them. `tables/standing.csv` has the coordinates of
people who stand at ease, and how far they may well be from that, standing or moving.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

import numpy as np

from kinesynth.kinematics.batched_ik import Prior
from kinesynth.kinematics.scaling_protocol import table
from kinesynth.skeleton.definition import SkeletonDefinition
from kinesynth.skeleton.marker_weights import are_bony, marker_weights

PELVIS_ENDS = (frozenset({"RASI", "LASI"}), frozenset({"RPSI", "LPSI"}))
"""The landmarks between which the pelvis' tilt is defined: where both ends are marked, it is measured, not supposed."""


@dataclass(frozen=True)
class WornMarkers:
    """Markers on one person, in F frames.

    Attributes:
        labels: (M,) what the laboratory calls them.
        landmarks: (M,) the place of each on the body, "" where it is not known.
        bodies: (M,) the OpenSim body on which each rides.
        slack_m: (M,) how far from its landmark each may well sit.
        positions: (F, M, 3) m, y up; NaN where one was not seen.
        standing: whether the frames are of somebody who stands at ease.
        moving: (N, M, 3) m, some frames of the trials in which the person moves; none where `positions` are these.
    """

    labels: tuple[str, ...]
    landmarks: tuple[str, ...]
    bodies: tuple[str, ...]
    slack_m: np.ndarray
    positions: np.ndarray
    standing: bool
    moving: np.ndarray

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> Self:
        """Take them out of a subject's record, as `kinesynth.subjects.worn` wrote them."""
        labels, landmarks, bodies = (tuple(record[name]) for name in ("labels", "landmarks", "bodies"))
        positions, moving = (
            np.array(record[name], float).reshape(-1, len(labels), 3) for name in ("positions", "moving")
        )
        slack, standing = np.array(record["slack_m"], float), bool(record["standing"])
        return cls(labels, landmarks, bodies, slack, positions, standing, moving)


@cache
def landmark_places() -> dict[str, tuple[str, np.ndarray]]:
    """Return the body and the place (3,) m of each landmark on the generic skeleton, left counterparts included."""
    found = {}
    for row in table("landmarks.csv"):
        name, body, place = row["landmark"], row["body"], np.array([float(row[axis]) for axis in "xyz"])
        found[name] = body, place
        if name.startswith("R"):
            found[f"L{name[1:]}"] = body.replace("_r", "_l"), place * [1.0, 1.0, -1.0]
    return found


def followed_weights(landmarks: Sequence[str]) -> np.ndarray:
    """Return what markers at these landmarks, "" where unknown, weigh in inverse kinematics, (M,).

    They weigh as virtual ones do. Shoulders and flanks, where skin slides and virtual markers are no loss, weigh as
    soft tissue: many a laboratory marks little else of the trunk.
    """
    weights = marker_weights([name for name in landmarks if name], "motion")
    return np.array([max(weights[name], 1.0) if name else 1.0 for name in landmarks])


def held_to_bone(landmarks: Sequence[str]) -> np.ndarray:
    """Return which markers (M,) tell by how much their segment is off."""
    bony = are_bony([name or "?" for name in landmarks])
    return np.array([held and bool(name) for name, held in zip(landmarks, bony, strict=True)])


def standing_prior(skeleton: SkeletonDefinition, landmarks: Sequence[str], standing: bool) -> Prior:
    """Return what is likely of the coordinates before any marker is seen: means, and 1 / standard deviation squared.

    Args:
        skeleton: whose coordinates they are.
        landmarks: those that are marked.
        standing: whether the person stands at ease.
    """
    names = skeleton.coordinate_names
    mean, precision = skeleton.coordinate_defaults.copy(), np.zeros(len(names))
    for row in table("standing.csv"):
        for name in (row["coordinate"], f"{row['coordinate']}_r", f"{row['coordinate']}_l"):
            if name in names:
                mean[names.index(name)] = np.radians(float(row["mean"]))
                spread = np.radians(float(row["standing" if standing else "moving"]))
                precision[names.index(name)] = 1.0 / spread**2
    if all(end & set(landmarks) for end in PELVIS_ENDS):
        precision[names.index("pelvis_tilt")] = 0.0
    return Prior(mean, precision)
