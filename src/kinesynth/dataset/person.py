"""Whose shard it is, as its clips' checks need to know."""

from collections.abc import Sequence
from dataclasses import dataclass

import h5py
import numpy as np

from kinesynth.gravity import GRAVITY
from kinesynth.skeleton.definition import SkeletonDefinition


@dataclass(frozen=True)
class Person:
    """A shard's person.

    Attributes:
        skeleton: the scaled one.
        mass_kg: as the file says.
        height_m: as the file says.
        reasons: names of the bits of quality/reasons.
    """

    skeleton: SkeletonDefinition
    mass_kg: float
    height_m: float
    reasons: tuple[str, ...]

    @property
    def weight(self) -> float:
        """Body weight, N."""
        return self.mass_kg * GRAVITY

    def bodies(self, names: Sequence[str]) -> list[int]:
        """Return the indices of bodies."""
        return [self.skeleton.body_names.index(name) for name in names]

    def coordinates(self, *beginnings: str) -> np.ndarray:
        """Return the indices of the independent coordinates whose names begin so."""
        names, coupled = self.skeleton.coordinate_names, self.skeleton.coupled_to
        return np.array([i for i, name in enumerate(names) if name.startswith(beginnings) and coupled[i] < 0], int)


def read_person(file: h5py.File) -> Person:
    """Return the person of an open shard."""
    attrs = file.attrs
    reasons = tuple(str(attrs["quality_reasons"]).split())
    return Person(SkeletonDefinition.read(file["skeleton"]), float(attrs["mass_kg"]), float(attrs["height_m"]), reasons)
