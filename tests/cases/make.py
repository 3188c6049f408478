"""Write motions to files as laboratories, scripts and editors do, faults included."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from walk import Recorded

from c3d_writer import write_c3d
from kinesynth.amass import AmassFile

Cells = Mapping[str, str]
_UNIT_M = {"mm": 0.001, "cm": 0.01, "m": 1.0, "in": 0.0254}


def write_trc(
    path: Path,
    recorded: Recorded,
    *,
    times: np.ndarray | None = None,
    unit: str = "mm",
    header: Cells | None = None,
    digits: int = 5,
    missing: str = "",
    extra: Mapping[str, np.ndarray] | None = None,
) -> Path:
    """Write a .trc; `header` overrides its cells, `extra` are further points (T, 3) m, NaN is written as `missing`."""
    names = (*recorded.names, *(extra or {}))
    points = np.concatenate([recorded.markers, *(part[:, None] for part in (extra or {}).values())], axis=1)
    times = np.arange(len(points)) / recorded.fps if times is None else times
    rate, frames = f"{recorded.fps:.12g}", str(len(points))
    cells = {
        "DataRate": rate, "CameraRate": rate, "NumFrames": frames, "NumMarkers": str(len(names)), "Units": unit,
        "OrigDataRate": rate, "OrigDataStartFrame": "1", "OrigNumFrames": frames, **(header or {}),
    }  # fmt: skip
    lines = [f"PathFileType\t4\t(X/Y/Z)\t{path.name}", "\t".join(cells), "\t".join(cells.values())]
    lines += ["Frame#\tTime\t" + "\t\t\t".join(names) + "\t\t"]
    lines += ["\t\t" + "\t".join(f"{axis}{i + 1}" for i in range(len(names)) for axis in "XYZ"), ""]
    for number, (second, row) in enumerate(zip(times, points.reshape(len(points), -1) / _UNIT_M[unit], strict=True)):
        values = (missing if np.isnan(value) else f"{value:.4f}" for value in row)
        lines.append(f"{number + 1}\t{second:.{digits}f}\t" + "\t".join(values))
    path.write_text("\n".join(lines) + "\n")
    return path


def write_points(path: Path, recorded: Recorded, extra: Mapping[str, np.ndarray] | None = None, **options: Any) -> Path:
    """Write a .c3d, z up."""
    points = np.concatenate([recorded.markers, *(part[:, None] for part in (extra or {}).values())], axis=1)
    names = (*recorded.names, *(extra or {}))
    rate = options.pop("rate", recorded.fps)
    return write_c3d(path, names, positions=points[..., [2, 0, 1]], rate=rate, **options)


def write_npz(path: Path, file: AmassFile, **changes: Any) -> Path:
    """Write a SMPL+H file as AMASS has them; keywords add, replace or (None) remove keys."""
    poses = np.concatenate([file.root_orient, file.pose_body, file.left_hand, file.right_hand], axis=1)
    keys: dict[str, Any] = {"poses": poses, "trans": file.trans, "betas": np.pad(file.betas[:10], (0, 6)),
                            "gender": "neutral", "mocap_framerate": file.fps}  # fmt: skip
    keys.update(changes)
    np.savez(path, **{name: value for name, value in keys.items() if value is not None})
    return path


def write_mot(
    path: Path, columns: Mapping[str, np.ndarray], *, times: np.ndarray, header: Sequence[str] | None = None
) -> Path:
    """Write a .mot whose values stand as they are given; `header` replaces the lines before endheader."""
    if header is None:
        header = ["Coordinates", "version=1", f"nRows={len(times)}", f"nColumns={len(columns) + 1}", "inDegrees=yes"]
    lines = [*header, "endheader", "\t".join(["time", *columns])]
    table = np.column_stack([times, *columns.values()])
    lines += ["\t".join(f"{value:.8f}" for value in row) for row in table]
    path.write_text("\n".join(lines) + "\n")
    return path


def relabelled(recorded: Recorded, labels: Mapping[str, str]) -> Recorded:
    """Return a recording whose markers bear other labels."""
    return replace(recorded, names=tuple(labels.get(name, name) for name in recorded.names))


def exchanged(recorded: Recorded, *names: str) -> Recorded:
    """Return a recording in which a left and a right marker bear each other's labels, for each name without a side."""
    pairs = {f"{one}{name}": f"{other}{name}" for name in names for one, other in ("LR", "RL")}
    return relabelled(recorded, pairs)


def moved(recorded: Recorded, **paths: np.ndarray) -> Recorded:
    """Return a recording in which some markers take other paths (T, 3)."""
    markers = recorded.markers.copy()
    for name, path in paths.items():
        markers[:, recorded.names.index(name)] = path
    return replace(recorded, markers=markers)


def frames(recorded: Recorded, chosen: np.ndarray | slice, fps: float | None = None) -> Recorded:
    """Return some frames of a recording."""
    return replace(recorded, markers=recorded.markers[chosen], joints=recorded.joints[chosen], fps=fps or recorded.fps)
