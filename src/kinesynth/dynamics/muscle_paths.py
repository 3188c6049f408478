"""Lengths of muscles as polynomials of the joint angles."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Self

import numpy as np

from kinesynth.npz import open_npz, write_npz


@dataclass(frozen=True)
class MusclePaths:
    """A polynomial for each of A muscles, in the coordinates that it crosses, of J.

    Coordinates are scaled so that their range is [-1, 1]; beyond it the paths stay what they are at the bound.

    Attributes:
        muscle_names: (A,).
        coordinate_names: (J,).
        crossed: (A, J) bool.
        centre: (J,) rad, the middle of each coordinate's range.
        half_range: (J,) rad.
        degree: of the polynomials, all their coordinates together.
        coefficients: (A, K) m, in the order of `exponents` for the muscle's number of coordinates, then zeros.
    """

    muscle_names: tuple[str, ...]
    coordinate_names: tuple[str, ...]
    crossed: np.ndarray
    centre: np.ndarray
    half_range: np.ndarray
    degree: int
    coefficients: np.ndarray

    def evaluate(self, angles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return lengths (T, A) m and their gradients (T, A, J) m/rad at `angles` (T, J)."""
        scaled = np.clip((angles - self.centre) / self.half_range, -1.0, 1.0)
        lengths = np.zeros((len(angles), len(self.muscle_names)))
        gradients = np.zeros((len(angles), *self.crossed.shape))
        for columns, muscles in groups(self.crossed):
            powers = exponents(len(columns), self.degree)
            terms = self.coefficients[muscles, : len(powers)]
            derivatives = [terms @ operator for operator in derivative_operators(powers)]
            stacked = np.concatenate([terms, *derivatives])
            values = (monomials(scaled[:, columns], powers) @ stacked.T).reshape(len(angles), -1, len(muscles))
            lengths[:, muscles] = values[:, 0]
            slopes = np.swapaxes(values[:, 1:], 1, 2) / self.half_range[columns]
            gradients[:, muscles[:, None], columns] = slopes
        return lengths, gradients

    def save(self, path: Path) -> None:
        """Write the paths as .npz; equal paths give equal bytes."""
        write_npz(
            path,
            {
                "muscle_names": np.array(self.muscle_names),
                "coordinate_names": np.array(self.coordinate_names),
                "crossed": self.crossed,
                "centre": self.centre,
                "half_range": self.half_range,
                "degree": np.array(self.degree),
                "coefficients": self.coefficients,
            },
        )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            BadInput: the file is missing or damaged.
        """
        with open_npz(path, "muscle paths (.npz)", "run fit-muscle-paths again") as arrays:
            return cls(
                tuple(arrays["muscle_names"].tolist()),
                tuple(arrays["coordinate_names"].tolist()),
                arrays["crossed"],
                arrays["centre"],
                arrays["half_range"],
                int(arrays["degree"]),
                arrays["coefficients"],
            )


def fit_paths(
    muscle_names: Sequence[str],
    coordinate_names: Sequence[str],
    crossed: np.ndarray,
    ranges: np.ndarray,
    degree: int,
    samples: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> MusclePaths:
    """Fit lengths and gradients together, by least squares: an error of 1 mm counts as much as one of 1 mm/rad.

    Args:
        muscle_names: (A,).
        coordinate_names: (J,).
        crossed: (A, J) bool.
        ranges: (J, 2) rad, the coordinates' minima and maxima.
        degree: of the polynomials.
        samples: angles (T, J), lengths (T, A) and gradients (T, A, J).
    """
    angles, lengths, gradients = samples
    centre = ranges.mean(axis=1)
    half_range = np.maximum(np.diff(ranges, axis=1)[:, 0] / 2.0, 1e-6)
    scaled = (angles - centre) / half_range
    most = max(len(exponents(len(columns), degree)) for columns, _ in groups(crossed))
    coefficients = np.zeros((len(muscle_names), most))
    for columns, muscles in groups(crossed):
        powers = exponents(len(columns), degree)
        basis = monomials(scaled[:, columns], powers)
        slopes = [
            basis @ operator.T / half_range[column]
            for column, operator in zip(columns, derivative_operators(powers), strict=True)
        ]
        wanted = np.concatenate([lengths[:, muscles], *(gradients[:, muscles, column] for column in columns)])
        found, *_ = np.linalg.lstsq(np.concatenate([basis, *slopes]), wanted)
        coefficients[muscles, : len(powers)] = found.T
    return MusclePaths(
        tuple(muscle_names), tuple(coordinate_names), crossed, centre, half_range, degree, coefficients
    )  # fmt: skip


def groups(crossed: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield coordinates' columns and the muscles that cross these and no others."""
    patterns, members = np.unique(crossed, axis=0, return_inverse=True)
    for index, pattern in enumerate(patterns):
        yield np.flatnonzero(pattern), np.flatnonzero(members == index)


def exponents(variables: int, degree: int) -> np.ndarray:
    """Return the exponents (K, variables) of all monomials up to `degree`, the constant first."""
    rows = [
        np.bincount(np.array(factors, dtype=int), minlength=variables)
        for order in range(degree + 1)
        for factors in combinations_with_replacement(range(variables), order)
    ]
    return np.array(rows).reshape(len(rows), variables)


def monomials(x: np.ndarray, powers: np.ndarray) -> np.ndarray:
    """Return the monomials (T, K) with exponents `powers` (K, n) at `x` (T, n)."""
    result = np.ones((len(x), len(powers)))
    for variable, exponent in zip(x.T, powers.T, strict=True):
        result *= (variable[:, None] ** np.arange(exponent.max() + 1))[:, exponent]
    return result


def derivative_operators(powers: np.ndarray) -> list[np.ndarray]:
    """Return for each variable the matrix (K, K) D that takes coefficients c to those of the derivative, c @ D."""
    index = {tuple(row): position for position, row in enumerate(powers.tolist())}
    operators = []
    for variable in range(powers.shape[1]):
        operator = np.zeros((len(powers), len(powers)))
        for position, row in enumerate(powers.tolist()):
            if row[variable]:
                lowered = (*row[:variable], row[variable] - 1, *row[variable + 1 :])
                operator[position, index[lowered]] = row[variable]
        operators.append(operator)
    return operators
