"""Folders of one person, under several names: found by equal shapes, or by a table of the data sets that have such."""

import csv
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from kinesynth.amass import AmassFile

_DECIMALS = 3  # betas that agree to so many are one fit


def marks(dataset: str, folder: str, file: AmassFile) -> frozenset[str]:
    """Return what a file of a person shares with that person's other files and with nobody else's.

    Betas that are all zero were never fitted and say nothing.
    """
    found = {_known_person(dataset, folder)}
    if np.any(file.betas):
        found.add(f"{dataset} {file.gender} {np.round(file.betas, _DECIMALS).tolist()}")
    return frozenset(found - {""})


def one_name(people: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """Return the one name of each subject's person, from the subjects' marks: the table's, else the first subject's.

    Example:
        >>> one_name({"a": frozenset({"x y"}), "b": frozenset({"x y"}), "c": frozenset({"z"})})
        {'a': 'a', 'b': 'a', 'c': 'z'}
    """
    subjects = sorted(people)
    keys = sorted({mark for marks in people.values() for mark in marks})
    edges = [(subjects.index(name), len(subjects) + keys.index(mark)) for name in subjects for mark in people[name]]
    rows, columns = zip(*edges, strict=True) if edges else ((), ())
    count = len(subjects) + len(keys)
    _, labels = connected_components(coo_array((np.ones(len(edges)), (rows, columns)), (count, count)), directed=False)
    named = [key for key in keys if " " not in key]  # names; marks by shape hold blanks
    names: dict[int, str] = {}
    for name in (*named, *subjects):
        names.setdefault(int(labels[[*subjects, *keys].index(name)]), name)
    return {name: names[int(label)] for name, label in zip(subjects, labels, strict=False)}


def merged(one: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the subjects of each person who has more than one."""
    found: dict[str, list[str]] = defaultdict(list)
    for subject, name in one.items():
        found[name].append(subject)
    return {name: subjects for name, subjects in found.items() if len(subjects) > 1}


def _known_person(dataset: str, folder: str) -> str:
    """Return whom the table says that a folder belongs to, nothing where it does not."""
    for row in _table():
        match = re.fullmatch(row["folder"], folder)
        if dataset == row["dataset"] and match:
            return f"{dataset}_{match.expand(row['person'])}"
    return ""


@cache
def _table() -> Sequence[Mapping[str, str]]:
    with (files("kinesynth.motion") / "tables" / "one_person.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))
