"""Marker files of every kind (.trc, .c3d, the markers kept in an AMASS .npz), read into one record in metres."""

import os
import re
import struct
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from kinesynth.errors import BadInput, ClipRejected, MissingDependency
from kinesynth.isolation import isolated
from kinesynth.npz import open_npz
from kinesynth.opensim_files.trc import MarkerTrajectories, read_trc
from kinesynth.opensim_files.trc_header import MEND
from kinesynth.opensim_files.units import METRES_PER_UNIT

SUFFIXES = (".trc", ".c3d", ".npz")
RATES_HZ = (10.0, 1000.0)
C3D_TIMEOUT_SECONDS = 120.0
MOST_C3D_BYTES = 2_000_000_000
_C3D_BLOCK, _C3D_KEY = 512, 0x50
_DEC, _SGI = b"\x55", b"\x56"  # processor types; DEC writes floats of its own kind, SGI all the other way round
_UNNAMED = re.compile(r"\*\d*|U_\d+|uname\*?\d*|Unlabel\w*\d*|unlabeled.*|C_\d+", re.IGNORECASE)
_MODEL_OUTPUTS = ("ANGLES", "FORCES", "MOMENTS", "POWERS", "SCALARS", "REACTIONS", "MODELED_MARKERS")


def read_markers(path: Path) -> MarkerTrajectories:
    """Read a file's labelled markers, NaN where one was not seen; axes as in the file.

    A marker at the very origin was not seen: some programs write it so. Prefixes of labels ("subject:LASI") are cut;
    markers without a name, and what software computed from markers, are left out.

    Raises:
        BadInput: the file is missing, of another kind, damaged, without markers, or names one twice.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise BadInput(path, "file", f"suffix {path.suffix or 'none'}", " or ".join(SUFFIXES), "convert the file")
    if not path.is_file():
        raise BadInput(path, "file", "no such file", "a marker file", "check the path")
    reader = {".trc": read_trc, ".c3d": _read_c3d, ".npz": _read_npz}[path.suffix.lower()]
    return _cleaned(path, reader(path))


def _cleaned(path: Path, raw: MarkerTrajectories) -> MarkerTrajectories:
    low, high = RATES_HZ
    if not low <= raw.fps <= high:
        raise BadInput(path, "rate", f"{raw.fps:g}", f"{low:g} to {high:g} Hz", MEND)
    labels = [name.rsplit(":", 1)[-1].strip() for name in raw.names]
    named = [column for column, label in enumerate(labels) if label and not _UNNAMED.fullmatch(label)]
    kept = [labels[column] for column in named]
    if twice := sorted({label for label in kept if kept.count(label) > 1}):
        raise BadInput(
            path, "labels", f"{twice[0]} twice", "each marker once", "rename one of them, or keep one person"
        )
    positions = raw.positions[:, named].copy()
    positions[(positions == 0.0).all(axis=-1) | ~np.isfinite(positions).all(axis=-1)] = np.nan
    if not kept or np.isnan(positions).all():
        found = f"{len(raw.names)} markers, none of them both named and seen"
        raise BadInput(path, "markers", found, "labelled trajectories", "label and export them again")
    return MarkerTrajectories(tuple(kept), positions, raw.fps, raw.times)


def _read_c3d(path: Path) -> MarkerTrajectories:
    if find_spec("ezc3d") is None:
        raise MissingDependency("ezc3d", "pipeline")
    _check_c3d(path)
    try:
        # A process that has ezc3d loaded cannot use OpenSim: both bring SWIG types of the same names.
        parameters, points = isolated(
            _c3d_content, path.absolute(), timeout_seconds=C3D_TIMEOUT_SECONDS, log=Path(os.devnull)
        )
    except ClipRejected as error:
        found = f"unreadable data ({error.detail.removesuffix(f', see {os.devnull}')[:120]})"
        raise BadInput(path, "file", found, "a .c3d file", MEND) from error
    labels = parameters.get("LABELS", []) + parameters.get("LABELS2", [])
    computed = {label for group in _MODEL_OUTPUTS for label in parameters.get(group, [])}
    rate, unit = float((parameters.get("RATE") or [0.0])[0]), str((parameters.get("UNITS") or ["nothing"])[0])
    if unit.lower() not in METRES_PER_UNIT:
        raise BadInput(path, "POINT:UNITS", unit, " or ".join(METRES_PER_UNIT), MEND)
    if points.shape[2] == 0 or not rate > 0.0:
        raise BadInput(path, "points", f"{points.shape[2]} frames at {rate:g} Hz", "at least one", MEND)
    shown = [column for column, label in enumerate(labels[: points.shape[1]]) if label not in computed]
    positions = METRES_PER_UNIT[unit.lower()] * points[:3, shown].transpose(2, 1, 0)
    return MarkerTrajectories(tuple(labels[i] for i in shown), positions, rate, np.arange(len(positions)) / rate)


def _c3d_content(path: Path) -> tuple[dict[str, list[Any]], np.ndarray]:
    """Return the values of the group POINT, texts stripped, and the points (4, P, T). Runs in a process of its own."""
    import ezc3d

    try:
        content = ezc3d.c3d(str(path))
        points = np.asarray(content["data"]["points"], np.float64)
    except (OSError, ValueError, KeyError, IndexError, MemoryError) as error:
        raise RuntimeError(str(error)) from error
    values = {name: np.ravel(entry["value"]).tolist() for name, entry in content["parameters"]["POINT"].items()
              if "value" in entry}  # fmt: skip
    return {name: [_stripped(value) for value in entry] for name, entry in values.items()}, points


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _check_c3d(path: Path) -> None:
    """Hold a file against what its first block announces: ezc3d hands out what is there of it, or crashes."""
    size = path.stat().st_size
    if size > MOST_C3D_BYTES:
        raise BadInput(path, "file", f"{size / 1e9:.1f} GB", f"at most {MOST_C3D_BYTES / 1e9:.0f} GB", "cut the trial")
    with path.open("rb") as stream:
        header = stream.read(_C3D_BLOCK)
        if len(header) < _C3D_BLOCK or header[0] == 0 or header[1] != _C3D_KEY:
            raise BadInput(path, "file", "no .c3d header", "a .c3d file", MEND)
        stream.seek(_C3D_BLOCK * (header[0] - 1) + 3)
        processor = stream.read(1)
    order = ">" if processor == _SGI else "<"
    points, samples, first, last = struct.unpack_from(f"{order}4H", header, 2)
    (start,) = struct.unpack_from(f"{order}H", header, 16)
    scale, rate = (struct.unpack_from(f"{order}f", header, offset)[0] for offset in (12, 20))
    if processor != _DEC and not rate > 0.0:
        raise BadInput(path, "rate", f"{rate:g} Hz", "a positive number", MEND)
    width = 4 if processor != _DEC and scale < 0 else 2
    least = _C3D_BLOCK * (start - 1) + (last - first + 1) * (4 * points + samples) * width
    if size < least:
        found = f"{size} bytes, truncated"
        raise BadInput(path, "file", found, f"{least} bytes or more, as its header announces", MEND)


def _read_npz(path: Path) -> MarkerTrajectories:
    """Read the measured markers that some AMASS files keep."""
    mend = "name the motion with source amass, or a file that has kept its markers"
    with open_npz(path, "an AMASS .npz file with markers", mend) as keys:
        for positions, labels in (("marker_data", "marker_labels"), ("markers", "labels")):
            if positions in keys and labels in keys:
                rate = next((keys[name] for name in ("mocap_framerate", "mocap_frame_rate") if name in keys), np.nan)
                return _of_arrays(path, np.asarray(keys[positions]), keys[labels].ravel().tolist(), rate)
        raise BadInput(path, "marker_data", "no such key", "marker_data and marker_labels", mend)


def _of_arrays(path: Path, positions: np.ndarray, labels: Sequence[str | bytes], rate: Any) -> MarkerTrajectories:
    names = tuple(label.decode("ascii", "replace") if isinstance(label, bytes) else str(label) for label in labels)
    if positions.dtype.kind not in "fiu" or positions.shape[1:] != (len(names), 3) or not len(positions):
        expected = f"(T, {len(names)}, 3) numbers"
        raise BadInput(path, "marker_data", f"shape {positions.shape} of {positions.dtype}", expected, MEND)
    fps = float(np.ravel(rate)[0])
    if not fps > 0.0:
        raise BadInput(path, "mocap_framerate", f"{fps}", "the frame rate in Hz", MEND)
    return MarkerTrajectories(names, positions.astype(np.float64), fps, np.arange(len(positions)) / fps)
