"""Points that are no markers, recognized by name: those that software computed, or pose estimation saw in a video."""

import re
from collections.abc import Collection, Iterable, Mapping
from functools import cache

from kinesynth.markers.labels import TABLES, Label, bare, plain
from kinesynth.text import table_rows

KEYPOINT = "joint centre of video pose estimation"
_STUDY = "study"  # OpenCap's ending for the markers that it estimates from its keypoints
_AXES = (
    "o",
    "a",
    "l",
    "p",
)  # Plug-in Gait writes each segment as its origin and the tips of three axes: LFEO, LFEA ...
_MIN_TELLTALES = 2


def computed(names: Iterable[str]) -> dict[str, str]:
    """Return what those of the `names` are that name no marker: joint centres, bones, angles, forces ...

    Example:
        >>> computed(["LeftHipCenter", "R_HJC_reg", "LKNE", "RKneeAngles"])
        {'LeftHipCenter': 'joint centre', 'R_HJC_reg': 'joint centre', 'RKneeAngles': 'angle'}
    """
    names = list(names)
    stems = _bones({bare(name) for name in names})
    found = {}
    for name in names:
        what = next((what for pattern, what in _patterns() if pattern.fullmatch(plain(name))), "")
        if bare(name)[:-1] in stems and bare(name)[-1] in _AXES:
            what = "axis of a bone"
        if what:
            found[name] = what
    return found


def keypoints(names: Collection[str], labels: Mapping[str, Label]) -> dict[str, str]:
    """Return which of the `names` are keypoints of a video, if two or more of them can be nothing else.

    Names that markers bear too (RKnee) are keypoints where the pelvis wears no markers, where OpenCap's markers stand
    beside them (r_knee_study), or where another marker sits at the same landmark.
    """
    candidates = {name: _unsided(bare(name)) for name in names if _unsided(bare(name)) in _vocabulary()}
    telltales = {name for name, point in candidates.items() if _vocabulary()[point]}
    if len(telltales) < _MIN_TELLTALES:
        return {}
    others = {name: label.landmark for name, label in labels.items() if name not in candidates and label.landmark}
    augmented = any(bare(name).endswith(_STUDY) for name in names)
    worn = {place[1:] for place in others.values()} & {"ASI", "PSI", "ACR"}
    certain = augmented or not worn
    taken = set(others.values())
    return {
        name: KEYPOINT
        for name in candidates
        if certain or name in telltales or name not in labels or labels[name].landmark in taken
    }


def is_joint_set(names: Iterable[str]) -> bool:
    """Return whether most names are those of joints, as pose estimation has them, so that a message may say so."""
    names = list(names)
    return sum(_unsided(bare(name)) in _vocabulary() for name in names) > len(names) / 2


def _bones(names: set[str]) -> set[str]:
    """Return the stems of which origin and the tips of all axes are there."""
    stems = {name[:-1] for name in names if len(name) > 2 and name[-1] in _AXES}
    return {stem for stem in stems if all(stem + axis in names for axis in _AXES)}


def _unsided(name: str) -> str:
    """Return a plain name without its side: rbigtoe, right_big_toe, mouth_left -> bigtoe, bigtoe, mouth."""
    if name in _vocabulary():
        return name
    cut = re.sub(r"^(right|left)|(right|left)$", "", name)
    return cut if cut != name else name[1:] if name[:1] in ("r", "l") else name


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(row["pattern"]), row["what"]) for row in table_rows(TABLES / "computed.csv"))


@cache
def _vocabulary() -> dict[str, bool]:
    return {row["label"]: bool(row["tells"]) for row in table_rows(TABLES / "keypoints.csv")}
