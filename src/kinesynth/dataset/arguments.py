"""What the loader is asked for, before any shard is opened."""

import operator
from collections.abc import Sequence
from numbers import Integral
from pathlib import Path
from typing import SupportsIndex

from kinesynth.clips import SPLITS
from kinesynth.dataset.crop import Crop
from kinesynth.dataset.schema import load_schema
from kinesynth.errors import BadInput

FIX = "correct the argument"
MAX_COUNT = 2**63 - 1  # of what travels in eight bytes
CHOICES = {"split": (None, *SPLITS), "short": ("pad", "drop"), "damaged": ("refuse", "skip")}


def check_choices(path: str | Path, **given: object) -> None:
    """Require that each argument is one of those there are.

    Raises:
        BadInput: it is not.
    """
    for name, value in given.items():
        if value not in CHOICES[name]:
            raise BadInput(path, name, repr(value), f"one of {', '.join(filter(None, CHOICES[name]))}", FIX)


def check_numbers(path: str | Path, *, window: object, stride: object) -> None:
    """Require whole numbers of frames.

    Raises:
        BadInput: they are none.
    """
    for value in (window, 1 if stride is None else stride):
        if not isinstance(value, Integral) or value < 1:
            raise BadInput(path, "window, stride", f"{window}, {stride}", "whole numbers of frames, 1 or more", FIX)


def whole_number(name: str, value: SupportsIndex, *, below: int = MAX_COUNT) -> int:
    """Return an argument as the whole number that it is: numpy's and torch's are taken, fractions are not.

    Raises:
        BadInput: it is none, or not from 0 to `below`, which is left out.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = -1
    if not 0 <= number < below:
        limit = "" if below == MAX_COUNT else f" below {below}"
        raise BadInput("loader", name, repr(value)[:80], f"a whole number, 0 or more{limit}", FIX)
    return number


def check_share(rank: SupportsIndex, ranks: SupportsIndex) -> None:
    """Require a rank among ranks.

    Raises:
        BadInput: there is no rank, or this is none of them.
    """
    if whole_number("ranks", ranks) < 1:
        raise BadInput("loader", "ranks", "0", "1 or more", FIX)
    whole_number("rank", rank, below=operator.index(ranks))


def check_kinds(path: str | Path, *, crop: object, keep: object) -> None:
    """Require a crop and a function, or none.

    Raises:
        BadInput: they are other things.
    """
    if not (crop is None or isinstance(crop, Crop)) or not (keep is None or callable(keep)):
        expected = "a Crop and a function of a ClipEntry, or None"
        raise BadInput(path, "crop, keep", f"{crop!r}, {keep!r}", expected, "correct the arguments")


def check_names(
    path: str | Path, *, views: Sequence[str] | None, labels: Sequence[str] | None, tracks: Sequence[str]
) -> None:
    """Require lists of names, those of labels and tracks known; which views there are is each clip's matter.

    Raises:
        BadInput: a lone name, which is a list of letters, or an unknown one.
    """
    for name, value in {"views": views, "labels": labels, "tracks": tracks}.items():
        if isinstance(value, str):
            raise BadInput(path, name, repr(value), "a list of names", f"write {name}=[{value!r}]")
    if unknown := set(labels or ()) - set(load_schema().clip):
        raise BadInput(path, "labels", ", ".join(sorted(unknown)), "fields of docs/dataset.md", "correct them")
    optional = {name for name, field in load_schema().view.items() if field.optional and field.over_time}
    if unknown := set(tracks) - optional:
        expected = f"some of {', '.join(sorted(optional))}"
        raise BadInput(path, "tracks", ", ".join(sorted(unknown)), expected, FIX)
