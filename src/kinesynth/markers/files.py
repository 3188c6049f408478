"""Marker files of every kind (.trc, .c3d, the markers kept in an AMASS .npz), read into one record in metres."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from kinesynth.amass import read_rate, read_seconds, require_duration
from kinesynth.errors import BadInput
from kinesynth.markers.c3d import read_c3d
from kinesynth.markers.prefixes import without_prefix
from kinesynth.npz import open_npz
from kinesynth.opensim_files.time_column import RATES_HZ
from kinesynth.opensim_files.trc import MarkerTrajectories, read_trc
from kinesynth.opensim_files.trc_header import FIX

SUFFIXES = (".trc", ".c3d", ".npz")
_UNNAMED = re.compile(r"\*\d*|U_\d+|uname\*?\d*|Unlabel\w*\d*|unlabeled.*|C_\d+", re.IGNORECASE)


def read_markers(path: Path) -> MarkerTrajectories:
    """Read a file's labelled markers, NaN where one was not seen; axes as in the file.

    A marker at the very origin was not seen: some programs write it so. Prefixes of labels ("subject:LASI") are cut;
    markers without a name, and what a .c3d declares as computed, are left out, and of two of one name one that no frame
    shows.

    Raises:
        BadInput: the file is missing, of another kind, damaged, without markers, names one twice, or shows several
            people.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise BadInput(path, "file", f"suffix {path.suffix or 'none'}", " or ".join(SUFFIXES), "convert the file")
    if not path.is_file():
        raise BadInput(path, "file", "no such file", "a marker file", "check the path")
    reader = {".trc": read_trc, ".c3d": read_c3d, ".npz": _read_npz}[path.suffix.lower()]
    return _cleaned(path, reader(path))


def _cleaned(path: Path, raw: MarkerTrajectories) -> MarkerTrajectories:
    low, high = RATES_HZ
    if not low <= raw.fps <= high:
        raise BadInput(path, "rate", f"{raw.fps:g}", f"{low:g} to {high:g} Hz", FIX)
    labels, notes = without_prefix(path, raw.names)
    positions = raw.positions.copy()
    positions[(positions == 0.0).all(axis=-1) | ~np.isfinite(positions).all(axis=-1)] = np.nan
    hidden = np.isnan(positions[..., 0]).all(axis=0)
    named = [
        column
        for column, label in enumerate(labels)
        if label and not _UNNAMED.fullmatch(label) and not (hidden[column] and labels.count(label) > 1)
    ]
    kept = [labels[column] for column in named]
    if twice := sorted({label for label in kept if kept.count(label) > 1}):
        raise BadInput(
            path, "labels", f"{twice[0]} twice", "each marker once", "rename one of them, or keep one person"
        )
    positions = positions[:, named]
    if not kept or np.isnan(positions).all():
        found = f"{len(raw.names)} markers, none of them both named and seen"
        raise BadInput(path, "markers", found, "labelled trajectories", "label and export them again")
    return replace(raw, names=tuple(kept), positions=positions, notes=raw.notes + notes)


def _read_npz(path: Path) -> MarkerTrajectories:
    """Read the measured markers that some AMASS files keep."""
    fix = "name the motion with source amass, or a file that has kept its markers"
    with open_npz(path, "an AMASS .npz file with markers", fix) as keys:
        for positions, labels in (("marker_data", "marker_labels"), ("markers", "labels")):
            if positions in keys and labels in keys:
                return _of_arrays(path, np.asarray(keys[positions]), keys[labels].ravel().tolist(), keys)
        raise BadInput(path, "marker_data", "no such key", "marker_data and marker_labels", fix)


def _of_arrays(path: Path, positions: np.ndarray, labels: Sequence[str | bytes], keys: Any) -> MarkerTrajectories:
    names = tuple(label.decode("ascii", "replace") if isinstance(label, bytes) else str(label) for label in labels)
    if positions.dtype.kind not in "fiu" or positions.shape[1:] != (len(names), 3) or not len(positions):
        expected = f"(T, {len(names)}, 3) numbers"
        raise BadInput(path, "marker_data", f"shape {positions.shape} of {positions.dtype}", expected, FIX)
    fps = read_rate(path, keys)
    require_duration(path, len(positions), fps, read_seconds(path, keys))
    return MarkerTrajectories(names, positions.astype(np.float64), fps, np.arange(len(positions)) / fps)
