"""What a subject's record says of the markers that were worn: where each belongs, and where it was in some frames.

A static trial tells where markers sit. Without one some frames of the trials must, from which sizes and places are
told together.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kinesynth.markers.anatomy import carriers_of
from kinesynth.markers.labels import Label, known
from kinesynth.markers.telling_frames import spread_frames, standstill
from kinesynth.mosh.fit import MarkedSubject, columns
from kinesynth.opensim_files.trc import MarkerTrajectories

_DIGITS = 5
BODY_OF_JOINT = {
    "pelvis": "pelvis",
    "spine1": "abdomen",
    "spine2": "torso",
    "spine3": "torso",
    "neck": "head",
    "head": "head",
    "jaw": "head",
    "eye": "head",
    "collar": "scapula",
    "hip": "femur",
    "knee": "tibia",
    "ankle": "calcn",
    "foot": "toes",
    "shoulder": "humerus",
    "elbow": "ulna",
}
"""The OpenSim body that moves with a joint of the body model; those beyond the wrist move the hand."""


def worn_record(
    marked: MarkedSubject, static: MarkerTrajectories | None, trials: Sequence[MarkerTrajectories]
) -> dict[str, Any]:
    """Return the markers on a subject, for the subject's record: `kinematics.worn_markers.WornMarkers` reads it.

    Args:
        marked: the body that wears them.
        static: a trial of the subject standing, if there is one; one in which nobody stands still counts as the others.
        trials: all others.
    """
    names = marked.attachment.names
    labels = known(names, {name: place for trial in (*trials, static) if trial for name, place in trial.places.items()})
    still = None if static is None else standstill(columns(static, names).numpy(), static.fps)
    moving = [columns(trial, names).numpy() for trial in trials] or [np.empty((0, len(names), 3))]
    if static is not None and still is None:
        moving.append(columns(static, names).numpy())
    spread = spread_frames(np.concatenate(moving))
    return {
        "standing": still is not None,
        "labels": list(names),
        "landmarks": [labels[name].landmark if name in labels else "" for name in names],
        "bodies": bodies_ridden(marked, labels),
        "slack_m": [round(float(slack), 4) for slack in marked.attachment.slack],
        "positions": _rounded(spread if still is None else still[None]),
        "moving": _rounded(spread[:0] if still is None else spread),
    }


def assumed(worn: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a subject's skeleton takes for granted of the markers on record, one line each."""
    marked, notes = set(worn["landmarks"]), []
    if not worn["standing"]:
        notes.append("no static trial of somebody who stands: sizes and marker places are from frames of the motion")
    elif not marked & {"RPSI", "LPSI"} or not marked & {"RASI", "LASI"}:
        notes.append("pelvis tilt when standing: mostly what is usual, for want of markers on ASIS and PSIS")
    return tuple(notes)


def bodies_ridden(marked: MarkedSubject, labels: Mapping[str, Label]) -> list[str]:
    """Return the OpenSim body of each marker: its landmark's, else that of the skin to which it is attached."""
    carriers, feet, body = carriers_of(labels), marked.attachment.feet, marked.body
    moved = np.einsum("mkj,mk->mj", body.skinning_weights[feet.indices], feet.weights).argmax(axis=1)
    found = []
    for name, joint in zip(marked.attachment.names, moved.tolist(), strict=True):
        side, _, part = body.joint_names[joint].rpartition("_")
        plain = BODY_OF_JOINT.get(part, "hand")
        sided = f"{plain}_{side[0]}" if side and plain not in ("abdomen", "torso", "head", "pelvis") else plain
        found.append(carriers.get(name, sided))
    return found


def _rounded(positions: np.ndarray) -> list[Any]:
    """Return positions as JSON has them, with null where a marker was not seen."""
    rounded = np.round(positions, _DIGITS).astype(object)
    rounded[~np.isfinite(positions)] = None
    return list(rounded.tolist())
