"""The page's long tables, as JSON for its script and, as far as they are seen without it, as rows."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAX_ROWS = 25_000  # keeps the page under 15 MB, whatever the run
SHORT, LONG = 3, 160  # significant digits of a number; letters of a cell


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: of the row's value.
        title: above it.
        filter: whether it can be chosen by value.
        factor: on numbers: 100 for fractions in percent.
    """

    name: str
    title: str
    filter: bool = False
    factor: float = 0.0


CLIPS = (
    Column("clip_id", "clip"),
    Column("subject", "subject", filter=True),
    Column("action", "action", filter=True),
    Column("split", "split", filter=True),
    Column("source", "source", filter=True),
    Column("strain", "stands out", factor=1.0),
    Column("marker_rms_mm", "marker RMS mm", factor=1.0),
    Column("marker_max_mm", "marker max mm", factor=1.0),
    Column("fit_residual_mm", "fit residual mm", factor=1.0),
    Column("peak_vertical_force_bw", "peak vertical BW", factor=1.0),
    Column("residual_force_n", "residual N", factor=1.0),
    Column("residual_moment_nm", "residual N m", factor=1.0),
    Column("keypoints_on_mask", "on mask %", factor=100.0),
    Column("angle_valid", "valid angles %", factor=100.0),
    Column("force_valid", "valid forces %", factor=100.0),
    Column("activation_valid", "valid activations %", factor=100.0),
)
REJECTED = (
    Column("clip_id", "clip"),
    Column("subject", "subject", filter=True),
    Column("stage", "stage", filter=True),
    Column("reason", "reason", filter=True),
    Column("value", "value"),
    Column("detail", "detail"),
)


@dataclass(frozen=True)
class Table:
    """A table of the page.

    Attributes:
        name: of the element.
        columns: from left to right.
        rows: cells as text or numbers, as the script takes them.
        total: how many rows there would be without `MAX_ROWS`.
        marked: of each row, the column to mark; -1 for none.
    """

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str | float]]
    total: int
    marked: Sequence[int]

    @property
    def json(self) -> str:
        """What the script reads; safe between the tags of a script."""
        columns = [
            {"title": column.title, "filter": column.filter, "number": column.factor > 0.0} for column in self.columns
        ]
        table = {"columns": columns, "rows": self.rows, "marked": self.marked}
        return json.dumps(table, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")


def table(name: str, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], mark: str = "") -> Table:
    """Return a table of the rows in their order; `mark` is a row's value that names the column to mark."""
    indices = {column.name: place for place, column in enumerate(columns)}
    shown = rows[:MAX_ROWS]
    return Table(
        name,
        columns,
        [[_cell(row.get(column.name, ""), column.factor) for column in columns] for row in shown],
        len(rows),
        [indices.get(str(row.get(mark, "")), -1) for row in shown],
    )


def counts(rows: Sequence[Mapping[str, Any]], *names: str) -> list[tuple[tuple[str, ...], int]]:
    """Return how many rows there are of each combination of values, the most frequent first."""
    return Counter(tuple(str(row[name]) for name in names) for row in rows).most_common()


def _cell(value: Any, factor: float) -> str | float:
    if factor:
        return float(f"{factor * float(value):.{SHORT}g}")
    text = str(value)
    return text if len(text) <= LONG else text[: LONG - 1] + "…"
