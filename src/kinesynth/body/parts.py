"""The parts that a picture of a body is divided into, and what of the body model and of the skeleton belongs to each.

`tables/parts.csv` lists them: part p is row p, counted from 1; 0 is background. A part's `joints`
are SMPL-X's, whose skinning weights say which part a point of the surface is of; its `bodies` are the skeleton's. Two
bodies lie in two parts: the patella before the knee, and the talus inside the ankle.
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np


@dataclass(frozen=True)
class Part:
    """One part: its name, SMPL-X's joints that move it, and the skeleton's bodies in it."""

    name: str
    joints: frozenset[str]
    bodies: frozenset[str]


@cache
def parts() -> tuple[Part, ...]:
    """Return the parts in the table's order; the first has the label 1."""
    with (files("kinesynth.body") / "tables" / "parts.csv").open(encoding="utf-8") as table:
        return tuple(
            Part(row["part"], frozenset(row["joints"].split()), frozenset(row["bodies"].split()))
            for row in csv.DictReader(table)
        )


def face_parts(faces: np.ndarray, weights: np.ndarray, joint_names: tuple[str, ...]) -> np.ndarray:
    """Return the label (F,) uint8 of each face (F,3): the part that has most of its corners' skinning weights (n,J)."""
    members = np.array([[name in part.joints for part in parts()] for name in joint_names], dtype=float)
    fraction = (weights @ members)[faces].sum(axis=1)
    return np.asarray(1 + fraction.argmax(axis=1), dtype=np.uint8)


def body_parts(body_names: tuple[str, ...]) -> np.ndarray:
    """Return which labels each of B bodies lies in, (B, P+1) bool; column 0 is false."""
    return np.array([[False, *(name in part.bodies for part in parts())] for name in body_names])
