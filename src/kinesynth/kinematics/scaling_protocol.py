"""How a subject is measured: each landmark's weight, and the distances that scale the skeleton's bodies."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from kinesynth.body.measurements import Measurement, measurements

# The skeleton's bodies whose origins are joint centres that the body model knows as well. Joint centres serve as
# measuring points in the static pose only; Rajagopal et al. (2016) use the same ones (RHJC, RKJC, ...).
JOINT_CENTRES = {
    "HJC": "femur",
    "KJC": "tibia",
    "AJC": "talus",
    "MTP": "toes",
    "SJC": "humerus",
    "EJC": "ulna",
    "WJC": "hand",
}
# What the static pose defines as zero: the body model stands facing along x, with flat feet and straight wrists. The
# pelvis, too: skin over buttocks and belly varies too much between subjects to tell how its bones are inclined. The
# neck is at rest here while the trunk is fitted; `looking_ahead` then sets it.
NEUTRAL_WHEN_STATIC = (
    *("pelvis_tilt", "pelvis_list", "pelvis_rotation"),
    *("neck_extension", "neck_bending", "neck_rotation"),
    *(f"{name}_{side}" for name in ("subtalar_angle", "mtp_angle", "wrist_flex", "wrist_dev") for side in "rl"),
)


@dataclass(frozen=True)
class Protocol:
    """How subjects are measured in a static pose.

    Attributes:
        measurements: the measurement set.
        neutral: coordinates that are zero there by definition.
        places: what is measured besides the skeleton's own markers: the body and the place (3,) m on the generic one.
        replaced: whether the skeleton's own markers are left out.
        measuring_points: those of all of them that serve in the static pose only.
        fixed: those that keep their place on the generic skeleton, scaled, instead of that in the static pose.
    """

    measurements: tuple[Measurement, ...]
    neutral: tuple[str, ...]
    places: Mapping[str, tuple[str, tuple[float, ...]]]
    replaced: bool
    measuring_points: frozenset[str]
    fixed: frozenset[str] = frozenset()


@cache
def virtual_protocol() -> Protocol:
    """Return how a body model is measured: by its virtual markers and its joint centres."""
    centres = {
        side + name: (f"{body}_{side.lower()}", (0.0, 0.0, 0.0))
        for name, body in JOINT_CENTRES.items()
        for side in "RL"
    }
    return Protocol(measurements(), NEUTRAL_WHEN_STATIC, centres, False, frozenset(centres))


def table(name: str) -> list[dict[str, str]]:
    """Return the rows of one of this package's tables."""
    with (files(__package__) / "tables" / name).open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))
