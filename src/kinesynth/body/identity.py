"""What a body file says of itself: its name, the surface model and gender that its betas belong to, its licence.

`build-body` writes these fields into the file that it hands on; nothing else is asked who a body is.
"""

import re
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from kinesynth.errors import BadInput
from kinesynth.npz import open_npz

GENDERS = ("neutral", "male", "female")
_PREFIX = "body_"
_EXPECTED = "a body model in SMPL-X's schema"


@dataclass(frozen=True)
class Identity:
    """Who a body is.

    Attributes:
        name: `free`, or the file's own name.
        surface_model: `free` or `smplx`, to which its betas belong.
        gender: neutral, male or female, likewise.
        license: of all parameters that are made with it: SPDX's identifier, or LicenseRef-....
    """

    name: str
    surface_model: str
    gender: str
    license: str

    @property
    def is_free(self) -> bool:
        """Whether it is the free body, to which nobody else's betas belong."""
        return self.surface_model == FREE.surface_model

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the fields of the body's file."""
        return {_PREFIX + name: np.array(value) for name, value in asdict(self).items()}


FREE = Identity("free", "free", "neutral", "CC0-1.0")
_SMPLX_LICENSE = "LicenseRef-SMPL-X"


def licensed(path: Path, gender: str = "auto") -> Identity:
    """Return the identity of a user's SMPL-X file, whose name tells the gender unless it is stated.

    Example:
        >>> licensed(Path("smplx/SMPLX_FEMALE.npz")).gender
        'female'

    Raises:
        BadInput: neither name nor `gender` tells it.
    """
    if gender == "auto":
        named = {word for word in GENDERS if re.search(rf"(?<![a-z]){word}(?![a-z])", path.stem.lower())}
        if len(named) != 1:
            fix = "call it SMPLX_NEUTRAL.npz, SMPLX_MALE.npz or SMPLX_FEMALE.npz, or state body.gender"
            raise BadInput(path, "gender", "a name that does not tell it", ", ".join(GENDERS), fix)
        (gender,) = named
    return Identity(path.name, "smplx", gender, _SMPLX_LICENSE)


def read_identity(path: Path) -> Identity:
    """Return what a body file says of itself; one that did not pass `build-body` is a user's SMPL-X file.

    Raises:
        BadInput: the file is unreadable, or a user's whose gender cannot be told.
    """
    with open_npz(path, _EXPECTED, "run `kinesynth build-body`") as file:
        fields = [_PREFIX + name for name in Identity.__dataclass_fields__]
        if all(name in file for name in fields):
            return Identity(*(str(file[name].item()) for name in fields))
    return licensed(path)
