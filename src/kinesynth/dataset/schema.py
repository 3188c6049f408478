"""The shard's layout, read from schema.json: the one place where a field, its shape, unit and range stand."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

SCHEMA_VERSION = 2


@dataclass(frozen=True)
class Field:
    """One array of a clip or a view.

    `shape` holds numbers and the names of axes; `range` the minimum and maximum, None where any will do. What is
    `optional` may be missing.
    """

    dtype: str
    shape: tuple[int | str, ...]
    unit: str
    frame: str
    description: str
    range: tuple[float, float] | None = None
    optional: bool = False

    @property
    def over_time(self) -> bool:
        """Whether the first axis counts frames."""
        return self.shape[0] == "T"

    @property
    def is_picture(self) -> bool:
        """Whether each frame is a picture."""
        return self.shape[1:] == ("H", "C")

    def sized(self, sizes: Mapping[str, int]) -> tuple[int, ...]:
        """Return the shape that an array must have, -1 for an axis without a size, which may have any."""
        return tuple(sizes.get(axis, -1) if isinstance(axis, str) else axis for axis in self.shape)

    def fits(self, found: tuple[int, ...] | None, sizes: Mapping[str, int]) -> bool:
        """Return whether an array's shape is this one; None, of h5py's Empty, is not."""
        shape = self.sized(sizes)
        if found is None or len(found) != len(shape):
            return False
        return all(wanted in (-1, length) for length, wanted in zip(found, shape, strict=True))


@dataclass(frozen=True)
class Attribute:
    """One attribute: its JSON type, meaning, unit and bounds; what is `optional` shards of older releases lack."""

    type: str
    description: str
    unit: str = ""
    enum: tuple[str, ...] = ()
    minimum: float = float("-inf")
    maximum: float = float("inf")
    optional: bool = False


@dataclass(frozen=True)
class Schema:
    """All that a shard holds, by path below the file, a clip or a view."""

    axes: Mapping[str, str]
    file_attributes: Mapping[str, Attribute]
    clip_attributes: Mapping[str, Attribute]
    clip_quality: Mapping[str, Attribute]
    view_attributes: Mapping[str, Attribute]
    clip: Mapping[str, Field]
    view: Mapping[str, Field]


def schema_of(attrs: Mapping[str, Any]) -> int | str:
    """Return the version that the attributes of a file state, or what they have in its place, cut to 80 letters."""
    stated = attrs.get("schema")
    return int(stated) if isinstance(stated, int | np.integer) else " ".join(str(stated).split())[:80]


@cache
def load_schema() -> Schema:
    """Return schema 2."""
    table = json.loads((files("kinesynth.dataset") / "schema.json").read_text(encoding="utf-8"))

    def attributes(part: str) -> dict[str, Attribute]:
        return {name: _attribute(entry) for name, entry in table[part].items()}

    def fields(part: str) -> dict[str, Field]:
        return {name: _field(entry) for name, entry in table[part].items()}

    return Schema(
        axes=table["axes"],
        file_attributes=attributes("file_attributes"),
        clip_attributes=attributes("clip_attributes"),
        clip_quality=attributes("clip_quality"),
        view_attributes=attributes("view_attributes"),
        clip=fields("clip"),
        view=fields("view"),
    )


def _attribute(entry: dict[str, Any]) -> Attribute:
    return Attribute(**{**entry, "enum": tuple(entry.get("enum", ()))})


def _field(entry: dict[str, Any]) -> Field:
    limits = tuple(entry["range"]) if "range" in entry else None
    return Field(**{**entry, "shape": tuple(entry["shape"]), "range": limits})
