"""Labelled markers as anatomy sees them: by landmark, in pairs of sides, with the directions that landmarks give."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from kinesynth.body.landmarks import rules
from kinesynth.body.virtual_markers import marker_bodies
from kinesynth.markers.labels import LANDMARKS, Label, plain

SOME_FRAMES = 80  # spread over a trial; what holds of it as a whole shows in them
_IN_FRONT = {"pelvis": ("RASI", "LASI"), "trunk": ("CLAV", "STRN", "XIPH")}
_BEHIND = {"pelvis": ("RPSI", "LPSI", "SACR"), "trunk": ("C7", "T4", "T8", "T10", "RSCA", "LSCA")}
_HEELS, _TOES = ("CAL", "HLA", "HME"), ("MT2", "TOE", "MT1", "MT5", "TO5")


@dataclass(frozen=True)
class Markers:
    """Known markers in some frames of an upright trial.

    Attributes:
        at: label -> (T, 3) m.
        place: label -> its landmark.
    """

    at: Mapping[str, np.ndarray]
    landmark: Mapping[str, str]

    @classmethod
    def of(cls, names: tuple[str, ...], positions: np.ndarray, labels: Mapping[str, Label]) -> "Markers":
        """Return some frames of the markers with known labels; positions are (T, M, 3) m."""
        shown = np.flatnonzero(np.isfinite(positions).all(-1).any(axis=1))
        some = positions[shown[:: -(-len(shown) // SOME_FRAMES) or 1]]
        at = {name: some[:, names.index(name)] for name in labels}
        return cls(at, {name: label.landmark for name, label in labels.items()})

    def mean(self, places: Iterable[str]) -> np.ndarray | None:
        """Return the middle (T, 3) of what is seen at some landmarks; None without any marker there."""
        wanted = set(places)
        found = [self.at[name] for name, place in self.landmark.items() if place in wanted]
        if not found:
            return None
        stacked = np.stack(found)
        seen = np.isfinite(stacked)
        count = seen.sum(axis=0)
        total = np.where(seen, stacked, 0.0).sum(axis=0)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    def pairs(self) -> list[tuple[str, str]]:
        """Return right and left labels that are counterparts: by spelling, or alone at mirrored landmarks."""
        by_plain = {plain(name): name for name in self.landmark}
        spelled = [
            (name, by_plain[other])
            for name, place in self.landmark.items()
            if place.startswith("R") and (other := f"l{plain(name)[1:]}") in by_plain and plain(name).startswith("r")
            if self.landmark[by_plain[other]] == f"L{place[1:]}"
        ]
        paired = {name for pair in spelled for name in pair}
        alone = {place: name for name, place in self.landmark.items() if list(self.landmark.values()).count(place) == 1}
        rest = [(name, alone.get(f"L{place[1:]}", "")) for place, name in alone.items() if place.startswith("R")]
        return spelled + [pair for pair in rest if pair[1] and not paired & set(pair)]


def carriers() -> dict[str, str]:
    """Return the body on which each landmark rides, sides left away: RLFC and LLFC -> femur."""
    found = {rule.marker: rule.body for table in (rules(), rules(LANDMARKS)) for rule in table}
    return found | {f"L{name[1:]}": body for name, body in found.items() if name.startswith("R")}


def carriers_of(labels: Mapping[str, Label]) -> dict[str, str]:
    """Return the OpenSim body on which each marker of a known label rides."""
    ridden = marker_bodies() | marker_bodies(LANDMARKS)
    return {name: ridden[label.landmark] for name, label in labels.items()}


def unit(vectors: np.ndarray) -> np.ndarray:
    """Return vectors (T, 3) at length one."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))


def typical(values: np.ndarray) -> float:
    """Return the median of what is finite; NaN without any."""
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else np.nan


def upward(markers: Markers) -> np.ndarray:
    """Return the direction (T, 3) from the pelvis up the trunk, or the world's where the markers do not tell it."""
    pelvis = markers.mean((*_IN_FRONT["pelvis"], *_BEHIND["pelvis"]))
    trunk = markers.mean((*_IN_FRONT["trunk"], *_BEHIND["trunk"], "RACR", "LACR"))
    frames = len(next(iter(markers.at.values())))
    if pelvis is None or trunk is None:
        return np.tile([0.0, 1.0, 0.0], (frames, 1))
    return unit(trunk - pelvis)


def forwards(markers: Markers) -> dict[str, np.ndarray]:
    """Return the directions ahead (T, 3), level, that pelvis, trunk and each foot tell by their front and back."""
    up = upward(markers)
    ends = {part: (_IN_FRONT[part], _BEHIND[part]) for part in _IN_FRONT}
    for side, name in (("R", "right foot"), ("L", "left foot")):
        ends[name] = (tuple(side + place for place in _TOES), tuple(side + place for place in _HEELS))
    found = {}
    for part, (front, back) in ends.items():
        ahead, behind = markers.mean(front), markers.mean(back)
        if ahead is not None and behind is not None:
            across = ahead - behind
            normal = up if "foot" not in part else np.tile([0.0, 1.0, 0.0], (len(up), 1))
            found[part] = unit(across - (across * normal).sum(axis=-1, keepdims=True) * normal)
    return found
