"""OpenSim's functions as piecewise polynomials."""

from pathlib import Path
from typing import Any

import numpy as np
import opensim

from kinesynth.errors import BadInput

Pieces = tuple[
    np.ndarray, np.ndarray
]  # knots (P,), coefficients (P, D), as in `kinesynth.skeleton.definition.evaluate`


class FunctionTable:
    """Functions by index, each held once."""

    def __init__(self, path: Path) -> None:
        self._path = path  # for messages
        self._pieces: list[Pieces] = []
        self.zero = self._index((np.zeros(1), np.zeros((1, 1))))
        self.identity = self._index((np.zeros(1), np.array([[0.0, 1.0]])))

    def add(self, function: Any, factor: float = 1.0) -> int:
        """Return the index of an OpenSim function times `factor`."""
        knots, coefficients = self._convert(function)
        return self._index((knots, coefficients * factor))

    def arrays(self) -> Pieces:
        """Return knots (F, P) and coefficients (F, P, D), padded with inf and with zeros."""
        pieces = max(knots.size for knots, _ in self._pieces)
        degree = max(coefficients.shape[1] for _, coefficients in self._pieces)
        all_knots = np.full((len(self._pieces), pieces), np.inf)
        all_coefficients = np.zeros((len(self._pieces), pieces, degree))
        for index, (knots, coefficients) in enumerate(self._pieces):
            all_knots[index, : knots.size] = knots
            all_coefficients[index, : knots.size, : coefficients.shape[1]] = coefficients
        return all_knots, all_coefficients

    def _index(self, pieces: Pieces) -> int:
        for index, known in enumerate(self._pieces):
            if all(np.array_equal(ours, theirs) for ours, theirs in zip(known, pieces, strict=True)):
                return index
        self._pieces.append(pieces)
        return len(self._pieces) - 1

    def _convert(self, function: Any) -> Pieces:
        kind = function.getConcreteClassName()
        match kind:
            case "Constant":
                return np.zeros(1), np.array([[_value(function, 0.0)]])
            case "LinearFunction":
                line = opensim.LinearFunction.safeDownCast(function)
                return np.zeros(1), np.array([[line.getIntercept(), line.getSlope()]])
            case "PolynomialFunction":
                coefficients = opensim.PolynomialFunction.safeDownCast(function).getCoefficients().to_numpy()
                return np.zeros(1), coefficients[::-1][None].copy()
            case "SimmSpline":
                spline = opensim.SimmSpline.safeDownCast(function)
                return spline_pieces(spline)
            case "MultiplierFunction":
                multiplier = opensim.MultiplierFunction.safeDownCast(function)
                knots, coefficients = self._convert(multiplier.getFunction())
                return knots, coefficients * multiplier.getScale()
            case _:
                expected = "Constant, LinearFunction, PolynomialFunction, SimmSpline or MultiplierFunction"
                raise BadInput(self._path, "function of a joint", kind, expected, "replace the function")


def spline_pieces(spline: Any) -> Pieces:
    """Return an OpenSim SimmSpline as cubics between its knots and straight lines beyond them.

    Each cubic is the one with the spline's own values and slopes at its two knots (Hermite).
    """
    x = np.array([spline.getX(index) for index in range(spline.getSize())])
    y = np.array([_value(spline, knot) for knot in x])
    slope = np.array([_slope(spline, knot) for knot in x])
    width, rise = np.diff(x), np.diff(y)
    square = (3 * rise / width - 2 * slope[:-1] - slope[1:]) / width
    cube = (slope[:-1] + slope[1:] - 2 * rise / width) / width**2
    cubics = np.stack([y[:-1], slope[:-1], square, cube], axis=1)
    before, after = ([[y[end], slope[end], 0.0, 0.0]] for end in (0, -1))
    return np.concatenate([x[:1], x]), np.concatenate([before, cubics, after])


def _value(function: Any, x: float) -> float:
    return float(function.calcValue(opensim.Vector(1, float(x))))


def _slope(function: Any, x: float) -> float:
    first_argument = opensim.StdVectorInt()
    first_argument.append(0)
    return float(function.calcDerivative(first_argument, opensim.Vector(1, float(x))))
