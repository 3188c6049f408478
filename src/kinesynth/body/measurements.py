"""The distances between landmarks by which a person is measured, and what they may be.

A person's distance over the generic skeleton's is the factor by which ScaleTool will scale the bodies of a measurement
along its axes; hence a person whom the skeleton cannot become is known before OpenSim is asked.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from kinesynth.body.model import BodyModel
from kinesynth.body.static_pose import static_points
from kinesynth.body.virtual_markers import resolve_markers

PLAUSIBLE_FACTORS = (0.7, 1.4)  # of adults against the generic subject of 1.70 m; ScaleTool itself takes any


@dataclass(frozen=True)
class Measurement:
    """A distance between landmarks, averaged over `pairs`, that scales `bodies` along `axes` (of X, Y, Z).

    `generic_m` are the pairs' distances on the generic skeleton, where they are known beforehand; `bounds` are the
    factors that people may have: 0.7 to 1.4 of the generic skeleton or of the mean body, whichever is the wider.
    """

    name: str
    pairs: tuple[tuple[str, str], ...]
    bodies: tuple[str, ...]
    axes: tuple[str, ...]
    generic_m: tuple[float, ...] = ()
    bounds: tuple[float, float] = PLAUSIBLE_FACTORS


@dataclass(frozen=True)
class Misfit:
    """A scale factor beyond what people have."""

    measurement: Measurement
    factor: float

    def __str__(self) -> str:
        row, (low, high) = self.measurement, self.measurement.bounds
        return f"{row.name} of {self.factor:.2f} of the generic skeleton's, expected {low:g} to {high:g}"


@cache
def measurements() -> tuple[Measurement, ...]:
    """Return the measurement set; left and right always count together, so that the skeleton stays symmetric."""
    with (files(__package__) / "tables" / "measurements.csv").open(encoding="utf-8") as stream:
        return read_measurements(csv.DictReader(stream))


def read_measurements(rows: Iterable[Mapping[str, str]]) -> tuple[Measurement, ...]:
    """Return the measurements of a table's rows, whose pairs are written first-second."""
    return tuple(
        Measurement(
            name=row["measurement"],
            pairs=tuple((first, second) for first, _, second in (pair.partition("-") for pair in row["pairs"].split())),
            bodies=tuple(row["bodies"].split()),
            axes=tuple(row["axes"].split()),
            generic_m=tuple(float(distance) for distance in row.get("generic_m", "").split()),
            bounds=(
                float(row.get("minimum", PLAUSIBLE_FACTORS[0])),
                float(row.get("maximum", PLAUSIBLE_FACTORS[1])),
            ),
        )
        for row in rows
    )


class Tape:
    """Measures people on a body model, whose landmarks it finds once."""

    def __init__(self, body: BodyModel) -> None:
        self._body, self._layout = body, resolve_markers(body)

    def factors(self, betas: np.ndarray) -> dict[str, float]:
        """Return what ScaleTool will scale by, of each measurement, for the shape `betas` (10,)."""
        points = static_points(self._body, self._layout, betas)
        return {
            row.name: float(
                np.mean(
                    [
                        np.linalg.norm(points[first] - points[second]) / generic
                        for (first, second), generic in zip(row.pairs, row.generic_m, strict=True)
                    ]
                )
            )
            for row in measurements()
        }

    def misfit(self, betas: np.ndarray) -> Misfit | None:
        """Return the measurement that is furthest beyond its bounds, None for people whom the skeleton can become."""
        factors = self.factors(betas)
        beyond = {
            row: max(factors[row.name] / row.bounds[1], row.bounds[0] / max(factors[row.name], 1e-9))
            for row in measurements()
        }
        worst = max(beyond, key=lambda row: beyond[row])
        return Misfit(worst, factors[worst.name]) if beyond[worst] > 1.0 else None
