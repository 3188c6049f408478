"""How a subject's mass is shared out among the bodies, and what inertia each then has, by sex.

Segment masses are the fractions of body mass of de Leva (J Biomech 29, 1996, table 4); within a segment the bodies keep
the generic model's proportions. The generic subject is a man: a woman's radii of gyration stand to his as de Leva's do,
as parts of body height. Where the sex is not told, the mean of both is taken. `tables/segments.csv` lists the values.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from kinesynth.kinematics.scaling_protocol import table

if TYPE_CHECKING:
    from kinesynth.opensim_models.masses import BodyMasses

Sex = Literal["female", "male", "neutral"]
_ON = {"female": 1.0, "male": 0.0, "neutral": 0.5}  # how far from a man's values to a woman's


@dataclass(frozen=True)
class Segment:
    """A segment of one sex: its bodies' names without side, fraction of body mass, and radii against the generic ones.

    Attributes:
        bodies: without `_r` and `_l`.
        mass: fraction of body mass, of one side.
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


def shared_out(generic: "BodyMasses", mass_kg: float, sex: Sex) -> "BodyMasses":
    """Return the masses and inertias of a subject's bodies.

    Args:
        generic: masses in the generic model's proportions, and the inertias that belong to them.
        mass_kg: of the subject; the bodies' masses sum up to it.
        sex: of the subject.
    """
    mass_of = dict(zip(generic.names, generic.masses.tolist(), strict=True))
    fraction, radii = {}, {}
    for segment in segments(sex):
        members = [name for name in generic.names if _without_side(name) in segment.bodies]
        sides = len({name[-2:] for name in members}) if all(name != _without_side(name) for name in members) else 1
        whole = sum(mass_of[name] for name in members)
        for name in members:
            fraction[name] = sides * segment.mass * mass_of[name] / whole
            radii[name] = segment.radii
    total = sum(fraction.values())
    masses = {name: mass_kg * fraction[name] / total for name in generic.names}
    inertias = [
        stretched(tensor, masses[name] / mass_of[name], radii[name])
        for name, tensor in zip(generic.names, generic.inertias, strict=True)
    ]
    return replace(generic, masses=np.array(list(masses.values())), inertias=np.array(inertias))


def _without_side(body: str) -> str:
    return body[:-2] if body.endswith(("_r", "_l")) else body


def stretched(tensor: np.ndarray, mass: float, radii: np.ndarray) -> np.ndarray:
    """Return an inertia (3, 3) about a mass centre, for factors of the `mass` and of the `radii` (3,) of gyration.

    Each principal second moment of mass is stretched along its own axis, so that no tensor becomes impossible.
    """
    return np.asarray(mass * np.outer(radii, radii) * tensor)


def _between(row: dict[str, str], column: str, sex: Sex) -> float:
    male, female = float(row[f"{column}_male"]), float(row[f"{column}_female"])
    return male + _ON[sex] * (female - male)
