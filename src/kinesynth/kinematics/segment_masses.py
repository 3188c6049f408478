"""How a subject's mass is shared out among the bodies, and what inertia each then has, by sex.

Segment masses are the shares of body mass of de Leva (J Biomech 29, 1996, table 4); within a segment the bodies keep
the generic model's proportions. The generic subject is a man: a woman's radii of gyration stand to his as de Leva's do,
as parts of body height. Where the sex is not told, the mean of both is taken. `tables/segments.csv` lists the figures.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from kinesynth.kinematics.scaling_protocol import table

if TYPE_CHECKING:
    import opensim

Sex = Literal["female", "male", "neutral"]
_ON = {"female": 1.0, "male": 0.0, "neutral": 0.5}  # how far from a man's figures to a woman's


@dataclass(frozen=True)
class Segment:
    """A segment of one sex: names of its bodies without side, share of body mass, and radii against the generic ones.

    Attributes:
        bodies: without `_r` and `_l`.
        mass: share of body mass, of one side.
        radii: (3,) factors on the radii of gyration about x, y, z.
    """

    bodies: tuple[str, ...]
    mass: float
    radii: np.ndarray


def segments(sex: Sex) -> tuple[Segment, ...]:
    """Return the segments of the table for a sex."""
    return tuple(
        Segment(
            tuple(row["bodies"].split()),
            _between(row, "mass", sex),
            np.array([_between(row, f"radius_{axis}", sex) / float(row[f"radius_{axis}_male"]) for axis in "xyz"]),
        )
        for row in table("segments.csv")
    )


def share_out(model: "opensim.Model", mass_kg: float, sex: Sex) -> None:
    """Give a scaled model's bodies the masses and inertias of a subject; mass centres stay.

    Args:
        model: whose bodies have the generic model's proportions of mass, and inertias that belong to them.
        mass_kg: of the subject; the bodies' masses sum up to it.
        sex: of the subject.
    """
    share, radii = {}, {}
    for segment in segments(sex):
        members = [body for body in model.getBodySet() if _without_side(body.getName()) in segment.bodies]
        sides = len({body.getName()[-2:] for body in members if body.getName() != _without_side(body.getName())}) or 1
        generic = sum(body.getMass() for body in members)
        for body in members:
            share[body.getName()] = sides * segment.mass * body.getMass() / generic
            radii[body.getName()] = segment.radii
    total = sum(share.values())
    for body in model.getBodySet():
        mass = mass_kg * share[body.getName()] / total
        _set_inertia(body, mass / body.getMass(), radii[body.getName()])
        body.setMass(mass)


def _without_side(body: str) -> str:
    return body[:-2] if body.endswith(("_r", "_l")) else body


def _set_inertia(body: "opensim.Body", mass: float, radii: np.ndarray) -> None:
    """Multiply a body's inertia about its mass centre for factors of `mass` and of the `radii` (3,) of gyration.

    Each principal second moment of mass is stretched along its own axis, so that no tensor becomes impossible.
    """
    import opensim

    inertia = body.getInertia()
    moments, products = inertia.getMoments().to_numpy(), inertia.getProducts().to_numpy()
    tensor = np.diag(moments)
    for value, (row, column) in zip(products, ((0, 1), (0, 2), (1, 2)), strict=True):
        tensor[row, column] = tensor[column, row] = value
    stretched = mass * np.outer(radii, radii) * tensor
    body.setInertia(opensim.Inertia(*stretched.diagonal(), stretched[0, 1], stretched[0, 2], stretched[1, 2]))


def _between(row: dict[str, str], column: str, sex: Sex) -> float:
    male, female = float(row[f"{column}_male"]), float(row[f"{column}_female"])
    return male + _ON[sex] * (female - male)
