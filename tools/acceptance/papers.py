"""The papers' own values beside ours: of published sizes, on the papers' data, so that neither is better for it.

`papers.csv` has them as the papers' tables print them; `method` is the key of the comparison's methods that stands for
the network there, `metric` that of what is measured alike.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from kinesynth.text import table_rows
from kinesynth_train.keypoint_tally import KeypointTally
from kinesynth_train.mesh_tally import MeshTally
from kinesynth_train.muscle_tally import MuscleTally

TABLE = Path(__file__).with_name("papers.csv")
TITLES = KeypointTally.rows | MeshTally.rows | MuscleTally.rows


@dataclass(frozen=True)
class PaperValue:
    """One printed value: of which network, by which metric, on which data, and where it stands."""

    network: str
    method: str
    metric: str
    value: str
    data: str
    source: str


def read_values() -> list[PaperValue]:
    """Return the table's rows."""
    return [PaperValue(**row) for row in table_rows(TABLE)]


def paper_lines(methods: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield a table's lines: what `methods` were found to reach, a dash where none was, and the papers' values."""
    yield from ("", "| network | metric | ours, small, on our data | the paper's, on other data | stands in |")
    yield "|---|---|---:|---|---|"
    rows = read_values()
    networks, metrics = list(dict.fromkeys(row.network for row in rows)), list(TITLES)
    rows.sort(key=lambda row: (networks.index(row.network), metrics.index(row.metric)))
    for (network, metric), group in groupby(rows, key=lambda row: (row.network, row.metric)):
        values = list(group)
        value = methods.get(values[0].method, {}).get(metric)
        theirs = ", ".join(f"{row.value} ({row.data})" for row in values)
        ours = "-" if value is None else f"{value:.3g}"
        sources = "; ".join(dict.fromkeys(row.source for row in values))
        yield f"| {network} | {TITLES[metric]} | {ours} | {theirs} | {sources} |"
    yield ""
