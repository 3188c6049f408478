"""Coordinates that follow others: the patella's glide follows the knee, say."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import opensim


@dataclass(frozen=True)
class Coupler:
    """One coordinate as a function of others.

    Attributes:
        dependent: the coordinate that follows.
        independent: those that it follows.
        function: of their values.
        factor: by which the function's value is multiplied.
    """

    dependent: str
    independent: tuple[str, ...]
    function: opensim.Function
    factor: float

    def value(self, values: Sequence[float]) -> float:
        """Return the dependent coordinate (rad or m) at values of the independent ones."""
        return self.factor * float(self.function.calcValue(opensim.Vector([float(value) for value in values])))


def couplers(model: opensim.Model) -> list[Coupler]:
    """Return a model's couplers, which last as long as the model does."""
    cast = [opensim.CoordinateCouplerConstraint.safeDownCast(constraint) for constraint in model.getConstraintSet()]
    return [_coupler(constraint) for constraint in cast if constraint is not None]


def coupled(model: opensim.Model, angles: np.ndarray) -> np.ndarray:
    """Return `angles` (T, J) of all coordinates with each dependent one computed from those that drive it.

    OpenSim's tools take coupled coordinates from their file as they stand, and filtering them apart breaks the
    coupling.
    """
    names = [coordinate.getName() for coordinate in model.getCoordinateSet()]
    result = angles.copy()
    for coupler in couplers(model):
        columns = [names.index(name) for name in coupler.independent]
        result[:, names.index(coupler.dependent)] = [coupler.value(row) for row in angles[:, columns].tolist()]
    return result


def _coupler(constraint: opensim.CoordinateCouplerConstraint) -> Coupler:
    drivers = constraint.getIndependentCoordinateNames()
    return Coupler(
        constraint.getDependentCoordinateName(),
        tuple(drivers.get(index) for index in range(drivers.getSize())),
        constraint.getFunction(),
        float(constraint.getPropertyByName("scale_factor").toString()),  # without an accessor in Python
    )
