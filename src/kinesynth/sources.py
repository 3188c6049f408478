"""Which sources of motion there are; `kinesynth.motion.sources` has a module of each name that reads it.

The one list of them: the clip table and the dataset's card take names and licences from it without needing more.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from kinesynth.text import table_rows


@dataclass(frozen=True)
class Source:
    """A row of `sources.csv`.

    Attributes:
        name: in the clip table.
        file: whether a clip of it has a file; one that has not is made from its action.
        model: whether it needs an OpenSim model.
        markers: whether its files may hold markers.
        tells_shape: whether its files tell a person's shape; of several the first in the table decides.
        path_parts: by how many last parts of its path a file is known elsewhere: 3 where folders name set and subject.
        license: under which labels that derive from it are, where the clip table states no other: SPDX's identifier.
        terms: the same in words.
    """

    name: str
    file: bool
    model: bool
    markers: bool
    tells_shape: bool
    path_parts: int
    license: str
    terms: str


@cache
def sources() -> dict[str, Source]:
    """Return the sources by name, in the table's order."""
    return {
        row["source"]: Source(
            row["source"],
            **{name: row[name] == "yes" for name in ("file", "model", "markers", "tells_shape")},
            path_parts=int(row["path_parts"]),
            license=row["license"],
            terms=row["terms"],
        )
        for row in table_rows(files(__package__) / "sources.csv")
    }
