"""Prefixes of a person's marker labels: "Sub01:LASI", "Sub01_LASI", "Sub01 LASI"."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from kinesynth.errors import BadInput
from kinesynth.markers.labels import known

_SEPARATORS = re.compile(r"[_. \-]+")
_NEARLY_ALL = 0.8  # of the labels share a prefix, or it is none
_MIN_OF_A_PERSON = 4  # labels that become known once a prefix is cut; tools and balls have none


def without_prefix(path: Path, names: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Return the labels without the prefix of their person, and what is to be noted.

    What stands before a colon is a prefix always, as motion capture systems write it. Another prefix is cut where
    nearly all labels share it and become known without it.

    Raises:
        BadInput: the labels of several people are there.
    """
    colons = {name: name.rpartition(":")[0].strip() for name in names}
    labels = [name.rpartition(":")[2].strip() for name in names]
    people = [prefix for prefix in dict.fromkeys(colons.values()) if prefix and _told(names, f"{prefix}:")]
    _require_one(path, [f"{prefix}:" for prefix in people])
    prefixes = _prefixes(labels)
    people = [prefix for prefix in prefixes if _told(labels, prefix)]
    people = [prefix for prefix in people if not any(other != prefix and prefix.startswith(other) for other in people)]
    _require_one(path, people)
    if not people or prefixes[people[0]] < _NEARLY_ALL * len(labels):
        return labels, ()
    cut = sum(label.startswith(people[0]) for label in labels)
    note = f"the prefix {people[0]!r} of {cut} of {len(labels)} labels is cut"
    return [label.removeprefix(people[0]).strip() for label in labels], (note,)


def _prefixes(labels: Sequence[str]) -> Counter[str]:
    """Return how many labels begin with each part that ends in a sign between words."""
    return Counter(label[: sign.end()] for label in labels for sign in _SEPARATORS.finditer(label) if sign.start() > 0)


def _told(names: Sequence[str], prefix: str) -> bool:
    """Tell whether cutting a prefix makes labels known that were not."""
    cut = [name.removeprefix(prefix).strip() for name in names if name.startswith(prefix) and not known([name])]
    return len(known(cut)) >= _MIN_OF_A_PERSON


def _require_one(path: Path, people: Sequence[str]) -> None:
    if len(people) > 1:
        found = f"several people ({', '.join(people)})"
        raise BadInput(path, "labels", found, "one person", "keep the markers of one person")
