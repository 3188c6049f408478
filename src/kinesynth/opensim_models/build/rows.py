"""Rows of the tables from which a model is built."""

from collections.abc import Iterable
from itertools import groupby

Row = dict[str, str]


def numbers(row: Row, *columns: str) -> list[float]:
    """Return the cells of `columns` as numbers."""
    return [float(row[column]) for column in columns]


def grouped(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    """Return neighbouring rows that agree in `column`, by its value."""
    return {value: list(run) for value, run in groupby(rows, key=lambda row: row[column])}
