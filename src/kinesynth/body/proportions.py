"""A person's joints and soles, and where a pose puts them.

Frames are SMPL-X's own: x left, y up, z forward, the origin where the body model has it. Wherever an axis of length 2
stands for sides, index 0 is right and 1 is left.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Protocol

import numpy as np

from kinesynth.body.bone_lengths import leg_length
from kinesynth.body.joints import JOINT_NAMES
from kinesynth.body.joints import PARENTS as JOINT_PARENTS
from kinesynth.text import table_rows

JOINTS, PARENTS = JOINT_NAMES[:22], JOINT_PARENTS[:22]
HIPS, KNEES, ANKLES, FEET = (2, 1), (5, 4), (8, 7), (11, 10)
COLLARS, SHOULDERS, ELBOWS, WRISTS = (14, 13), (17, 16), (19, 18), (21, 20)
_MIDDLE_FINGERS = {"right_middle1": (21, 43), "left_middle1": (20, 28)}
_SOLE_BAND = 0.02


class Body(Protocol):
    """What is asked of a body model (`kinesynth.body.model.BodyModel`)."""

    @property
    def skinning_weights(self) -> np.ndarray:
        """(N, 55)."""
        ...

    def rest_joints(self, betas: np.ndarray) -> np.ndarray:
        """Return (55, 3) m."""
        ...

    def rest_vertices(self, betas: np.ndarray) -> np.ndarray:
        """Return (N, 3) m."""
        ...


@dataclass(frozen=True)
class Sole:
    """The underside of one foot at rest.

    Attributes:
        points: (S, 3) m, rest positions of the vertices within 2 cm of the lowest one.
        toe_weights: (S,) how much of each point follows the toes; the rest follows the foot.
    """

    points: np.ndarray
    toe_weights: np.ndarray

    @property
    def height(self) -> float:
        """Height of the lowest point at rest."""
        return float(self.points[:, 1].min())


@dataclass(frozen=True)
class Proportions:
    """Rest joints (55, 3) m and both soles (right, left)."""

    joints: np.ndarray
    soles: tuple[Sole, Sole]

    @property
    def leg_length(self) -> float:
        """Thigh plus shank, mean of both sides, in metres."""
        return leg_length(self.joints)


def proportions_of(body: Body, betas: np.ndarray) -> Proportions:
    """Return the proportions of a body model at a shape."""
    vertices, weights = body.rest_vertices(betas), body.skinning_weights
    right, left = (_sole(vertices, weights, ankle, foot) for ankle, foot in zip(ANKLES, FEET, strict=True))
    return Proportions(body.rest_joints(betas), (right, left))


def _sole(vertices: np.ndarray, weights: np.ndarray, ankle: int, foot: int) -> Sole:
    own = weights[:, ankle] + weights[:, foot] > 0.95
    low = own & (vertices[:, 1] < vertices[own, 1].min() + _SOLE_BAND)
    return Sole(vertices[low], weights[low, foot] / (weights[low, ankle] + weights[low, foot]))


def sole_positions(proportions: Proportions, positions: np.ndarray, orientations: np.ndarray, side: int) -> np.ndarray:
    """Return the points of one sole in the world (T, S, 3), skinned between foot and toes."""
    sole = proportions.soles[side]
    by_foot, by_toes = (
        positions[:, None, joint]
        + np.einsum("tij,sj->tsi", orientations[:, joint], sole.points - proportions.joints[joint])
        for joint in (ANKLES[side], FEET[side])
    )
    weight = sole.toe_weights[None, :, None]
    return np.asarray(by_foot * (1.0 - weight) + by_toes * weight)


def centre_of_mass(proportions: Proportions, positions: np.ndarray, orientations: np.ndarray) -> np.ndarray:
    """Return the whole body's centre of mass (T, 3) m, from segment masses that are fractions of body mass."""
    names = {name: positions[:, joint] for joint, name in enumerate(JOINTS)}
    for name, (wrist, finger) in _MIDDLE_FINGERS.items():
        offset = proportions.joints[finger] - proportions.joints[wrist]
        names[name] = positions[:, wrist] + orientations[:, wrist] @ offset
    centre, total = np.zeros((len(positions), 3)), 0.0
    for proximal, distal, mass, fraction in _segments():
        centre += mass * (names[proximal] + fraction * (names[distal] - names[proximal]))
        total += mass
    return centre / total


def rough_centre_of_mass(positions: np.ndarray) -> np.ndarray:
    """Return the centre of mass (T, 3) m of joint paths (T, 22, 3) alone, the hands' mass at the wrists."""
    names = {name: positions[:, joint] for joint, name in enumerate(JOINTS)}
    centre, total = np.zeros((len(positions), 3)), 0.0
    for proximal, distal, mass, fraction in _segments():
        end = names.get(distal, names[proximal])
        centre += mass * (names[proximal] + fraction * (end - names[proximal]))
        total += mass
    return centre / total


@cache
def _segments() -> tuple[tuple[str, str, float, float], ...]:
    """Return (proximal joint, distal joint, mass fraction, fraction of the way to the centre of mass)."""
    return tuple(
        (row["proximal"], row["distal"], float(row["mass_fraction"]), float(row["centre_fraction"]))
        for row in table_rows(files("kinesynth.body") / "tables" / "segments.csv")
    )
