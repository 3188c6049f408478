"""The record of a subject, which `subject-shape` writes and every later stage reads."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from kinesynth.atomic import write_text
from kinesynth.errors import BadInput
from kinesynth.text import read_json

FIX = "make it again with `kinesynth subject-shape`"
_OPTIONAL = ("amass_size", "amass_collar", "tibial_torsion", "worn", "rejected")
_MAX_TORSION_RAD = np.pi / 4.0


@dataclass(frozen=True)
class TibialTorsion:
    """By how much each shin is twisted outwards between knee and ankle, rad, against the generic skeleton's."""

    right: float
    left: float

    def rounded(self) -> Self:
        """Return it to a thousandth of a degree or so, as it is written."""
        return type(self)(round(self.right, 5), round(self.left, 5))


UNTWISTED = TibialTorsion(0.0, 0.0)


@dataclass(frozen=True)
class SubjectRecord:
    """Who a subject is.

    Attributes:
        subject: the name.
        sex: female, male or neutral, as stated or as the motion's source says.
        betas: (10,) shape of the body model.
        height_m: standing.
        height_error_m: standard deviation of an estimate; 0 where it is stated or drawn.
        mass_kg: of the whole body.
        mass_error_kg: likewise.
        split: train, val or test.
        shape_source: where the shape comes from.
        amass_size: leg length over that of SMPL-X's mean body, where betas of another model do not tell it.
        amass_collar: (3,) rad, how the left collar is turned in the person's AMASS files where the arms hang, the right
            one being its mirror image; where files tell it.
        tibial_torsion: of the shins, where the motion tells it.
        worn: of measured markers, what `kinesynth.subjects.worn` says of them.
        rejected: reason, value and detail, why all of the subject's clips are to be rejected.
    """

    subject: str
    sex: str
    betas: np.ndarray
    height_m: float
    height_error_m: float
    mass_kg: float
    mass_error_kg: float
    split: str
    shape_source: str
    amass_size: float | None = None
    amass_collar: tuple[float, ...] | None = None
    tibial_torsion: TibialTorsion | None = None
    worn: Mapping[str, Any] | None = None
    rejected: Mapping[str, Any] | None = None

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a subject's file.

        Raises:
            BadInput: the file is missing or no record, or a mass, a height or a shape is impossible.
        """
        content = read_json(path, "the JSON file of a subject", FIX)
        known: dict[str, Any] = {name: content.get(name) for name in cls.__dataclass_fields__}
        for name, value in known.items():
            if value is None and name not in _OPTIONAL:
                raise BadInput(path, name, "nothing", "a value", FIX)
        known |= {"betas": _betas(path, known["betas"]), **_sizes(path, known)}
        known |= {"amass_collar": _collar(path, known["amass_collar"])}
        known |= {"tibial_torsion": _torsion(path, known["tibial_torsion"])}
        return cls(**known)

    def write(self, path: Path) -> None:
        """Write the file; what is not known is left out."""
        content = {**asdict(self), "betas": [round(float(beta), 6) for beta in self.betas]}
        kept = {name: value for name, value in content.items() if value is not None and name != "worn"}
        text = json.dumps(kept, indent=1)
        if self.worn is not None:  # on one line: it is long
            text = f'{text[:-2]},\n "worn": {json.dumps(self.worn)}\n}}'
        write_text(path, text + "\n")


def _betas(path: Path, value: Any) -> np.ndarray:
    try:
        betas = np.asarray(value, np.float64)
    except (ValueError, TypeError) as error:
        raise BadInput(path, "betas", str(error), "finite numbers (10,)", FIX) from error
    if betas.ndim != 1 or not np.isfinite(betas).all():
        raise BadInput(path, "betas", f"shape {betas.shape}", "finite numbers (10,)", FIX)
    return betas


def _collar(path: Path, value: Any) -> tuple[float, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 3 or not all(_is_angle(each, np.pi) for each in value):
        raise BadInput(path, "amass_collar", f"{value}", "three numbers, rad", FIX)
    return tuple(map(float, value))


def _torsion(path: Path, value: Any) -> TibialTorsion | None:
    if value is None:
        return None
    sides: list[Any] = [value.get(side) for side in ("right", "left")] if isinstance(value, dict) else [None]
    if not all(_is_angle(side, _MAX_TORSION_RAD) for side in sides):
        expected = f"right and left, numbers within {_MAX_TORSION_RAD:.2f} rad of 0"
        raise BadInput(path, "tibial_torsion", f"{value}", expected, FIX)
    return TibialTorsion(*(float(side) for side in sides))


def _is_angle(value: Any, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= most


def _sizes(path: Path, known: Mapping[str, Any]) -> dict[str, float]:
    """Return mass, height and their errors as numbers."""
    sizes = {}
    for name in ("mass_kg", "height_m", "mass_error_kg", "height_error_m"):
        minimum = 0.0 if name.startswith(("mass_error", "height_error")) else np.nextafter(0.0, 1.0)
        value = known[name]
        if isinstance(value, bool) or not isinstance(value, int | float) or not minimum <= value < np.inf:
            raise BadInput(path, name, f"{value}", "a positive number", FIX)
        sizes[name] = float(value)
    return sizes
